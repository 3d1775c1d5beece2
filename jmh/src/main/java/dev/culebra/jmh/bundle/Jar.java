package dev.culebra.jmh.bundle;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * Jars whose classes are not compressed: xz takes classes together, and with what it knows from others, where a jar compresses each alone
 * and leaves nothing to find. The benchmarks' jar is 12.6 MB as xz as it comes, and 8.5 MB this way (2026-11-20).
 */
final class Jar {

    /** The earliest that a jar can hold, whatever the time zone. */
    private static final LocalDateTime TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

    private Jar() {}

    /** The same jar without compression. */
    static byte[] stored(Path jar) throws IOException {
        var files = new LinkedHashMap<String, byte[]>();
        try (var in = new ZipInputStream(new ByteArrayInputStream(Files.readAllBytes(jar)))) {
            for (ZipEntry e; (e = in.getNextEntry()) != null;) {
                if (!e.isDirectory()) files.put(e.getName(), in.readAllBytes());
            }
        }
        return stored(files);
    }

    /** A jar of what lies in folders; of two files with one name the first is taken. */
    static byte[] of(Path... folders) throws IOException {
        var files = new LinkedHashMap<String, byte[]>();
        for (Path folder : folders) {
            try (var walk = Files.walk(folder)) {
                var found = walk.filter(Files::isRegularFile).collect(Collectors.toCollection(TreeSet::new));
                for (Path file : found) {
                    String name = folder.relativize(file).toString().replace('\\', '/');
                    if (!files.containsKey(name)) files.put(name, Files.readAllBytes(file));
                }
            }
        }
        return stored(files);
    }

    private static byte[] stored(Map<String, byte[]> files) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var out = new ZipOutputStream(bytes)) {
            out.setMethod(ZipOutputStream.STORED);
            for (var file : files.entrySet()) {
                var crc = new CRC32();
                crc.update(file.getValue());
                var e = new ZipEntry(file.getKey());
                e.setSize(file.getValue().length);
                e.setCrc(crc.getValue());
                e.setTimeLocal(TIME);
                out.putNextEntry(e);
                out.write(file.getValue());
                out.closeEntry();
            }
        }
        return bytes.toByteArray();
    }
}
