package dev.culebra.cli;

import dev.culebra.llm.checkpoint.OutputFile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where results are to be written: looked at before the work, not after it. */
final class Outputs {
    private Outputs() {}

    /** Fails if a file can not be written there, or is one of those that are read. */
    static void check(Path output, Path... inputs) throws IOException {
        for (var input : inputs) {
            if (Files.exists(output) && Files.exists(input) && Files.isSameFile(output, input)) {
                throw new Failure(output + ": is also read by this command; give the output another name");
            }
        }
        OutputFile.beside(output).close();
    }

    /** Fails if a file of that size, which {@link #check} found a place for, has no room there. */
    static void checkRoom(Path output, long bytes) throws IOException {
        var folder = (Files.exists(output) ? output.toRealPath() : output.toAbsolutePath()).getParent();
        var store = Files.getFileStore(folder);
        long room = store.getUsableSpace();
        // Some file systems do not tell.
        if (bytes > room && (room > 0 || store.getTotalSpace() > 0)) {
            throw new Failure(output + ": would take " + Text.bytes(bytes) + ", but its disk has room for "
                    + Text.bytes(room));
        }
    }
}
