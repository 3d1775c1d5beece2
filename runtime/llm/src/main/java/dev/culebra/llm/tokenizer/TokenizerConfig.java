package dev.culebra.llm.tokenizer;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

import static dev.culebra.llm.tokenizer.TokenizerException.quoted;

/**
 * What {@code tokenizer_config.json}, {@code special_tokens_map.json} and {@code added_tokens.json} say: which tokens are special, and what
 * goes around a text. The latter two are transformers' older form: they count where the first has no {@code added_tokens_decoder}.
 */
final class TokenizerConfig {
    static final String FILE = "tokenizer_config.json";
    static final String MAP_FILE = "special_tokens_map.json";
    static final String ADDED_FILE = "added_tokens.json";

    /** What GPT2Tokenizer takes for these where nothing is said; a vocabulary without it has none of them. */
    private static final String DEFAULT = "<|endoftext|>";
    /** The order in which transformers adds those that it knows. */
    private static final List<String> ORDER = List.of("bos_token", "eos_token", "unk_token", "sep_token", "pad_token",
            "cls_token", "mask_token");
    private static final List<String> DEFAULTED = List.of("bos_token", "eos_token", "unk_token");
    private static final List<String> LISTS = List.of("additional_special_tokens", "extra_special_tokens");

    private final JsonPart config;
    /** Every "..._token" that is named; null is a name too: of no token. */
    private final Map<String, JsonPart> named = new LinkedHashMap<>();
    private final List<JsonPart> extra = new ArrayList<>();
    private final Map<Integer, JsonPart> decoder = new TreeMap<>();
    /** Of the older form: ids by text. */
    private final Map<Integer, Map.Entry<String, JsonPart>> olderAdded = new TreeMap<>();

    /** Each of the parts may be one without keys. */
    TokenizerConfig(JsonPart config, JsonPart specialTokensMap, JsonPart addedTokens) throws TokenizerException {
        this.config = config;
        refuseUnknown();
        readNames(config);
        var tokens = config.get("added_tokens_decoder");
        if (tokens.isPresent()) {
            for (var token : tokens.fields().entrySet()) decoder.put(parseId(tokens, token.getKey()), token.getValue());
            return;
        }
        readNames(specialTokensMap);
        for (var token : addedTokens.fields().entrySet()) {
            var twin = olderAdded.put(token.getValue().id(), Map.entry(token.getKey(), token.getValue()));
            if (twin != null) throw token.getValue().refuse("has the id of " + quoted(twin.getKey()));
        }
    }

    private void refuseUnknown() throws TokenizerException {
        var errors = config.get("errors");
        if (errors.isPresent() && !errors.text().equals("replace")) {
            throw errors.refuse("Culebra decodes with 'replace' only, not " + errors.shown());
        }
        var whole = config.get("split_special_tokens");
        if (whole.flag(false)) throw whole.refuse("Culebra keeps special tokens whole; true is not done");
    }

    private void readNames(JsonPart part) throws TokenizerException {
        for (var key : part.fields().keySet()) {
            var value = part.get(key);
            if (LISTS.contains(key) && value.isPresent()) {
                extra.addAll(value.isObject() ? value.fields().values() : value.items());
            } else if (key.endsWith("_token") && !key.startsWith("add_")) {
                named.put(key, value);
            }
        }
    }

    private static int parseId(JsonPart part, String key) throws TokenizerException {
        try {
            int id = Integer.parseInt(key);
            if (id >= 0) return id;
        } catch (NumberFormatException e) {
            // refused below
        }
        throw part.refuse("its keys are ids from 0 to 2147483647, not " + quoted(key));
    }

    /** The texts of all that is named. */
    private Set<String> specialTexts() throws TokenizerException {
        var texts = new HashSet<String>();
        for (var part : named.values()) {
            if (part.isPresent()) texts.add(SpecialToken.parse(part).content());
        }
        for (var part : extra) texts.add(SpecialToken.parse(part).content());
        return texts;
    }

    /** Adds what is said here to what the vocabulary has. */
    void addTo(Vocabulary vocabulary) throws TokenizerException {
        for (var token : decoder.entrySet()) {
            vocabulary.add(token.getValue(), SpecialToken.parseAdded(token.getValue(), token.getKey()));
        }
        var special = specialTexts();
        for (var token : olderAdded.entrySet()) {
            var part = token.getValue().getValue();
            if (token.getValue().getKey().isEmpty()) throw part.refuse("a token needs a text, and this one's is empty");
            var text = Vocabulary.wellFormed(part, token.getValue().getKey());
            boolean isSpecial = special.contains(text);
            vocabulary.add(part, new AddedToken(text, token.getKey(), false, false, false, !isSpecial, isSpecial));
        }
        for (var key : ORDER) {
            var part = named.get(key);
            if (part != null && part.isPresent()) vocabulary.name(part, SpecialToken.parse(part));
        }
        for (var part : named.entrySet()) {
            if (part.getValue().isPresent() && !ORDER.contains(part.getKey())) {
                vocabulary.name(part.getValue(), SpecialToken.parse(part.getValue()));
            }
        }
        for (var part : extra) vocabulary.name(part, SpecialToken.parse(part));
        for (var key : DEFAULTED) {
            if (!named.containsKey(key) && vocabulary.id(DEFAULT) != null) {
                vocabulary.name(config.get(key), new SpecialToken(DEFAULT, false, false, false, false));
            }
        }
    }

    /** The id of "bos_token" or "eos_token", after {@link #addTo}; null where there is none. */
    Integer id(Vocabulary vocabulary, String key) throws TokenizerException {
        var part = named.get(key);
        if (part == null) return vocabulary.id(DEFAULT);
        return part.isPresent() ? vocabulary.id(SpecialToken.parse(part).content()) : null;
    }

    /** What goes around a text where no post-processor says it: "add_bos_token" with "bos_token", and so for eos. */
    int[] around(Vocabulary vocabulary, String end) throws TokenizerException {
        var add = config.get("add_" + end + "_token");
        if (!add.flag(false)) return new int[0];
        var id = id(vocabulary, end + "_token");
        if (id == null) throw add.refuse("true, but there is no " + end + "_token");
        return new int[]{id};
    }

    Optional<Boolean> prefixSpace() throws TokenizerException {
        var prefix = config.get("add_prefix_space");
        return prefix.isPresent() ? Optional.of(prefix.flag(false)) : Optional.empty();
    }

    /** Refuses vocab.json with merges.txt of another kind than GPT-2's, such as Roberta's: their ends of text differ. */
    void checkClass() throws TokenizerException {
        var kind = config.get("tokenizer_class");
        if (kind.isPresent() && !List.of("GPT2Tokenizer", "GPT2TokenizerFast").contains(kind.text())) {
            throw kind.refuse("vocab.json with merges.txt are read as GPT2Tokenizer's, not as those of " + kind.shown()
                    + "; a tokenizer.json says what they mean");
        }
    }
}
