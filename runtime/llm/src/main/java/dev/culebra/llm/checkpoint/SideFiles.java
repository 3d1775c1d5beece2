package dev.culebra.llm.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The small files of a checkpoint that go along when it is written anew, byte for byte. A closed list: what else a folder holds
 * may be the same weights in another form (pytorch_model.bin, flax_model.msgpack), which would contradict the new ones, or
 * words about results that the new ones do not have (README.md).
 */
final class SideFiles {
    /** What the model means and how it generates. */
    static final List<String> CONFIGURATION = List.of(OptConfig.FILE, "generation_config.json");

    /** What turns text into ids, in all forms that transformers reads. */
    static final List<String> TOKENIZER = List.of("tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt",
            "special_tokens_map.json", "added_tokens.json", "chat_template.jinja");

    /** Terms under which the weights were given, which bind whoever passes them on. */
    static final List<String> TERMS = List.of("LICENSE", "LICENSE.md", "LICENSE.txt", "NOTICE");

    private SideFiles() {}

    /** Copies those that are there; symbolic links, of which a hub's cache is made, become files. Returns their names. */
    static List<String> copyAll(Path from, Path to) throws IOException {
        var copied = new ArrayList<String>();
        for (var names : List.of(CONFIGURATION, TOKENIZER, TERMS)) {
            for (var name : names) {
                if (!Files.isRegularFile(from.resolve(name))) continue;
                copy(from.resolve(name), to.resolve(name));
                copied.add(name);
            }
        }
        return copied;
    }

    /** As a new file: permissions, such as those of a read-only cache, do not go along. */
    static void copy(Path from, Path to) throws IOException {
        try (var in = Files.newInputStream(from)) {
            Files.copy(in, to);
        }
    }
}
