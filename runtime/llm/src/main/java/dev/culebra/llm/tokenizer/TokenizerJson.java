package dev.culebra.llm.tokenizer;

import java.util.ArrayList;
import java.util.List;

/** {@code tokenizer.json}, as the {@code tokenizers} library writes it. What is not byte-level BPE is refused by name. */
final class TokenizerJson {
    static final String FILE = "tokenizer.json";
    private static final String BYTE_LEVEL = "ByteLevel";

    private final JsonPart root;
    private final Vocabulary vocabulary;
    private final IntList before = new IntList();
    private final IntList after = new IntList();
    private boolean templated;

    private TokenizerJson(JsonPart root) throws TokenizerException {
        this.root = root;
        vocabulary = Vocabulary.parse(root.get("model").get("vocab"));
    }

    /** "truncation" and "padding" are for a caller's batches: as in transformers, they change nothing where nobody asks for them. */
    static TokenizerParts read(JsonPart root, TokenizerConfig config) throws TokenizerException {
        checkModel(root.get("model"));
        var json = new TokenizerJson(root);
        var added = root.get("added_tokens");
        if (added.isPresent()) {
            for (var token : added.items()) {
                json.vocabulary.add(token, SpecialToken.parseAdded(token, token.get("id").id()));
            }
        }
        config.addTo(json.vocabulary);
        var normalizer = root.get("normalizer");
        if (normalizer.isPresent()) throw refuse(normalizer, "normalizer", "none");
        var split = byteLevel(root.get("pre_tokenizer"), "pre_tokenizer");
        byteLevel(root.get("decoder"), "decoder");
        if (root.get("post_processor").isPresent()) json.around(root.get("post_processor"));
        var model = root.get("model");
        return new TokenizerParts(root.file(), json.vocabulary, merges(model.get("merges")),
                model.get("unk_token").isPresent() ? model.get("unk_token").text() : null,
                model.get("fuse_unk").flag(false), model.get("ignore_merges").flag(false),
                config.prefixSpace().orElse(split.get("add_prefix_space").flag(true)),
                split.get("use_regex").flag(true), json.before.toArray(), json.after.toArray());
    }

    private static void checkModel(JsonPart model) throws TokenizerException {
        // Files of old versions have no type.
        if (model.get("type").isPresent() && !model.get("type").text().equals("BPE")
                || !model.get("merges").isPresent()) {
            throw refuse(model, "model", "BPE");
        }
        var dropout = model.get("dropout");
        if (dropout.isPresent() && !(dropout.node().isNumber() && dropout.node().doubleValue() == 0)) {
            throw dropout.refuse("must be null or 0, not " + dropout.shown() + ": Culebra leaves no merge to chance");
        }
        for (var key : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
            var affix = model.get(key);
            if (affix.isPresent() && !affix.text().isEmpty()) {
                throw affix.refuse("must be null or empty for byte-level BPE, not " + affix.shown());
            }
        }
        if (model.get("byte_fallback").flag(false)) {
            throw model.get("byte_fallback").refuse("true is not done: byte-level BPE has a token for each byte");
        }
    }

    private static List<TokenizerParts.Merge> merges(JsonPart part) throws TokenizerException {
        var merges = new ArrayList<TokenizerParts.Merge>();
        for (var item : part.items()) {
            if (item.isText() && item.text().startsWith(TokenizerParts.Merge.COMMENT)) continue;
            if (item.isArray() && item.items().size() == 2) {
                merges.add(new TokenizerParts.Merge(item.items().get(0).text(), item.items().get(1).text()));
            } else if (item.isText()) {
                merges.add(TokenizerParts.Merge.parse(part.file(), item.where(), item.text()));
            } else {
                throw item.refuse("a merge is \"a b\" or [\"a\", \"b\"], not " + item.shown());
            }
        }
        return merges;
    }

    private static JsonPart byteLevel(JsonPart part, String what) throws TokenizerException {
        if (!part.isPresent() || !part.get("type").isText() || !part.get("type").text().equals(BYTE_LEVEL)) {
            throw refuse(part, what, BYTE_LEVEL);
        }
        return part;
    }

    private static TokenizerException refuse(JsonPart part, String what, String accepted) {
        var type = part.get("type");
        return part.refuse("Culebra reads byte-level BPE: the " + what + " must be " + accepted + ", not "
                + (type.isPresent() ? type.shown() : part.isPresent() ? part.shown() : "none"));
    }

    /** What a post-processor puts around one text. */
    private void around(JsonPart part) throws TokenizerException {
        var type = part.get("type").text();
        switch (type) {
            case BYTE_LEVEL -> {
            } // changes offsets alone
            case "Sequence" -> {
                for (var step : part.get("processors").items()) around(step);
            }
            case "TemplateProcessing" -> template(part);
            case "RobertaProcessing", "BertProcessing" -> {
                once(part);
                before.add(pairId(part.get("cls")));
                after.add(pairId(part.get("sep")));
            }
            default -> throw refuse(part, "post_processor",
                    "ByteLevel, TemplateProcessing, RobertaProcessing, BertProcessing or a Sequence of these");
        }
    }

    private void once(JsonPart part) throws TokenizerException {
        if (templated) throw part.refuse("a second post_processor that adds tokens is not done");
        templated = true;
    }

    private void template(JsonPart part) throws TokenizerException {
        once(part);
        boolean text = false;
        for (var item : part.get("single").items()) {
            if (item.get("Sequence").isPresent()) {
                if (text || !item.get("Sequence").get("id").text().equals("A")) {
                    throw item.refuse("the template for one text must have the text, A, once");
                }
                text = true;
            } else {
                var name = item.get("SpecialToken").get("id").text();
                var ids = part.get("special_tokens").get(name).get("ids");
                for (var id : ids.items()) (text ? after : before).add(inRange(id));
            }
        }
        if (!text) throw part.get("single").refuse("the template for one text must have the text, A, once");
    }

    /** Of a token with its id, as {@code ["</s>", 2]}, the id. */
    private int pairId(JsonPart part) throws TokenizerException {
        var pair = part.items();
        if (pair.size() != 2) throw part.refuse("must be a token with its id, not " + part.shown());
        return inRange(pair.get(1));
    }

    private int inRange(JsonPart part) throws TokenizerException {
        int id = part.id();
        if (id >= vocabulary.size()) {
            throw part.refuse("the vocabulary has no id " + id + ": ids are 0 to " + (vocabulary.size() - 1));
        }
        return id;
    }
}
