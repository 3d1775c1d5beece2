package dev.culebra.tests.bundle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.cli.Failure;
import dev.culebra.jmh.bundle.Bundle;
import dev.culebra.jmh.bundle.Entry;
import dev.culebra.jmh.bundle.JavaRuntime;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tukaani.xz.XZInputStream;

/** The archive of a made-up runtime. */
class ArchiveTest {

    private static final int QUICKEST = 0;
    private static final long PLENTY = 1 << 20;
    private static final String LONG = "a".repeat(90) + "/" + "b".repeat(90) + "/" + "c".repeat(200);
    private static final String FOREIGN = "lib/Größe 寸.txt";

    @TempDir
    Path folder;

    private Path output;

    @BeforeEach
    void output() { output = folder.resolve("bundle.tar.xz"); }

    /** Made in the given order, with the given rights for others, changed at the given time. */
    private static void runtime(Path root, List<String> order, String others, long millis) throws IOException {
        for (String name : order) {
            Path file = root.resolve(name);
            Files.createDirectories(file.getParent());
            Files.writeString(file, name.contains("empty") ? "" : "bytes of " + name);
            boolean program = name.startsWith("bin/");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString((program ? "rwx" : "rw-") + others));
            Files.setLastModifiedTime(file, FileTime.fromMillis(millis));
        }
        Files.createSymbolicLink(root.resolve("legal/two"), Path.of("../lib/empty"));
    }

    private static final List<String> NAMES = List.of("bin/java", "lib/empty", "legal/one", LONG, FOREIGN);

    private Path runtime(String name) throws IOException {
        Path root = folder.resolve(name);
        runtime(root, NAMES, "r-x---", 1_000_000_000_000L);
        return root;
    }

    private static List<TarArchiveEntry> entries(byte[] archive) throws IOException {
        var all = new ArrayList<TarArchiveEntry>();
        try (var tar = new TarArchiveInputStream(new XZInputStream(new ByteArrayInputStream(archive)), "UTF-8")) {
            for (TarArchiveEntry e; (e = tar.getNextEntry()) != null;) {
                all.add(e);
                if (!e.isFile() || e.isSymbolicLink()) continue;
                String name = e.getName().substring("top/".length());
                assertEquals(name.contains("empty") ? "" : "bytes of " + name, new String(tar.readAllBytes()));
            }
        }
        return all;
    }

    @Test
    void theSameFilesAreTheSameBytesWhoeverMadeThemAndWhen() throws IOException {
        Path other = folder.resolve("other");
        runtime(other, NAMES.reversed(), "r--r-x", 1_500_000_000_000L);
        write(JavaRuntime.files(runtime("one")), PLENTY);
        byte[] first = Files.readAllBytes(output);
        write(JavaRuntime.files(other), PLENTY);
        assertArrayEquals(first, Files.readAllBytes(output));
    }

    @Test
    void namesRightsAndLinksAreKept() throws IOException {
        long bytes = write(JavaRuntime.files(runtime("one")), PLENTY);
        byte[] archive = Files.readAllBytes(output);
        assertEquals(archive.length, bytes);
        var names = new HashSet<String>();
        for (TarArchiveEntry e : entries(archive)) {
            assertTrue(names.add(e.getName()), () -> e.getName() + " is in it twice");
            String name = e.getName();
            int slash = name.lastIndexOf('/', name.length() - 2);
            assertTrue(slash < 0 || names.contains(name.substring(0, slash + 1)),
                    () -> name + " comes before its folder");
            int mode = e.isDirectory() || e.isSymbolicLink() || name.startsWith("top/bin/") ? 0755 : 0644;
            assertEquals(mode, e.getMode() & 0777, name);
            assertEquals(0, e.getLongUserId() + e.getLongGroupId(), name);
            assertEquals("", e.getUserName() + e.getGroupName(), name);
            if (e.isSymbolicLink()) assertEquals("../lib/empty", e.getLinkName());
            assertEquals(name.equals("top/legal/two"), e.isSymbolicLink(), name);
        }
        for (String name : NAMES) assertTrue(names.contains("top/" + name), () -> name + " is missing");
        assertTrue(names.contains("top/legal/two"));
        assertEquals(1 + 3 + 2 + NAMES.size() + 1, names.size(), names::toString);
    }

    @Test
    void progressIsTheFilesBytes() throws IOException {
        var files = new TreeMap<String, Entry>();
        files.put("a", Entry.of(new byte[1_000_000]));
        files.put("b", Entry.of(new byte[0]));
        files.put("c", Entry.of(new byte[7]));
        var told = new ArrayList<Long>();
        Bundle.write(output, files, "top", QUICKEST, PLENTY, told::add);
        assertEquals(1_000_007, told.getLast());
        assertEquals(told.stream().sorted().distinct().toList(), told);
        assertTrue(told.size() > 3, told::toString);
    }

    @Test
    void oneThatIsTooLargeIsRefusedAndTheOldOneStays() throws IOException {
        Files.writeString(output, "the old one");
        var files = new TreeMap<String, Entry>();
        byte[] noise = new byte[100_000];
        new Random(1).nextBytes(noise);
        files.put("noise", Entry.of(noise));
        var e = assertThrows(Failure.class, () -> write(files, 50_000));
        assertTrue(e.getMessage().contains("would be 0.1 MB") && e.getMessage().contains(output.toString()),
                e::getMessage);
        assertOldOneAlone();
        assertEquals(40_000_000, Bundle.MOST_BYTES);
    }

    @Test
    void oneThatEndsInTheMiddleLeavesNothing() throws IOException {
        Files.writeString(output, "the old one");
        var files = JavaRuntime.files(runtime("one"));
        assertThrows(IllegalStateException.class, () -> Bundle.write(output, files, "top", QUICKEST, PLENTY, done -> {
            throw new IllegalStateException("given up");
        }));
        Files.walk(folder.resolve("one")).sorted((a, b) -> b.compareTo(a)).forEach(p -> p.toFile().delete());
        assertOldOneAlone();
    }

    private void assertOldOneAlone() throws IOException {
        assertEquals("the old one", Files.readString(output));
        try (var list = Files.list(folder)) {
            assertEquals(List.of(output), list.toList());
        }
    }

    @Test
    void aRuntimeThatCanNotBeMadeIsToldInOneLine() {
        var e = assertThrows(Failure.class, () -> JavaRuntime.link(folder.resolve("java"), List.of("no.such.module")));
        assertTrue(e.getMessage().contains("no.such.module") && e.getMessage().contains("JAVA_HOME"), e::getMessage);
        assertEquals(1, e.getMessage().lines().count());
        assertFalse(Files.exists(folder.resolve("java")));
    }

    private long write(SortedMap<String, Entry> files, long most) throws IOException {
        return Bundle.write(output, files, "top", QUICKEST, most, done -> {});
    }
}
