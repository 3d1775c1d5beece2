package dev.culebra.llm.tokenizer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Text to token ids and back: byte-level BPE as Hugging Face's tokenizer for OPT does it, id for id. Immutable; any number of threads may
 * share one.
 */
public final class Tokenizer {
    /** Largest file that is read: the largest vocabularies of today (250,000 tokens) take some 20 MB. */
    private static final long LARGEST_FILE = 256L << 20;

    private final Vocabulary vocabulary;
    private final List<String> tokens;
    /** By id: what it adds to a text. */
    private final byte[][] bytes;
    private final BitSet special = new BitSet();
    private final Bpe bpe;
    /** Looked for first, in the whole text. */
    private final AddedTokens first;
    /** Looked for in what the first ones left. */
    private final AddedTokens second;
    private final boolean prefixSpace;
    private final boolean pattern;
    private final int[] before;
    private final int[] after;

    private Tokenizer(TokenizerParts parts) throws TokenizerException {
        vocabulary = parts.vocabulary();
        tokens = vocabulary.tokens();
        bytes = tokens.stream().map(ByteLevel::bytes).toArray(byte[][]::new);
        for (var token : vocabulary.added()) special.set(token.id(), token.special());
        bpe = new Bpe(parts);
        first = new AddedTokens(vocabulary.added().stream().filter(token -> !token.normalized()).toList());
        second = new AddedTokens(vocabulary.added().stream().filter(AddedToken::normalized).toList());
        prefixSpace = parts.prefixSpace();
        pattern = parts.pattern();
        before = parts.before();
        after = parts.after();
    }

    /**
     * The tokenizer of a model's folder: {@code tokenizer.json} where there is one, else {@code vocab.json} with {@code merges.txt}. Either
     * is read with {@code tokenizer_config.json}, {@code special_tokens_map.json} and {@code added_tokens.json} where they are there. As
     * in transformers 5, what goes around a text is up to the post-processor of {@code tokenizer.json}, and to {@code add_bos_token} and
     * {@code add_eos_token} where there is no such file; {@code add_prefix_space} is up to the configuration, where it says it.
     *
     * @param folder a model's folder
     * @return the tokenizer; none where the folder has neither kind of file
     * @throws TokenizerException where a file is malformed, contradicts itself or another, or asks for what Culebra does not do
     * @throws IOException where a file can not be read
     */
    public static Optional<Tokenizer> find(Path folder) throws IOException {
        var vocabulary = folder.resolve(VocabFiles.VOCABULARY);
        var merges = folder.resolve(VocabFiles.MERGES);
        if (Files.exists(folder.resolve(TokenizerJson.FILE))) {
            return Optional.of(new Tokenizer(
                    TokenizerJson.read(json(folder, TokenizerJson.FILE), config(folder))));
        }
        if (!Files.exists(vocabulary) && !Files.exists(merges)) return Optional.empty();
        for (var file : List.of(vocabulary, merges)) {
            if (!Files.exists(file)) {
                throw new TokenizerException(file, "is missing: vocab.json and merges.txt make a tokenizer together");
            }
        }
        return Optional.of(new Tokenizer(
                VocabFiles.read(vocabulary, read(vocabulary), merges, read(merges), config(folder))));
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
        var folder = Path.of("");
        var config = folder.resolve(TokenizerConfig.FILE);
        return new Tokenizer(TokenizerJson.read(JsonPart.parse(folder.resolve(TokenizerJson.FILE), tokenizerJson),
                new TokenizerConfig(
                        tokenizerConfig == null ? JsonPart.none(config) : JsonPart.parse(config, tokenizerConfig),
                        JsonPart.none(folder), JsonPart.none(folder))));
    }

    private static TokenizerConfig config(Path folder) throws IOException {
        return new TokenizerConfig(json(folder, TokenizerConfig.FILE), json(folder, TokenizerConfig.MAP_FILE),
                json(folder, TokenizerConfig.ADDED_FILE));
    }

    private static JsonPart json(Path folder, String name) throws IOException {
        var file = folder.resolve(name);
        return Files.exists(file) ? JsonPart.parse(file, read(file)) : JsonPart.none(file);
    }

    private static byte[] read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) throw new TokenizerException(file, "is not a regular file");
        long size = Files.size(file);
        if (size > LARGEST_FILE) {
            throw new TokenizerException(file,
                    "has " + size + " bytes, and a tokenizer's file at most " + LARGEST_FILE);
        }
        return Files.readAllBytes(file);
    }

    /**
     * How many ids there are, special ones included: 0 to size - 1. A model may have more rows (padding), never fewer.
     *
     * @return the number of ids
     */
    public int size() { return bytes.length; }

    /**
     * Text to ids, with what the tokenizer's files put around a text: for OPT, BOS before it.
     *
     * @param text any text; half a surrogate pair counts as U+FFFD
     * @return the ids; a byte that the vocabulary has no token for becomes the model's unknown token, and is left out where there is none
     */
    public int[] encode(String text) { return encode(text, true); }

    /**
     * Text to ids.
     *
     * @param text any text; half a surrogate pair counts as U+FFFD
     * @param bos whether what the tokenizer's files put around a text is put there: for OPT, BOS before it; false: the text's own ids alone
     * @return the ids; a byte that the vocabulary has no token for becomes the model's unknown token, and is left out where there is none
     */
    public int[] encode(String text, boolean bos) {
        var ids = new IntList();
        if (bos) ids.addAll(before);
        var whole = wellFormed(text);
        first.split(whole, 0, whole.length(), ids::add,
                (from, to) -> second.split(whole, from, to, ids::add, (a, b) -> encodePlain(whole, a, b, ids)));
        if (bos) ids.addAll(after);
        return ids.toArray();
    }

    /** A range without added tokens, of one char or more. */
    private void encodePlain(String text, int from, int to, IntList ids) {
        if (prefixSpace && text.charAt(from) != ' ') {
            split(" " + text.substring(from, to), 0, to - from + 1, ids);
        } else {
            split(text, from, to, ids);
        }
    }

    private void split(String text, int from, int to, IntList ids) {
        if (pattern) {
            Pieces.split(text, from, to, (a, b) -> bpe.encode(text, a, b, ids));
        } else {
            bpe.encode(text, from, to, ids);
        }
    }

    /** The text as an encoder to UTF-8 sees it. */
    private static String wellFormed(String text) {
        StringBuilder mended = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!Character.isSurrogate(c)) continue;
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
                continue;
            }
            if (mended == null) mended = new StringBuilder(text);
            mended.setCharAt(i, '\uFFFD');
        }
        return mended == null ? text : mended.toString();
    }

    /**
     * Ids to text, special tokens shown. Bytes that are no UTF-8 become U+FFFD, one for each longest start of a character, as in Python and in
     * browsers.
     *
     * @param ids from 0 to {@link #size()} - 1
     * @return the text
     * @throws IllegalArgumentException where the tokenizer has no such id
     */
    public String decode(int... ids) {
        var text = new StringBuilder();
        var utf8 = new Utf8Stream();
        for (int id : ids) utf8.push(bytes(id), text);
        utf8.finish(text);
        return text.toString();
    }

    /**
     * For text that is shown while its ids come.
     *
     * @return a new stream, one thread's
     */
    public TextStream newStream() { return new TextStream(this); }

    /**
     * Whether an id is a special token, such as {@code </s>}.
     *
     * @param id from 0 to {@link #size()} - 1
     * @return whether the tokenizer's files call it special
     * @throws IllegalArgumentException where the tokenizer has no such id
     */
    public boolean isSpecial(int id) { return special.get(checked(id)); }

    /**
     * A token's id.
     *
     * @param token as the vocabulary spells it: a space is {@code \u0120}
     * @return its id, none where there is no such token
     */
    public OptionalInt id(String token) {
        var id = vocabulary.id(token);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /**
     * An id's token.
     *
     * @param id from 0 to {@link #size()} - 1
     * @return the token as the vocabulary spells it: a space is {@code \u0120}
     * @throws IllegalArgumentException where the tokenizer has no such id
     */
    public String token(int id) { return tokens.get(checked(id)); }

    /** What an id adds to a text; not to be written to. */
    byte[] bytes(int id) { return bytes[checked(id)]; }

    private int checked(int id) {
        if (id < 0 || id >= bytes.length) {
            throw new IllegalArgumentException(
                    "the tokenizer has no id " + id + ": ids are 0 to " + (bytes.length - 1));
        }
        return id;
    }
}
