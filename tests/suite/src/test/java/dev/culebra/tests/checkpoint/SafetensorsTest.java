package dev.culebra.tests.checkpoint;

import dev.culebra.llm.checkpoint.CheckpointException;
import dev.culebra.llm.checkpoint.Safetensors;
import dev.culebra.llm.checkpoint.TensorType;
import dev.culebra.sparse.DenseType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class SafetensorsTest {
    @TempDir
    Path folder;

    /** Tensors out of order in the header, metadata, padding, an odd header length, so that no element is aligned. */
    @Test
    void readsWhatTheFormatAllows() throws Exception {
        var header = "{" + RawFile.field("b", "F32", "[2]", 6, 14) + ",\"__metadata__\":{\"format\":\"pt\"},"
                + RawFile.field("a", "F16", "[3,1]", 0, 6) + "," + RawFile.field("scalar", "I64", "[]", 14, 22)
                + "}   ";
        if (header.length() % 2 == 0) header += " ";
        var data = new byte[22];
        for (int i = 0; i < data.length; i++) data[i] = (byte) i;
        var path = RawFile.write(folder.resolve("x"), header, data);
        try (var file = Safetensors.open(path)) {
            assertEquals(List.of("a", "b", "scalar"), file.tensors().stream().map(t -> t.name()).toList());
            assertEquals(Map.of("format", "pt"), file.metadata());
            var a = file.tensor("a");
            assertEquals(TensorType.F16, a.type());
            assertEquals(List.of(3L, 1L), a.shape());
            assertArrayEquals(new byte[]{0, 1, 2, 3, 4, 5}, file.data(a).toArray(ValueLayout.JAVA_BYTE));
            assertArrayEquals(new byte[]{6, 7, 8, 9, 10, 11, 12, 13},
                    file.data(file.tensor("b")).toArray(ValueLayout.JAVA_BYTE));
            assertEquals(1, file.tensor("scalar").elements());
            assertTrue(file.data(a).isReadOnly());
        }
        try (var file = Safetensors.of(path, MemorySegment.ofArray(Files.readAllBytes(path)))) {
            assertEquals(3, file.tensors().size());
            assertEquals(13, file.data(file.tensor("b")).get(ValueLayout.JAVA_BYTE, 7));
        }
    }

    @Test
    void emptyTensorsTakeNoBytes() throws Exception {
        // The other dimension is so large that a product computed in order would overflow.
        var path = RawFile.write(folder.resolve("x"), RawFile.entry("e", "F32", "[" + Long.MAX_VALUE + ",4,0]", 0, 0),
                new byte[0]);
        try (var file = Safetensors.open(path)) {
            assertEquals(0, file.onlyTensor().bytes());
        }
    }

    @Test
    void everyTypeOfTheFormatIsKnown() throws Exception {
        // As the format's own library lists them, with the bits an element takes.
        var bits = Map.ofEntries(Map.entry("BOOL", 8), Map.entry("F4", 4), Map.entry("F6_E2M3", 6),
                Map.entry("F6_E3M2", 6),
                Map.entry("U8", 8), Map.entry("I8", 8), Map.entry("F8_E5M2", 8), Map.entry("F8_E4M3", 8),
                Map.entry("F8_E8M0", 8),
                Map.entry("I16", 16), Map.entry("U16", 16), Map.entry("F16", 16), Map.entry("BF16", 16),
                Map.entry("I32", 32),
                Map.entry("U32", 32), Map.entry("F32", 32), Map.entry("C64", 64), Map.entry("F64", 64),
                Map.entry("I64", 64),
                Map.entry("U64", 64));
        assertEquals(bits.size(), TensorType.values().length);
        for (var e : bits.entrySet()) {
            int bytes = 4 * e.getValue() / 8;
            var path = RawFile.write(folder.resolve(e.getKey()), RawFile.entry("t", e.getKey(), "[4]", 0, bytes),
                    new byte[bytes]);
            try (var file = Safetensors.open(path)) {
                assertEquals(e.getKey(), file.onlyTensor().type().name());
                assertEquals(bytes, file.data(file.onlyTensor()).byteSize());
            }
        }
        assertEquals(Optional.of(DenseType.BF16), TensorType.BF16.dense());
        assertEquals(Optional.empty(), TensorType.I16.dense());
        assertEquals(TensorType.F32, TensorType.of(DenseType.F32));
    }

    /** The format limits the header alone, to 100 MB: up to that a name or a text may be of any length. */
    @Test
    void aNameOrATextMayFillTheHeader() throws Exception {
        var name = "n".repeat(1_000_000);
        var text = "t".repeat(100_000_000 - name.length() - 200);
        var header = "{\"__metadata__\":{\"note\":\"" + text + "\"}," + RawFile.field(name, "U8", "[1]", 0, 1) + "}";
        header += " ".repeat(100_000_000 - header.length());
        try (var file = Safetensors.open(RawFile.write(folder.resolve("long"), header, new byte[1]))) {
            assertEquals(name, file.onlyTensor().name());
            assertEquals("'" + "n".repeat(80) + "...'", file.onlyTensor().nameText());
            assertEquals(text, file.metadata().get("note"));
        }
    }

    @Test
    void namesAreListedWhereOneIsWanted() throws Exception {
        var header = "{" + RawFile.field("first", "U8", "[1]", 0, 1) + "," + RawFile.field("second", "U8", "[1]", 1, 2)
                + "}";
        try (var file = Safetensors.open(RawFile.write(folder.resolve("x"), header, new byte[2]))) {
            var several = assertThrows(CheckpointException.class, file::onlyTensor);
            assertTrue(several.getMessage().contains("'first', 'second'"), several.getMessage());
            var missing = assertThrows(CheckpointException.class, () -> file.tensor("third"));
            assertTrue(missing.getMessage().contains("'third'") && missing.getMessage().contains("'first', 'second'"),
                    missing.getMessage());
        }
        try (var file = Safetensors.open(RawFile.write(folder.resolve("y"), "{}", new byte[0]))) {
            var none = assertThrows(CheckpointException.class, file::onlyTensor);
            assertTrue(none.getMessage().contains("no tensor"), none.getMessage());
        }
    }

    @Test
    void whatIsClosedSaysWhichFileItWas() throws Exception {
        var path = RawFile.write(folder.resolve("x"), "{" + RawFile.field("a", "U8", "[1]", 0, 1) + "}", new byte[1]);
        var file = Safetensors.open(path);
        file.close();
        file.close();
        var e = assertThrows(IllegalStateException.class, () -> file.data(file.onlyTensor()));
        assertEquals(path + " is closed", e.getMessage());
    }
}
