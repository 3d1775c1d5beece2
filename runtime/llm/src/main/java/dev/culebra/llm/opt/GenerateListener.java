package dev.culebra.llm.opt;

/** Hears of each new token as soon as it is known. Called by the thread that generates, which waits for it. */
@FunctionalInterface
public interface GenerateListener {
    /** Hears nothing and stops nothing. */
    GenerateListener NONE = (sequence, id, text) -> true;

    /**
     * A new token. Stop tokens are told like any other.
     *
     * @param sequence which prompt of a batch it continues, from 0
     * @param id the token
     * @param text what of the text became certain with it, maybe empty: a character of several bytes appears with its last
     *        one; null where the model has no tokenizer
     * @return false to end this sequence; others go on
     */
    boolean token(int sequence, int id, String text);

    /**
     * A sequence has ended.
     *
     * @param sequence which prompt of a batch it continues, from 0
     * @param rest what was held back because it might have become part of a character, nearly always empty; null where the
     *        model has no tokenizer
     * @param reason why it ended
     */
    default void finished(int sequence, String rest, StopReason reason) {}
}
