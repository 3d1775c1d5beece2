package dev.culebra.tests.checkpoint;

import dev.culebra.llm.checkpoint.Checkpoint;
import dev.culebra.llm.checkpoint.CheckpointException;
import dev.culebra.llm.checkpoint.CheckpointWriter;
import dev.culebra.llm.checkpoint.EncodedModel;
import dev.culebra.llm.checkpoint.OutputFolder;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.tests.models.Models;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import static dev.culebra.tests.checkpoint.CheckpointWriterTest.names;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

class OutputFolderTest {
    @TempDir
    Path folder;

    private static void fill(Path target, Path... inputs) throws IOException {
        try (var out = OutputFolder.beside(target, inputs)) {
            Files.createDirectories(out.part().resolve("deep/er"));
            Files.writeString(out.part().resolve("deep/er/x"), "new");
            out.commit();
        }
    }

    @Test
    void aFolderAppearsComplete() throws Exception {
        var target = folder.resolve("target");
        try (var out = OutputFolder.beside(target)) {
            Files.writeString(out.part().resolve("x"), "new");
            assertFalse(Files.exists(target), "visible before it is complete");
            assertTrue(out.part().getFileName().toString().startsWith("."), "hidden");
            out.commit();
        }
        assertEquals(List.of("target"), names(folder));
        assertEquals("new", Files.readString(target.resolve("x")));
        fill(Path.of(folder + File.separator + "with" + File.separator));
        assertEquals(List.of("target", "with"), names(folder));
    }

    @Test
    void anEmptyFolderIsFilled() throws Exception {
        var empty = Files.createDirectory(folder.resolve("empty"));
        fill(empty);
        assertEquals("new", Files.readString(empty.resolve("deep/er/x")));
        Files.createDirectory(folder.resolve("real"));
        var link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("real"));
        fill(link);
        assertTrue(Files.isSymbolicLink(link));
        assertEquals("new", Files.readString(folder.resolve("real/deep/er/x")));
        assertEquals(List.of("empty", "link", "real"), names(folder));
    }

    @Test
    @SuppressWarnings("try") // closed twice on purpose
    void whatIsGivenUpLeavesNothing() throws Exception {
        var target = folder.resolve("target");
        try (var out = OutputFolder.beside(target)) {
            Files.createDirectories(out.part().resolve("a/b"));
            Files.writeString(out.part().resolve("a/b/x"), "half");
            // A link must not lead the cleaning out of the folder.
            Files.writeString(folder.resolve("precious"), "old");
            Files.createSymbolicLink(out.part().resolve("link"), folder);
            out.close();
        }
        assertEquals(List.of("precious"), names(folder));
    }

    @Test
    void namesThatAreTaken() throws Exception {
        var file = Files.writeString(folder.resolve("file"), "old");
        var full = Files.createDirectory(folder.resolve("full"));
        Files.writeString(full.resolve("x"), "old");
        TinyModel.refused(() -> fill(file), "it is a file");
        TinyModel.refused(() -> fill(full), "not empty");
        TinyModel.refused(() -> fill(Files.createSymbolicLink(folder.resolve("lost"), Path.of("nowhere"))),
                "link to nothing");
        TinyModel.refused(() -> fill(folder.resolve("missing/x")), "no folder", "missing");
        TinyModel.refused(() -> fill(file.resolve("x")), "no folder");
        TinyModel.refused(() -> fill(Path.of("/")), "names no folder");
        assertThrows(IOException.class, () -> fill(folder.resolve("x".repeat(300))), "longer than a name may be");
        assertEquals(List.of("file", "full", "lost"), names(folder));
        assertEquals("old", Files.readString(full.resolve("x")));
    }

    /** Through a link, {@code ..} leads to the parent of what the link leads to. */
    @Test
    void pathsMeanWhatTheyMeanToTheSystem() throws Exception {
        Files.createDirectories(folder.resolve("a/b"));
        Files.createSymbolicLink(folder.resolve("link"), folder.resolve("a/b"));
        fill(folder.resolve("link/../x"));
        assertEquals(List.of("b", "x"), names(folder.resolve("a")));
    }

    @Test
    void noRoomIsSaid() throws Exception {
        try (var out = OutputFolder.beside(folder.resolve("target"))) {
            out.checkRoom(1);
            long room = Files.getFileStore(folder).getUsableSpace();
            assumeTrue(room > 0, "this file system does not tell");
            TinyModel.refused(() -> out.checkRoom(Long.MAX_VALUE), "would take 8796093022208 MiB", "room for");
        }
    }

    /** Nothing can be renamed to where another disk begins, such as a container's volume. */
    @Test
    void anotherDiskIsSaid() throws Exception {
        var disk = Path.of("/dev/shm");
        assumeTrue(Files.isDirectory(disk) && names(disk).isEmpty(), "no empty disk at " + disk);
        TinyModel.refused(() -> fill(disk), "a disk begins there");
        assertEquals(List.of(), names(disk));
    }

    @Test
    void whoComesFirstKeepsTheName() throws Exception {
        var target = folder.resolve("target");
        try (var out = OutputFolder.beside(target)) {
            Files.createDirectory(target);
            Files.writeString(target.resolve("x"), "another's");
            assertTrue(
                    assertThrows(CheckpointException.class, out::commit).getMessage().contains("not empty any more"));
        }
        assertEquals(List.of("target"), names(folder));
        assertEquals("another's", Files.readString(target.resolve("x")));
        try (var out = OutputFolder.beside(folder.resolve("second"))) {
            Files.writeString(folder.resolve("second"), "another's");
            assertTrue(assertThrows(CheckpointException.class, out::commit).getMessage().contains("is there by now"));
        }
        assertEquals("another's", Files.readString(folder.resolve("second")));
    }

    @Test
    void noPermissionIsSaid() throws Exception {
        var closed = Files.createDirectory(folder.resolve("closed"));
        assumeTrue(closed.toFile().setWritable(false) && !Files.isWritable(closed), "this user may write everywhere");
        try {
            TinyModel.refused(() -> fill(closed.resolve("x")), "no permission");
        } finally {
            closed.toFile().setWritable(true);
        }
    }

    /** Writes a model until it is ended from outside, in the middle. */
    static final class Endless {
        private Endless() {}

        public static void main(String[] args) throws Exception {
            var target = Path.of(args[2]);
            try (var source = Checkpoint.open(Path.of(args[1]))) {
                if (args[0].equals("encode")) {
                    long[] calls = {0};
                    EncodedModel.write(source, target, EncodeOptions.DEFAULT.withThreads(1).withProgress(n -> {
                        // Some matrices are written by then.
                        if (++calls[0] == 40) sayAndWait();
                    }));
                } else {
                    CheckpointWriter.create(source, target);
                    sayAndWait();
                }
            }
        }

        private static void sayAndWait() {
            System.out.println("half");
            try {
                Thread.sleep(60_000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"encode", "copy"})
    @Timeout(60)
    void anInterruptedProcessLeavesNothing(String what) throws Exception {
        var process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Endless.class.getName(), what, Models.folder("opt-sharded-sparse70").toString(),
                folder.resolve("target").toString()).redirectError(Redirect.INHERIT).start();
        try {
            assumeTrue(process.supportsNormalTermination(), "this system ends processes without letting them clean up");
            assertEquals("half", process.inputReader().readLine());
            try (var parts = Files.list(folder)) {
                var part = parts.findFirst().orElseThrow();
                assertTrue(part.getFileName().toString().endsWith(".culebra.part"), "in the middle: " + part);
                assertTrue(names(part).size() > 3, "in the middle: " + names(part));
            }
            process.destroy();
            process.waitFor();
        } finally {
            process.destroyForcibly();
        }
        assertEquals(List.of(), names(folder));
    }
}
