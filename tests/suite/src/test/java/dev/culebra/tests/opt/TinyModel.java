package dev.culebra.tests.opt;

import dev.culebra.llm.checkpoint.Checkpoint;
import dev.culebra.llm.checkpoint.CheckpointException;
import dev.culebra.llm.checkpoint.OptConfig;
import dev.culebra.llm.checkpoint.OptTensors;
import dev.culebra.llm.checkpoint.Safetensors;
import dev.culebra.sparse.DenseType;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A model with random weights, some of them zero, small enough for any number of them: its tensors as the numbers that are
 * stored, and as a checkpoint in memory.
 *
 * @param config its shape
 * @param type how its tensors are stored
 * @param tensors by name, row-major, each number one that the type has
 */
record TinyModel(OptConfig config, DenseType type, Map<String, float[]> tensors) {

    static TinyModel random(OptConfig config, DenseType type, long seed) {
        var random = new Random(seed);
        var tensors = new LinkedHashMap<String, float[]>();
        OptTensors.of(config).shapes().forEach((name, shape) -> {
            int length = Math.toIntExact(shape.stream().mapToLong(Long::longValue).reduce(1, (a, b) -> a * b));
            // about as large as keeps activations near 1: a product over K terms grows by sqrt(K * half of them * variance)
            double scale = shape.size() == 2 ? 1.4 / Math.sqrt(shape.get(1)) : 0.3;
            boolean table = name.startsWith("embed_");
            float middle = name.endsWith("norm.weight") ? 1 : 0;
            var values = new float[length];
            for (int i = 0; i < length; i++) {
                double v = table
                        ? random.nextGaussian()
                        : random.nextInt(2) == 0 && shape.size() == 2
                                ? 0
                                : middle + scale * random.nextGaussian();
                values[i] = stored((float) v, type);
            }
            tensors.put(name, values);
        });
        return new TinyModel(config, type, tensors);
    }

    /** The same with another tensor in one place. */
    TinyModel with(String name, float[] values) {
        var changed = new LinkedHashMap<>(tensors);
        if (changed.put(name, values).length != values.length) throw new IllegalArgumentException(name);
        return new TinyModel(config, type, changed);
    }

    /** Products of F32 tensors are rounded to F16, once, ties to even. Nothing else is. */
    float product(float stored) {
        return type == DenseType.F32 ? stored(stored, DenseType.F16) : stored;
    }

    Checkpoint open() throws CheckpointException {
        return Checkpoint.of(config,
                List.of(Safetensors.of(Path.of("tiny.safetensors"), MemorySegment.ofArray(file()))));
    }

    private static float stored(float v, DenseType type) {
        return switch (type) {
            case F16 -> Float.float16ToFloat(Float.floatToFloat16(v));
            case BF16 -> Float.intBitsToFloat(Float.floatToRawIntBits(v) & 0xffff_0000);
            case F32 -> v;
        };
    }

    private byte[] file() {
        var header = new StringBuilder("{");
        var shapes = OptTensors.of(config).shapes();
        long at = 0;
        for (var t : tensors.entrySet()) {
            long end = at + (long) type.bytes() * t.getValue().length;
            header.append(at == 0 ? "" : ",").append("\"model.decoder.").append(t.getKey()).append("\":{\"dtype\":\"")
                    .append(type).append("\",\"shape\":").append(shapes.get(t.getKey())).append(",\"data_offsets\":[")
                    .append(at).append(',').append(end).append("]}");
            at = end;
        }
        // the head is the one that has no prefix
        var text = header.append('}').toString().replace("model.decoder.lm_head", "lm_head")
                .getBytes(StandardCharsets.UTF_8);
        var out = ByteBuffer.allocate(8 + text.length + (int) at).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(text.length).put(text);
        for (var values : tensors.values()) {
            for (float v : values) {
                switch (type) {
                    case F16 -> out.putShort(Float.floatToFloat16(v));
                    case BF16 -> out.putShort((short) (Float.floatToRawIntBits(v) >>> 16));
                    case F32 -> out.putFloat(v);
                }
            }
        }
        return out.array();
    }
}
