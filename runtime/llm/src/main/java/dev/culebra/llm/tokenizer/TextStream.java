package dev.culebra.llm.tokenizer;

/**
 * Ids to text as they come, without half characters: text that a later id can still change is held back. What all calls of
 * {@link #push} and the last one of {@link #finish} give, one after the other, is what {@link Tokenizer#decode} gives for all ids at once.
 * One thread's.
 */
public final class TextStream {
    private final Tokenizer tokenizer;
    private final Utf8Stream utf8 = new Utf8Stream();

    TextStream(Tokenizer tokenizer) { this.tokenizer = tokenizer; }

    /**
     * Takes one more id.
     *
     * @param id from 0 to {@link Tokenizer#size()} - 1
     * @return the text that became certain, maybe none
     * @throws IllegalArgumentException where the tokenizer has no such id; the stream goes on as if it had not been pushed
     */
    public String push(int id) {
        var text = new StringBuilder();
        utf8.push(tokenizer.bytes(id), text);
        return text.toString();
    }

    /**
     * Ends the text; the stream is as new after it.
     *
     * @return what was held back: a character that never became whole shows as U+FFFD
     */
    public String finish() {
        var text = new StringBuilder();
        utf8.finish(text);
        return text.toString();
    }
}
