package dev.culebra.tests.machine;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** NVIDIA's assembler and disassembler, where there are any. */
final class CudaTools {

    private CudaTools() {}

    /**
     * A program: the file that the system property {@code culebra.NAME} names; else the first on the PATH, in CUDA_HOME, or in
     * Python's package triton, which brings both.
     */
    static Optional<String> find(String name) {
        String chosen = System.getProperty("culebra." + name);
        if (chosen != null) {
            return Optional.of(chosen);
        }
        List<Path> folders = new ArrayList<>();
        for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
            folders.add(Path.of(folder));
        }
        if (System.getenv("CUDA_HOME") != null) {
            folders.add(Path.of(System.getenv("CUDA_HOME"), "bin"));
        }
        try {
            folders.add(Path.of(run("python3", "-c", "import importlib.util as u, os;"
                    + "print(os.path.dirname(u.find_spec('triton').origin))").strip(), "backends", "nvidia", "bin"));
        } catch (IOException e) {
            // no Python, or none that has it
        }
        return folders.stream().map(f -> f.resolve(name)).filter(Files::isExecutable).map(Path::toString).findFirst();
    }

    /** Runs a program to its end and gives what it wrote to standard output. */
    static String run(String... command) throws IOException {
        Process p = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        try (InputStream in = p.getInputStream()) {
            String output = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            if (p.waitFor() != 0) {
                throw new IOException(String.join(" ", command) + " failed: " + output);
            }
            return output;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    /** Assembles PTX and lists its machine code with PTX lines. */
    static String disassemble(String ptx, String architecture) throws IOException {
        Path folder = Files.createTempDirectory("culebra-machine");
        try {
            Path text = Files.writeString(folder.resolve("k.ptx"), ptx);
            String cubin = folder.resolve("k.cubin").toString();
            run(find("ptxas").orElseThrow(), "-lineinfo", "-arch=" + architecture, text.toString(), "-o", cubin);
            // -gp: lines of the PTX itself, from .nv_debug_line_sass; -g would give those of the source it was made from.
            return run(find("nvdisasm").orElseThrow(), "-c", "-gp", cubin);
        } finally {
            try (var files = Files.list(folder)) {
                for (Path f : files.toList()) {
                    Files.delete(f);
                }
            }
            Files.delete(folder);
        }
    }
}
