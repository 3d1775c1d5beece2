package dev.culebra.jmh.bundle;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;

/**
 * One file of an archive.
 *
 * @param bytes what is in it; of a link, nothing
 * @param executable whether it may be run
 * @param link where it leads if it is a symbolic link, as seen from its folder; else null
 */
public record Entry(byte[] bytes, boolean executable, String link) {

    /**
     * A file, or a link as a link. Who may read it and when it was changed are this machine's affairs and left out.
     *
     * @param file there is one
     * @return what it is now
     * @throws IOException if it can not be read
     */
    public static Entry of(Path file) throws IOException {
        if (Files.isSymbolicLink(file)) return new Entry(new byte[0], false, Files.readSymbolicLink(file).toString());
        boolean executable = Files.getPosixFilePermissions(file).contains(PosixFilePermission.OWNER_EXECUTE);
        return new Entry(Files.readAllBytes(file), executable, null);
    }

    /**
     * Something to read.
     *
     * @param bytes what is in it; not copied
     * @return a file that is not to be run
     */
    public static Entry of(byte[] bytes) { return new Entry(bytes, false, null); }

    /**
     * The same file, to be run.
     *
     * @return with these bytes
     */
    public Entry runnable() { return new Entry(bytes, true, link); }
}
