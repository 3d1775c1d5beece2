package dev.culebra.jmh.bundle;

import dev.culebra.cli.Failure;
import dev.culebra.jmh.run.Checkout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What a built checkout gives to a bundle. */
public final class Parts {

    private final Path root;

    /**
     * Those of a checkout.
     *
     * @param root its folder
     */
    public Parts(Path root) { this.root = root; }

    /** Those of the checkout whose script runs this. */
    static Parts own() {
        return new Parts(Checkout.root().orElseThrow(
                () -> new Failure("a bundle is made of a checkout: run './culebra bundle OUT.tar.xz' in one")));
    }

    /**
     * All of them.
     *
     * @return by their paths in the bundle
     * @throws IOException if one can not be read
     * @throws Failure if one was not built
     */
    public SortedMap<String, Entry> files() throws IOException {
        var files = new TreeMap<String, Entry>();
        files.put("lib/benchmarks.jar", Entry.of(Jar.stored(built("jmh/target/benchmarks.jar"))));
        files.put("tests/suite/lib/culebra-tests.jar",
                Entry.of(Jar.of(built("runtime/examples/target/classes"), built("tests/suite/target/test-classes"))));
        try (Stream<Path> jars = Files.list(built("tests/suite/target/bundle"))) {
            for (Path jar : (Iterable<Path>) jars.filter(f -> f.toString().endsWith(".jar"))::iterator) {
                files.put("tests/suite/lib/" + jar.getFileName(), Entry.of(Jar.stored(jar)));
            }
        }
        // A test of the driver layer reads it, by its place beside the suite's folder.
        files.put("bindings/functions.args", Entry.of(root.resolve("bindings/functions.args")));
        files.put("LICENSE", Entry.of(root.resolve("LICENSE")));
        return files;
    }

    private Path built(String path) {
        Path file = root.resolve(path);
        if (Files.exists(file)) return file;
        throw new Failure(
                file + " is missing: build it with 'mvn -pl jmh,tests/suite -am package -DskipTests' in " + root);
    }
}
