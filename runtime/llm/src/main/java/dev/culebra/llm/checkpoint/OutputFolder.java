package dev.culebra.llm.checkpoint;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A folder on its way: it is filled beside its target under a hidden name, and takes the target's name once it is complete.
 * Nobody sees half of one; what is given up (an error, Ctrl-C) leaves nothing. One thread's at a time.
 */
public final class OutputFolder implements AutoCloseable {
    private static final long MIB = 1 << 20;

    private final Path target;
    private final Path part;

    private OutputFolder(Path target, Path part) {
        this.target = target;
        this.part = part;
    }

    /**
     * Begins a folder, and makes it under its hidden name.
     *
     * @param path the folder's final name; nothing may have it but an empty folder
     * @param inputs folders that are read meanwhile; the new one may not lie in one of them
     * @return the folder on its way
     * @throws CheckpointException if the name is taken, or its parent is missing, closed to us, or one of the inputs
     * @throws IOException if the system refuses
     */
    public static OutputFolder beside(Path path, Path... inputs) throws IOException {
        var absolute = path.toAbsolutePath();
        if (absolute.getFileName() == null) throw refuse(path, "it names no folder");
        if (!Files.isDirectory(absolute.getParent())) throw refuse(path, "no folder " + absolute.getParent());
        // An empty folder that a link leads to stays where it is, and gets the content.
        if (Files.isSymbolicLink(absolute) && !Files.exists(absolute)) throw refuse(path, "it is a link to nothing");
        var target = Files.exists(absolute)
                ? absolute.toRealPath()
                : absolute.getParent().toRealPath().resolve(absolute.getFileName());
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            if (!Files.isDirectory(target)) throw refuse(path, "it is a file; give a new folder");
            if (!isEmpty(target)) throw refuse(path, "the folder is not empty; give a new one");
        }
        var parent = target.getParent();
        for (var input : inputs) {
            if (Files.isDirectory(input) && target.startsWith(input.toRealPath())) {
                throw refuse(path, "it lies in " + input + ", which is read");
            }
        }
        if (parent == null) throw refuse(path, "it is the root of a file system");
        if (!Files.isWritable(parent)) throw refuse(path, "no permission to write in " + parent);
        // A container's volume: what is renamed to it would come from another disk.
        if (Files.exists(target) && !Files.getFileStore(target).equals(Files.getFileStore(parent))) {
            throw refuse(path, "a disk begins there; give a new folder inside it");
        }
        var part = parent.resolve("." + UUID.randomUUID().toString().substring(0, 8) + ".culebra.part");
        Unfinished.add(part);
        try {
            Files.createDirectory(part);
        } catch (Throwable e) {
            Unfinished.giveUp(part);
            throw e;
        }
        return new OutputFolder(target, part);
    }

    /**
     * Where to write.
     *
     * @return an empty folder beside the target
     */
    public Path part() { return part; }

    /**
     * Refuses what the disk has no room for, before it is written.
     *
     * @param bytes how much will be
     * @throws CheckpointException if there is less room; the message has both numbers
     * @throws IOException if the system can not tell
     */
    public void checkRoom(long bytes) throws IOException {
        var store = Files.getFileStore(part);
        long room = store.getUsableSpace();
        // Some file systems do not tell.
        if (bytes <= room || room <= 0 && store.getTotalSpace() <= 0) return;
        throw refuse(target, "it would take " + Math.ceilDiv(bytes, MIB) + " MiB, but its disk has room for "
                + room / MIB + " MiB");
    }

    /**
     * Gives the complete folder its name.
     *
     * @throws CheckpointException if something else took the name meanwhile
     * @throws IOException if the system refuses; the target is then as it was
     */
    public void commit() throws IOException {
        force();
        try {
            // An empty folder is in the way on some systems; what was put there meanwhile is not ours to delete.
            if (Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) Files.delete(target);
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (DirectoryNotEmptyException e) {
            throw refuse(target, "the folder is not empty any more");
        } catch (FileSystemException e) {
            throw Files.exists(target, LinkOption.NOFOLLOW_LINKS) ? refuse(target, "it is there by now") : e;
        }
        Unfinished.finished(part);
    }

    /** Takes away what was not committed. May be called twice. */
    @Override
    public void close() { Unfinished.giveUp(part); }

    /** On the disk before it has the name: a power failure must not leave the name with nothing under it. */
    private void force() throws IOException {
        try (Stream<Path> files = Files.walk(part)) {
            for (var file : (Iterable<Path>) files
                    .filter(f -> Files.isRegularFile(f, LinkOption.NOFOLLOW_LINKS))::iterator) {
                try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    channel.force(true);
                }
            }
        }
    }

    private static boolean isEmpty(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.findFirst().isEmpty();
        }
    }

    private static CheckpointException refuse(Path path, String why) {
        return new CheckpointException(path, "can not be written: " + why);
    }
}
