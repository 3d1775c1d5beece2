package dev.culebra.llm.tokenizer;

/**
 * Ids to text as they come, without half characters: text that a later id can still change is held back. What all calls of
 * {@link #push} and the last one of {@link #finish} give, one after the other, is what {@link Tokenizer#decode} gives for all ids at once.
 * One thread's.
 */
public final class TextStream {
    TextStream() {}

    /**
     * Takes one more id.
     *
     * @param id from 0 to {@link Tokenizer#size()} - 1
     * @return the text that became certain, maybe none
     * @throws IllegalArgumentException where the tokenizer has no such id; the stream goes on as if it had not been pushed
     */
    public String push(int id) { throw new UnsupportedOperationException(); }

    /**
     * Ends the text; the stream is as new after it.
     *
     * @return what was held back: a character that never became whole shows as U+FFFD
     */
    public String finish() { throw new UnsupportedOperationException(); }
}
