package dev.culebra.llm.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import static dev.culebra.llm.checkpoint.CheckpointException.quote;

/** Finds a checkpoint folder's safetensors files, or says what the folder holds instead. */
final class CheckpointFiles {
    static final String SINGLE = "model.safetensors";
    static final String INDEX = "model.safetensors.index.json";

    private CheckpointFiles() {}

    /** Opens the files; the caller closes them. */
    static List<Safetensors> open(Path folder) throws IOException {
        if (Files.exists(folder.resolve(SINGLE))) return List.of(Safetensors.open(folder.resolve(SINGLE)));
        if (!Files.exists(folder.resolve(INDEX))) throw otherwise(folder);
        var index = folder.resolve(INDEX);
        var map = weightMap(index);
        var files = new LinkedHashMap<String, Safetensors>();
        try {
            for (var shard : map.values().stream().distinct().sorted().toList()) {
                if (!Files.exists(folder.resolve(shard))) {
                    throw new CheckpointException(index, "names the shard " + quote(shard) + ", which is missing");
                }
                files.put(shard, Safetensors.open(folder.resolve(shard)));
            }
            checkIndex(index, map, files);
            return List.copyOf(files.values());
        } catch (Throwable e) {
            files.values().forEach(Safetensors::close);
            throw e;
        }
    }

    /** Tensor to shard. Names are those of files in the folder: a path could lead anywhere. */
    private static Map<String, String> weightMap(Path index) throws IOException {
        var node = JsonFile.read(index).path("weight_map");
        if (!node.isObject() || node.isEmpty()) {
            throw new CheckpointException(index, "weight_map must be an object that gives each tensor its file");
        }
        var map = new HashMap<String, String>();
        for (var e : node.properties()) {
            var shard = e.getValue().isTextual() ? e.getValue().textValue() : "";
            if (!shard.endsWith(".safetensors")
                    || shard.chars().anyMatch(c -> c == '/' || c == '\\' || c == ':' || c < ' ')) {
                throw new CheckpointException(index, "weight_map: " + quote(e.getKey()) + " is in "
                        + quote(e.getValue().asText())
                        + ", which is no plain name of a safetensors file in this folder");
            }
            map.put(e.getKey(), shard);
        }
        return map;
    }

    /** Each tensor is in the shard that the index says, and in no other. */
    private static void checkIndex(Path index, Map<String, String> map, Map<String, Safetensors> files)
            throws CheckpointException {
        var found = new HashMap<String, String>();
        for (var file : files.entrySet()) {
            for (var tensor : file.getValue().tensors()) {
                var before = found.put(tensor.name(), file.getKey());
                if (before != null) {
                    throw new CheckpointException(index, "tensor " + tensor.nameText() + " is in two shards, "
                            + quote(before) + " and " + quote(file.getKey()));
                }
                if (!map.containsKey(tensor.name())) {
                    throw new CheckpointException(index, "does not have tensor " + tensor.nameText()
                            + ", which is in the shard " + quote(file.getKey()));
                }
            }
        }
        for (var e : map.entrySet()) {
            if (!e.getValue().equals(found.get(e.getKey()))) {
                throw new CheckpointException(index, "tensor " + quote(e.getKey()) + " is said to be in "
                        + quote(e.getValue()) + ", but is " + (found.containsKey(e.getKey())
                                ? "in " + quote(found.get(e.getKey()))
                                : "in no shard"));
            }
        }
    }

    /** Refuses what is no folder. */
    static void checkFolder(Path folder) throws IOException {
        if (Files.isDirectory(folder)) return;
        if (!Files.exists(folder)) throw new CheckpointException(folder, "no such folder");
        throw new CheckpointException(folder, "is a file; give the folder of a model, with config.json and "
                + "model.safetensors in it" + (isGguf(folder) ? ". " + GGUF : ""));
    }

    private static final String GGUF = "A GGUF file is another program's format; give the Hugging Face checkpoint that it was made of";

    /** What to do with a folder without safetensors. */
    private static CheckpointException otherwise(Path folder) throws IOException {
        List<String> names = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            files.forEach(f -> names.add(f.getFileName().toString()));
        }
        var missing = "no " + SINGLE + " or " + INDEX + " here. ";
        if (names.contains(EncodedModel.MANIFEST)) {
            return new CheckpointException(folder,
                    "is an encoded model, and a checkpoint is needed; give the one that it was encoded from");
        }
        if (names.stream()
                .anyMatch(n -> n.startsWith("pytorch_model") && (n.endsWith(".bin") || n.endsWith(".json")))) {
            return new CheckpointException(folder, missing
                    + "pytorch_model.bin holds a program, not only numbers, and is "
                    + "not read; load it with transformers and call save_pretrained(FOLDER, safe_serialization=True)");
        }
        // As a cache of downloads has them, where what was downloaded is gone.
        for (var name : List.of(SINGLE, INDEX)) {
            if (names.contains(name))
                return new CheckpointException(folder, name + " is a link to a file that is gone");
        }
        if (names.contains(EncodedModel.REST)) {
            return new CheckpointException(folder, "is an encoded model that lacks " + EncodedModel.MANIFEST
                    + "; copy that too, or encode the checkpoint anew");
        }
        if (names.stream().anyMatch(n -> n.endsWith(".gguf"))) return new CheckpointException(folder, missing + GGUF);
        return new CheckpointException(folder, names.isEmpty()
                ? "is an empty folder"
                : missing
                        + "A checkpoint in Hugging Face's layout has one of them beside config.json");
    }

    private static boolean isGguf(Path file) { return file.getFileName().toString().endsWith(".gguf"); }
}
