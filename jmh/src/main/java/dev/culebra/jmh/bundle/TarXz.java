package dev.culebra.jmh.bundle;

import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.Date;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.function.LongConsumer;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** Writes a {@code .tar.xz} whose bytes depend on its files' names and contents alone: not on times, owners, umask or order. */
final class TarXz {

    /** As the build's jars: a time of its own would make two archives of one commit differ. */
    private static final Date TIME = Date.from(Instant.parse("2026-11-20T00:00:00Z"));

    private static final int FOLDER = 0755;
    private static final int PROGRAM = 0755;
    private static final int FILE = 0644;

    /** xz's own default; 9 takes half as long again for 1.6% fewer bytes of the Java runtime. */
    static final int PRESET = LZMA2Options.PRESET_DEFAULT;

    /** Bytes between two words about progress. */
    private static final int STEP = 1 << 18;

    private TarXz() {}

    /**
     * Writes an archive.
     *
     * @param entries by path, parts divided by '/'; folders are made as needed
     * @param preset xz's, 0 to 9
     * @param to takes the archive; left open
     * @param progress is told how many bytes of the files are in it
     */
    static void write(SortedMap<String, Entry> entries, int preset, OutputStream to, LongConsumer progress)
            throws IOException {
        var xz = new XZOutputStream(new Unclosed(to), new LZMA2Options(preset));
        try (var tar = new TarArchiveOutputStream(new BufferedOutputStream(xz, 1 << 16), "UTF-8")) {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
            tar.setAddPaxHeadersForNonAsciiNames(true);
            var folders = new TreeSet<String>();
            long done = 0;
            for (var e : entries.entrySet()) {
                folders(e.getKey(), folders, tar);
                done = file(e.getKey(), e.getValue(), done, tar, progress);
            }
        }
    }

    /** Folders in front of what is in them, each once. */
    private static void folders(String path, TreeSet<String> made, TarArchiveOutputStream tar) throws IOException {
        for (int end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
            String folder = path.substring(0, end + 1);
            if (!made.add(folder)) continue;
            begin(new TarArchiveEntry(folder), FOLDER, 0, tar);
            tar.closeArchiveEntry();
        }
    }

    private static long file(String path, Entry entry, long done, TarArchiveOutputStream tar, LongConsumer progress)
            throws IOException {
        if (entry.link() != null) {
            var link = new TarArchiveEntry(path, TarConstants.LF_SYMLINK);
            link.setLinkName(entry.link());
            begin(link, FOLDER, 0, tar);
        } else {
            begin(new TarArchiveEntry(path), entry.executable() ? PROGRAM : FILE, entry.bytes().length, tar);
        }
        byte[] bytes = entry.bytes();
        for (int at = 0; at < bytes.length; at += STEP) {
            tar.write(bytes, at, Math.min(STEP, bytes.length - at));
            progress.accept(done + Math.min(at + STEP, bytes.length));
        }
        tar.closeArchiveEntry();
        return done + bytes.length;
    }

    private static void begin(TarArchiveEntry header, int mode, long size, TarArchiveOutputStream tar)
            throws IOException {
        header.setMode(mode);
        header.setModTime(TIME);
        header.setIds(0, 0);
        header.setNames("", "");
        header.setSize(size);
        tar.putArchiveEntry(header);
    }

    /** The end of the archive is not the end of what it is written to. */
    private static final class Unclosed extends FilterOutputStream {
        Unclosed(OutputStream to) { super(to); }

        @Override
        public void write(byte[] b, int off, int len) throws IOException { out.write(b, off, len); }

        @Override
        public void close() throws IOException { flush(); }
    }
}
