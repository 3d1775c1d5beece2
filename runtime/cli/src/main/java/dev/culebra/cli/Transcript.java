package dev.culebra.cli;

import dev.culebra.llm.opt.GenerateListener;
import dev.culebra.llm.tokenizer.TextStream;
import dev.culebra.llm.tokenizer.Tokenizer;

import java.io.PrintStream;
import java.util.Optional;

/** One text on its way to standard output, token by token; ids with commas between where there is no tokenizer. */
final class Transcript implements GenerateListener {
    private final PrintStream out;
    private final Tokenizer tokenizer; // null where there is none
    private final TextStream stream;
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
        if (stream != null) out.print(stream.finish());
        out.println();
        out.flush();
    }

    private void print(int id) {
        if (tokenizer == null) out.print((begun ? "," : "") + id);
        // A vocabulary may be padded with ids that are no text.
        else if (id < tokenizer.size()) out.print(stream.push(id));
        begun = true;
    }
}
