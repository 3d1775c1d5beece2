package dev.culebra.llm.opt;

import dev.culebra.llm.tokenizer.TextStream;
import dev.culebra.llm.tokenizer.Tokenizer;

import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** One prompt while it is continued: its tokens, its cache, how it ends. */
final class Sequence {
    private final int index;
    private final int promptTokens;
    private final GenerateOptions options;
    private final GenerateListener listener;
    private final Tokenizer tokenizer; // null where there is none
    private final TextStream text; // null like it
    private final int bos;
    private final SplittableRandom random;
    private final int most; // tokens, prompt and new
    private final int positions;
    private int[] ids;
    private int length;
    private StopReason stopReason;
    private long ended;

    KvCache cache;

    Sequence(int index, int[] prompt, OptModel model, GenerateOptions options, GenerateListener listener) {
        this.index = index;
        this.options = options;
        this.listener = listener;
        promptTokens = prompt.length;
        positions = model.config().positions();
        most = (int) Math.min(positions, (long) promptTokens + options.maxNewTokens());
        ids = Arrays.copyOf(prompt, most);
        length = promptTokens;
        random = Sampler.random(options.seed(), index);
        tokenizer = model.tokenizer().orElse(null);
        text = tokenizer == null ? null : tokenizer.newStream();
        // a prompt may end within a character, which the first new token then completes
        for (int id : prompt) push(id);
        bos = model.config().bos();
        if (length == positions) end(StopReason.POSITIONS);
    }

    int promptTokens() { return promptTokens; }

    int length() { return length; }

    int newTokens() { return length - promptTokens; }

    /** The longest that it may become. */
    int most() { return most; }

    int[] ids() { return ids; }

    int last() { return ids[length - 1]; }

    boolean live() { return stopReason == null; }

    /** Takes the token that follows, tells of it, and may end. */
    void next(Sampler sampler, float[] logits, int at, int vocabulary) {
        int id = sampler.next(options, random, logits, at, vocabulary);
        ids[length++] = id;
        boolean more = listener.token(index, id, push(id));
        if (!more) end(StopReason.LISTENER);
        else if (options.stopTokens().contains(id)) end(StopReason.STOP_TOKEN);
        else if (newTokens() == options.maxNewTokens()) end(StopReason.MAX_NEW_TOKENS);
        else if (length == positions) end(StopReason.POSITIONS);
    }

    private void end(StopReason reason) {
        stopReason = reason;
        ended = System.nanoTime();
        listener.finished(index, text == null ? null : text.finish(), reason);
    }

    private String push(int id) { return text == null ? null : isText(id) ? text.push(id) : ""; }

    /** A vocabulary may be padded with ids that the tokenizer does not know: they are no text. */
    private boolean isText(int id) {
        return id < tokenizer.size();
    }

    /** When it has ended. */
    Generation result(long started, long prefilled) {
        var all = IntStream.of(ids).limit(length).boxed().toList();
        return new Generation(all, promptTokens, tokenizer == null ? null : text(), stopReason,
                Duration.ofNanos(prefilled - started), Duration.ofNanos(Math.max(0, ended - prefilled)));
    }

    private String text() {
        return tokenizer.decode(IntStream.range(ids[0] == bos ? 1 : 0, length).map(i -> ids[i]).filter(this::isText)
                .toArray());
    }
}
