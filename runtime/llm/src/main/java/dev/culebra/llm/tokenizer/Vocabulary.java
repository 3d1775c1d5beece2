package dev.culebra.llm.tokenizer;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import static dev.culebra.llm.tokenizer.TokenizerException.quoted;

/**
 * A model's tokens and those added to them, as the files give them one after the other. Ids have no holes: the model's are 0 to n - 1, and what
 * is added beyond them counts on from n.
 */
final class Vocabulary {
    /** How many missing ids a message names. */
    private static final int SHOWN = 5;

    private final Map<String, Integer> model;
    private final Map<String, AddedToken> added = new LinkedHashMap<>();
    /** Those of the added ones that no list has: they are added because a file names them. */
    private final Set<String> named = new HashSet<>();
    private int next;

    private Vocabulary(Map<String, Integer> model) {
        this.model = model;
        next = model.size();
    }

    /** Reads an object of ids by token. */
    static Vocabulary parse(JsonPart part) throws TokenizerException {
        var ids = new LinkedHashMap<String, Integer>();
        for (var field : part.fields().entrySet()) ids.put(wellFormed(part, field.getKey()), field.getValue().id());
        if (ids.isEmpty()) throw part.refuse("a vocabulary needs tokens, and this one has none");
        checkIds(part, ids);
        return new Vocabulary(ids);
    }

    private static void checkIds(JsonPart part, Map<String, Integer> ids) throws TokenizerException {
        int highest = ids.values().stream().mapToInt(i -> i).max().orElseThrow();
        var byId = new String[ids.size()];
        var seen = new BitSet(ids.size());
        for (var token : ids.entrySet()) {
            int id = token.getValue();
            if (id >= byId.length) continue; // then there is a hole below
            if (byId[id] != null) {
                throw part.refuse("id " + id + " belongs to two tokens, " + quoted(byId[id]) + " and "
                        + quoted(token.getKey()));
            }
            byId[id] = token.getKey();
            seen.set(id);
        }
        if (seen.cardinality() == byId.length) return;
        var missing = new ArrayList<String>();
        for (int id = seen.nextClearBit(0); id < byId.length
                && missing.size() < SHOWN; id = seen.nextClearBit(id + 1)) {
            missing.add(String.valueOf(id));
        }
        long count = highest + 1L - ids.values().stream().distinct().count();
        throw part.refuse("the vocabulary has holes: " + count + " of the ids from 0 to " + highest
                + " have no token: " + String.join(", ", missing) + (count > missing.size() ? ", ..." : ""));
    }

    /** Takes an added token of a file; a later one of the same text overrules its flags. */
    void add(JsonPart part, AddedToken token) throws TokenizerException {
        var known = id(token.content());
        if (known == null && token.id() != next) {
            throw part.refuse("added token " + quoted(token.content()) + " has id " + token.id()
                    + ", but the next free id is " + next);
        }
        if (known != null && known != token.id()) {
            throw part.refuse("added token " + quoted(token.content()) + " has id " + token.id()
                    + ", but elsewhere its id is " + known);
        }
        if (known == null) next++;
        added.put(token.content(), token);
    }

    /**
     * Makes a token special that a file calls so by its text ("bos_token": ...). What a list of added tokens says of it stays; of several names
     * for it, as bos and eos, the last says how it is found.
     */
    void name(JsonPart part, SpecialToken token) throws TokenizerException {
        var known = id(token.content());
        if (known == null) {
            throw part
                    .refuse(quoted(token.content()) + " has no id: it is neither in the vocabulary nor an added token");
        }
        var listed = named.contains(token.content()) ? null : added.get(token.content());
        if (listed == null) named.add(token.content());
        added.put(token.content(), listed == null ? token.withId(known) : listed.asSpecial());
    }

    /** A token's id; null where there is none. */
    Integer id(String token) {
        var addedToken = added.get(token);
        return addedToken != null ? Integer.valueOf(addedToken.id()) : model.get(token);
    }

    int size() { return next; }

    Map<String, Integer> model() { return model; }

    Collection<AddedToken> added() { return added.values(); }

    /** All tokens by id. */
    List<String> tokens() {
        var tokens = new String[next];
        model.forEach((token, id) -> tokens[id] = token);
        for (var token : added.values()) tokens[token.id()] = token.content();
        return List.of(tokens);
    }

    static String wellFormed(JsonPart part, String token) throws TokenizerException {
        for (int i = 0; i < token.length(); i++) {
            if (!Character.isSurrogate(token.charAt(i))) continue;
            if (!Character.isSurrogatePair(token.charAt(i), i + 1 < token.length() ? token.charAt(i + 1) : 0)) {
                throw part.refuse("token " + quoted(token) + " has half a surrogate pair");
            }
            i++;
        }
        return token;
    }
}
