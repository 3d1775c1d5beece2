package dev.culebra.llm.checkpoint;

import dev.culebra.sparse.DenseType;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

import static dev.culebra.llm.checkpoint.CheckpointException.quote;

/**
 * The tensors of several safetensors files under names without prefix, held against what a configuration demands. Owns the
 * files. Thread-safe.
 */
final class TensorSet implements AutoCloseable {
    /** What Hugging Face's classes put before the decoder's names: OPTForCausalLM, OPTModel, OPTDecoder. */
    private static final List<String> PREFIXES = List.of("model.decoder.", "decoder.");

    /** fairseq's version number, which the first conversions kept and Hugging Face ignores by name too. */
    private static final String VERSION = "version";

    private static final String HEAD = OptTensors.HEAD + ".weight";

    /** Names that a message lists. */
    private static final int SHOWN = 6;

    /** Where a tensor lies. */
    record Place(Safetensors file, TensorInfo info) {
        /** How messages begin that are about it. */
        CheckpointException problem(String text) {
            return new CheckpointException(file.path(), "tensor " + info.nameText() + " " + text);
        }
    }

    private final List<Safetensors> files;
    private final Map<String, Place> places = new LinkedHashMap<>();
    private final Map<String, TensorScan> scans = new ConcurrentHashMap<>();
    private final Place redundantHead;

    /**
     * @param where what messages call the files together
     * @param expected the tensors that must be there
     * @param files this set's from now on, but not yet if this throws
     */
    TensorSet(Path where, Map<String, OptTensors.Shape> expected, List<Safetensors> files) throws CheckpointException {
        this.files = List.copyOf(files);
        for (var file : files) {
            for (var info : file.tensors()) add(file, info);
        }
        // Where it is expected it stays. A tied model's repeats the embedding, or stands for it: of two names of one tensor
        // some programs write the one, some the other.
        redundantHead = expected.containsKey(HEAD) ? null : places.remove(HEAD);
        if (redundantHead != null) places.putIfAbsent(OptTensors.EMBEDDING, redundantHead);
        places.remove(VERSION);
        // Both, where there are both: it is then the same tensors under other names.
        var problems = Stream.of(
                list("lacks tensors that config.json demands",
                        expected.keySet().stream().filter(n -> !places.containsKey(n)).toList()),
                list("has tensors that the OPT model of its config.json does not", places.entrySet().stream()
                        .filter(e -> !expected.containsKey(e.getKey())).map(e -> e.getValue().info.name()).toList()))
                .filter(p -> !p.isEmpty()).toList();
        if (!problems.isEmpty()) throw new CheckpointException(where, String.join("; ", problems));
        for (var e : expected.entrySet()) check(places.get(e.getKey()), e.getValue());
    }

    private void add(Safetensors file, TensorInfo info) throws CheckpointException {
        var place = new Place(file, info);
        var before = places.putIfAbsent(shortName(info.name()), place);
        if (before != null) {
            throw place.problem("is there twice, also as " + before.info.nameText() + " in "
                    + before.file.path().getFileName());
        }
    }

    static String shortName(String name) {
        for (var prefix : PREFIXES) {
            if (name.startsWith(prefix)) return name.substring(prefix.length());
        }
        return name;
    }

    private static String list(String what, List<String> names) {
        if (names.isEmpty()) return "";
        var shown = new ArrayList<String>();
        for (var name : names.subList(0, Math.min(SHOWN, names.size()))) shown.add(quote(name));
        int more = names.size() - shown.size();
        return what + ": " + String.join(", ", shown) + (more > 0 ? " and " + more + " more" : "");
    }

    private static void check(Place place, OptTensors.Shape expected) throws CheckpointException {
        var info = place.info;
        if (!info.shape().equals(expected.lengths())) {
            throw place.problem("is " + info.shapeText() + ", but config.json makes it " + expected.lengths() + ", "
                    + expected.keys());
        }
        if (info.type().dense().isEmpty()) {
            throw place.problem("is of type " + info.type() + "; supported are F16, BF16 and F32");
        }
    }

    /** The tensor, whatever its elements are. */
    Optional<Tensor> unchecked(String name) {
        return Optional.ofNullable(places.get(name)).map(p -> tensor(name, p));
    }

    /** The tensor; all its elements are finite. */
    Optional<Tensor> find(String name) throws CheckpointException {
        if (!places.containsKey(name)) return Optional.empty();
        scan(name);
        return unchecked(name);
    }

    /** What a look at all elements finds; taken once. */
    TensorScan scan(String name) throws CheckpointException {
        var place = places.get(name);
        var tensor = tensor(name, place);
        var scan = scans.get(name);
        if (scan == null) {
            // Not inside computeIfAbsent, whose lock would make others wait; two who ask at once both look.
            scan = TensorScan.of(tensor.data(), tensor.type());
            scans.put(name, scan);
        }
        if (scan.nonFinite() >= 0) {
            var value = new float[1];
            tensor.floats(scan.nonFinite(), value, 0, 1);
            throw place.problem("has " + (Float.isNaN(value[0]) ? "NaN" : "infinity") + " at "
                    + index(scan.nonFinite(), tensor.shape()) + "; weights must be finite");
        }
        return scan;
    }

    /** Refuses a tied model's own head where it is not what it is tied to. */
    void checkRedundantHead() throws CheckpointException {
        if (redundantHead == null) return;
        var embedding = places.get(OptTensors.EMBEDDING);
        var head = redundantHead.info;
        if (!head.shape().equals(embedding.info.shape()) || head.type() != embedding.info.type()
                || redundantHead.file.data(head).mismatch(embedding.file.data(embedding.info)) >= 0) {
            throw redundantHead.problem("differs from " + embedding.info.nameText()
                    + ", though tie_word_embeddings in config.json is true; if the head has weights of its own, say false there");
        }
    }

    Place place(String name) { return places.get(name); }

    List<Safetensors> files() { return files; }

    private static Tensor tensor(String name, Place place) {
        DenseType type = place.info.type().dense().orElseThrow();
        return new Tensor(name, type, place.info.shape(), place.file.data(place.info));
    }

    /** Such as {@code [3, 17]}. */
    private static String index(long flat, List<Long> shape) {
        var index = new ArrayList<Long>();
        for (long length : shape.reversed()) {
            index.addFirst(flat % length);
            flat /= length;
        }
        return index.toString();
    }

    @Override
    public void close() { files.forEach(Safetensors::close); }
}
