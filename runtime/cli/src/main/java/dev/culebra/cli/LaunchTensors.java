package dev.culebra.cli;

import dev.culebra.llm.checkpoint.Safetensors;
import dev.culebra.llm.checkpoint.TensorInfo;
import dev.culebra.sparse.SparseMatrix;
import picocli.CommandLine.TypeConversionException;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** The tensors among a launch's arguments, their files open. */
final class LaunchTensors implements AutoCloseable {
    private record Source(Safetensors file, TensorInfo tensor) {}

    private final Map<LaunchArgument.Tensor, Source> sources = new IdentityHashMap<>();

    private LaunchTensors() {}

    /** Opens all of them: what is wrong with files is said before a device is asked for anything. */
    static LaunchTensors open(List<LaunchArgument> arguments) throws IOException {
        var tensors = new LaunchTensors();
        try {
            for (var argument : arguments) {
                if (argument instanceof LaunchArgument.Tensor t) tensors.sources.put(t, source(t.place()));
            }
            return tensors;
        } catch (Throwable e) {
            tensors.close();
            throw e;
        }
    }

    private static Source source(String place) throws IOException {
        int end = fileEnd(place);
        var path = path(place.substring(0, end));
        if (Files.isRegularFile(path) && SparseMatrix.isEncoded(path)) {
            throw new Failure(path + ": is an encoded file; needed here is a safetensors file ('decode' makes one)");
        }
        var file = Safetensors.open(path);
        try {
            return new Source(file, end == place.length() ? file.onlyTensor() : file.tensor(place.substring(end + 1)));
        } catch (Throwable e) {
            file.close();
            throw e;
        }
    }

    /**
     * Where the file's name ends. Both names may have colons, a file's because of a drive: the longest beginning that is
     * there is the file. Where nothing is there, what looks like one is what the message is to be about.
     */
    private static int fileEnd(String place) {
        for (int end = place.length(); end > 0; end = place.lastIndexOf(':', end - 1)) {
            if (exists(place.substring(0, end))) return end;
        }
        var usual = ".safetensors";
        int at = place.indexOf(usual + ":");
        return at < 0 ? place.length() : at + usual.length();
    }

    private static boolean exists(String name) {
        try {
            return Files.exists(Path.of(name));
        } catch (InvalidPathException e) {
            return false; // on Windows, where a colon belongs behind a drive only
        }
    }

    private static Path path(String name) {
        try {
            return Options.path(name);
        } catch (TypeConversionException e) {
            throw new Failure(e.getMessage());
        }
    }

    Path[] files() { return sources.values().stream().map(s -> s.file.path()).distinct().toArray(Path[]::new); }

    TensorInfo tensor(LaunchArgument.Tensor argument) { return sources.get(argument).tensor; }

    MemorySegment data(LaunchArgument.Tensor argument) {
        var source = sources.get(argument);
        return source.file.data(source.tensor);
    }

    @Override
    public void close() { sources.values().forEach(s -> s.file.close()); }
}
