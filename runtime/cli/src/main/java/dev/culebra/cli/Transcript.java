package dev.culebra.cli;

import dev.culebra.llm.opt.GenerateListener;
import dev.culebra.llm.tokenizer.TextStream;
import dev.culebra.llm.tokenizer.Tokenizer;

import java.io.PrintStream;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One text on its way to standard output, token by token; ids with commas between where there is no tokenizer. A model may write
 * anything, and what it writes is nobody's command: on a terminal, control characters, which could move its cursor, rename its
 * window or fill the clipboard, show as U+FFFD. Elsewhere every byte is the text's.
 */
final class Transcript implements GenerateListener {
    /** Set by the launcher where standard output is a terminal. */
    static final String TERMINAL = "culebra.terminal.output";

    private static final Pattern CONTROL = Pattern.compile("[\\p{Cc}&&[^\n\t]]");

    private final PrintStream out;
    private final Tokenizer tokenizer; // null where there is none
    private final TextStream stream;
    private final boolean terminal = Boolean.getBoolean(TERMINAL);
    private boolean begun;

    Transcript(Console console, Optional<Tokenizer> tokenizer) {
        this.out = console.out();
        this.tokenizer = tokenizer.orElse(null);
        this.stream = tokenizer.map(Tokenizer::newStream).orElse(null);
    }

    /** The prompt, but for a begin-of-text token before it. */
    void prompt(int[] ids, int bos) {
        for (int i = 0; i < ids.length; i++) {
            if (tokenizer == null || i > 0 || ids[i] != bos) print(ids[i]);
        }
        out.flush();
    }

    @Override
    public boolean token(int sequence, int id, String text) {
        print(id);
        // Who closed the other end wants no more; this also flushes.
        return !out.checkError();
    }

    /** What was held back, as it might have become something else, and the end of the line. */
    void finish() {
        if (stream != null) print(stream.finish());
        out.println();
        out.flush();
    }

    private void print(int id) {
        if (tokenizer == null) out.print((begun ? "," : "") + id);
        // A vocabulary may be padded with ids that are no text.
        else if (id < tokenizer.size()) print(stream.push(id));
        begun = true;
    }

    private void print(String text) { out.print(terminal ? CONTROL.matcher(text).replaceAll("\ufffd") : text); }
}
