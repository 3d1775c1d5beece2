package dev.culebra.tests.hardware;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Tests that run in one JVM, since a context that is lost on a real device stays lost for its process.
 *
 * @param name it is chosen by
 * @param what it is about
 * @param packages whose tests all belong to it
 * @param classes further ones
 * @param emulated stand in for {@code classes} without a GPU
 */
record Suite(String name, String what, List<String> packages, List<String> classes, List<String> emulated) {

    private static final String TESTS = "dev.culebra.tests.";

    /** All of them; those that say most in the least time come first. */
    static final List<Suite> ALL = List.of(
            of("driver", "every object over the driver", "driver"),
            of("products", "encoded and dense weights times activations",
                    List.of("spmm.CudaSpmmTest", "spmm.CudaDenseSpmmTest", "spmm.FreeBytesTest"),
                    List.of("spmm.EmulatorSpmmTest", "spmm.EmulatorDenseSpmmTest", "spmm.FreeBytesTest")),
            of("kernels", "each kernel, to the bit", List.of("kernel.ExactProductsTest")),
            of("models", "a model's logits and text on the device's kernels", List.of("opt.EmulatorTest")),
            of("command", "culebra launch, spmm, demo and info",
                    List.of("cli.LaunchCommandTest", "cli.SpmmCommandTest", "cli.DemoAndInfoTest")),
            of("textbook", "programs that nvcc compiled", "emulator.textbook"),
            of("programs", "programs of other compilers, formats, fragments",
                    Stream.of("Objects", "Triton", "Fragments", "Formats", "Wide", "WarpgroupProduct")
                            .map(n -> "emulator.exec." + n + "Test")
                            .toList()),
            of("conformance", "1841 small programs by sections of the PTX ISA", "conformance"));

    private static Suite of(String name, String what, String testPackage) {
        return new Suite(name, what, List.of(TESTS + testPackage), List.of(), List.of());
    }

    private static Suite of(String name, String what, List<String> classes) { return of(name, what, classes, classes); }

    private static Suite of(String name, String what, List<String> classes, List<String> emulated) {
        return new Suite(name, what, List.of(), full(classes), full(emulated));
    }

    private static List<String> full(List<String> classes) { return classes.stream().map(TESTS::concat).toList(); }

    /** A suite by its name, or one of a single class of the tests, by its name from {@code dev.culebra.tests} on or whole. */
    static Optional<Suite> named(String name) {
        for (Suite s : ALL) if (s.name.equals(name)) return Optional.of(s);
        for (String className : List.of(name, TESTS + name)) {
            try {
                Class.forName(className, false, Suite.class.getClassLoader());
                return Optional.of(new Suite(name, "one class", List.of(), List.of(className), List.of(className)));
            } catch (ClassNotFoundException | LinkageError e) {
                // The other one, or none.
            }
        }
        return Optional.empty();
    }
}
