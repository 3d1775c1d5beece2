package dev.culebra.tests.opt;

import dev.culebra.llm.checkpoint.OptConfig;
import dev.culebra.llm.checkpoint.OptTensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A checkpoint of zeros whose data is a hole in its file: as large as one likes, on hardly any disk. */
final class SparseModelFile {
    private SparseModelFile() {}

    static void write(OptConfig c, Path folder) throws IOException {
        Files.writeString(folder.resolve("config.json"),
                """
                        {"model_type": "opt", "vocab_size": %d, "hidden_size": %d, "word_embed_proj_dim": %d, "num_hidden_layers": %d,
                         "num_attention_heads": %d, "ffn_dim": %d, "max_position_embeddings": %d, "enable_bias": %b,
                         "layer_norm_elementwise_affine": %b, "tie_word_embeddings": %b, "dtype": "float16"}
                        """
                        .formatted(c.vocabulary(), c.hidden(), c.embedding(), c.layers(), c.heads(), c.ffn(),
                                c.positions(),
                                c.bias(), c.affineNorm(), c.tied()));
        var header = new StringBuilder("{");
        long at = 0;
        for (var t : OptTensors.of(c).shapes().entrySet()) {
            long end = at + 2 * t.getValue().stream().reduce(1L, (a, b) -> a * b);
            header.append(at == 0 ? "" : ",").append("\"model.decoder.").append(t.getKey())
                    .append("\":{\"dtype\":\"F16\",\"shape\":").append(t.getValue()).append(",\"data_offsets\":[")
                    .append(at)
                    .append(',').append(end).append("]}");
            at = end;
        }
        byte[] text = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
        try (var file = FileChannel.open(folder.resolve("model.safetensors"), StandardOpenOption.WRITE,
                StandardOpenOption.CREATE_NEW, StandardOpenOption.SPARSE)) {
            file.write(
                    ByteBuffer.allocate(8 + text.length).order(ByteOrder.LITTLE_ENDIAN).putLong(text.length).put(text)
                            .flip());
            file.write(ByteBuffer.wrap(new byte[1]), 8 + text.length + at - 1);
        }
    }
}
