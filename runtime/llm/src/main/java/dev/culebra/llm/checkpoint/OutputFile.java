package dev.culebra.llm.checkpoint;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.UUID;

/**
 * A file on its way: it is written beside its target under another name, and takes the target's name once it is complete.
 * Whoever looks sees the old file or the new one, never half of one; what is given up (an error, Ctrl-C) leaves nothing.
 * One thread's at a time.
 */
public final class OutputFile implements AutoCloseable {
    private final Path target;
    private final Path part;

    private OutputFile(Path target, Path part) {
        this.target = target;
        this.part = part;
    }

    /**
     * Begins a file. Nothing is created yet: {@link #part()} says where to write.
     *
     * @param path the file's final name; where it exists, it must be a regular file that may be written
     * @return the file on its way
     * @throws CheckpointException if the folder is missing or closed to us, or the name belongs to something that is no file
     * @throws IOException if the system can not tell
     */
    public static OutputFile beside(Path path) throws IOException {
        var target = target(path);
        if (target.getFileName() == null) throw new CheckpointException(path, "can not be written: it names no file");
        if (Files.isDirectory(target)) throw new CheckpointException(path, "can not be written: it is a folder");
        if (Files.exists(target) && !Files.isRegularFile(target)) {
            // A rename would put a file in the place of a device such as /dev/null.
            throw new CheckpointException(path, "can not be written: it is not a regular file");
        }
        if (Files.exists(target) && !Files.isWritable(target))
            throw new CheckpointException(path, "can not be written: no permission");
        var folder = target.getParent();
        if (!Files.isDirectory(folder)) throw new CheckpointException(path, "can not be written: no folder " + folder);
        if (!Files.isWritable(folder))
            throw new CheckpointException(path, "can not be written: no permission to write in " + folder);
        var part = folder.resolve("." + UUID.randomUUID().toString().substring(0, 8) + ".culebra.part");
        Unfinished.add(part);
        return new OutputFile(target, part);
    }

    /** Through a symbolic link the file it leads to is replaced or made, not the link. */
    private static Path target(Path path) throws IOException {
        var target = path.toAbsolutePath();
        while (true) {
            try {
                // Also finds a name too long for the system, and a circle of links.
                Files.readAttributes(target, BasicFileAttributes.class);
                return target.toRealPath();
            } catch (NoSuchFileException e) {
                if (!Files.isSymbolicLink(target)) return target;
                target = target.resolveSibling(Files.readSymbolicLink(target));
            } catch (AccessDeniedException e) {
                return target; // said below, with what is denied
            } catch (FileSystemException e) {
                throw new CheckpointException(path, "can not be written: " + e.getReason());
            }
        }
    }

    /**
     * Where to write.
     *
     * @return a path in the target's folder, at which nothing exists yet
     */
    public Path part() { return part; }

    /**
     * Gives the complete file its name, replacing what had it.
     *
     * @throws IOException if the system refuses; the target is then as it was
     */
    public void commit() throws IOException {
        try {
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
        }
        Unfinished.finished(part);
    }

    /** Takes away what was not committed. May be called twice. */
    @Override
    public void close() { Unfinished.giveUp(part); }
}
