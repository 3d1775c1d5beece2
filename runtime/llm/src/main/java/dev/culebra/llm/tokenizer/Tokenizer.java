package dev.culebra.llm.tokenizer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Text to token ids and back: byte-level BPE as Hugging Face's tokenizer for OPT does it, id for id. Immutable; any number of threads may
 * share one.
 */
public final class Tokenizer {
    private Tokenizer() {}

    /**
     * The tokenizer of a model's folder: {@code tokenizer.json} where there is one, else {@code vocab.json} with {@code merges.txt}; either
     * with {@code tokenizer_config.json} where there is one.
     *
     * @param folder a model's folder
     * @return the tokenizer; none where the folder has neither kind of file
     * @throws TokenizerException where a file is malformed, contradicts itself or another, or asks for what Culebra does not do
     * @throws IOException where a file can not be read
     */
    public static Optional<Tokenizer> find(Path folder) throws IOException {
        throw new UnsupportedOperationException();
    }

    /**
     * A tokenizer from memory.
     *
     * @param tokenizerJson what a file {@code tokenizer.json} holds
     * @param tokenizerConfig what the {@code tokenizer_config.json} beside it holds; null where there is none
     * @return the tokenizer
     * @throws TokenizerException as {@link #find} does
     */
    public static Tokenizer of(byte[] tokenizerJson, byte[] tokenizerConfig) throws TokenizerException {
        throw new UnsupportedOperationException();
    }

    /**
     * How many ids there are, special ones included: 0 to size - 1. A model may have more rows (padding), never fewer.
     *
     * @return the number of ids
     */
    public int size() { throw new UnsupportedOperationException(); }

    /**
     * Text to ids, with the BOS token first where the tokenizer's files ask for it.
     *
     * @param text any text; half a surrogate pair counts as U+FFFD
     * @return the ids
     * @throws IllegalArgumentException where the vocabulary has no token for a byte of the text and no unknown token either
     */
    public int[] encode(String text) { throw new UnsupportedOperationException(); }

    /**
     * Text to ids.
     *
     * @param text any text; half a surrogate pair counts as U+FFFD
     * @param bos whether BOS comes first where the tokenizer's files ask for it; false: the text's own ids alone
     * @return the ids
     * @throws IllegalArgumentException where the vocabulary has no token for a byte of the text and no unknown token either
     */
    public int[] encode(String text, boolean bos) { throw new UnsupportedOperationException(); }

    /**
     * Ids to text, special tokens shown. Bytes that are no UTF-8 become U+FFFD, one for each longest start of a character, as Python and
     * browsers do.
     *
     * @param ids from 0 to {@link #size()} - 1
     * @return the text
     * @throws IllegalArgumentException where the tokenizer has no such id
     */
    public String decode(int... ids) { throw new UnsupportedOperationException(); }

    /**
     * For text that is shown while its ids come.
     *
     * @return a new stream, one thread's
     */
    public TextStream newStream() { throw new UnsupportedOperationException(); }

    /**
     * Whether an id is a special token, such as {@code </s>}.
     *
     * @param id an id
     * @return whether the tokenizer's files call it special
     * @throws IllegalArgumentException where the tokenizer has no such id
     */
    public boolean isSpecial(int id) { throw new UnsupportedOperationException(); }

    /**
     * A token's id.
     *
     * @param token as the vocabulary spells it: a space is {@code \u0120}
     * @return its id, none where there is no such token
     */
    public OptionalInt id(String token) { throw new UnsupportedOperationException(); }

    /**
     * An id's token.
     *
     * @param id from 0 to {@link #size()} - 1
     * @return the token as the vocabulary spells it: a space is {@code \u0120}
     * @throws IllegalArgumentException where the tokenizer has no such id
     */
    public String token(int id) { throw new UnsupportedOperationException(); }
}
