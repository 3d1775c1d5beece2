package dev.culebra.tests.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.culebra.cli.Culebra;
import dev.culebra.driver.Cuda;
import dev.culebra.tests.checkpoint.RawFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Everything that can be wrong with a launch: one line that says what and what to do, and nothing written. */
class LaunchRefusalTest {
    @TempDir
    Path folder;
    private Path axpy;
    private Path two;
    private Path x;
    private Path output;
    private List<Path> before;

    @BeforeEach
    void soundFiles() throws IOException {
        axpy = Files.writeString(folder.resolve("axpy.ptx"), LaunchPrograms.AXPY);
        two = Files.writeString(folder.resolve("two.ptx"), LaunchPrograms.TWO);
        x = RawFile.matrix(folder.resolve("x.safetensors"), "x", "F32", 1, 4, RawFile.bytes(1f, 2f, 3f, 4f));
        output = folder.resolve("y.safetensors");
        remember();
    }

    private void remember() throws IOException { before = files(); }

    private List<Path> files() throws IOException {
        try (var files = Files.walk(folder)) {
            return files.sorted().toList();
        }
    }

    @AfterEach
    void nothingIsWritten() throws IOException { assertEquals(before, files()); }

    private Path write(String name, String text) throws IOException {
        var path = Files.writeString(folder.resolve(name), text);
        remember();
        return path;
    }

    /** On the emulator, one block of 32 threads, with an output; what is given last wins over none of them. */
    private Run launch(Path ptx, Object... args) {
        var all = new ArrayList<Object>(
                List.of("launch", "--ptx", ptx, "--grid", 1, "--block", 32, "--device", "emulator",
                        "--output", output, "--arg"));
        all.addAll(Arrays.asList(args));
        return Run.of(all.toArray());
    }

    /** Where a line of the command says FILE stands a sound one. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "i32|'i32' is no argument; give i32:5, i64:5, f32:0.5",
        "5|'5' is no argument; give i32:5",
        "u32:5|'u32:5' is no argument; give",
        "i32:|'i32:' is no whole number of 32 bits; give -2^31 to 2^32 - 1, such as 5, -1 or 0x1f",
        "i32:4294967296|'i32:4294967296' is no whole number of 32 bits",
        "i32:-2147483649|is no whole number of 32 bits",
        "i32:0x100000000|is no whole number of 32 bits",
        "i32:1.0|is no whole number of 32 bits",
        "i32:1_000|is no whole number of 32 bits",
        "i32:5f|is no whole number of 32 bits",
        "i8:256|is no whole number of 8 bits; give -2^7 to 2^8 - 1",
        "i64:18446744073709551616|is no whole number of 64 bits; give -2^63 to 2^64 - 1",
        "f32:one|'f32:one' is no number; give one such as 0.5, -1e-3, nan, inf, or bits as PTX writes them: f32:0f3F800000",
        "f32:|is no number", "f32:1.5f|is no number", "f32:0x1p3|is no number", "f32:0f3F8000|is no number",
        "f32:0d3FF0000000000000|is no number",
        "f32:3.5e38|is beyond f32's largest number, 3.4028235e38; infinity is f32:inf",
        "f32:-1e999|is beyond f32's largest number",
        "f64:1e999|is beyond f64's largest number",
        "f16:65520|is beyond f16's largest number, 65504; infinity is f16:inf",
        "bytes:123|is no struct; give its bytes in the order of memory", "bytes:|is no struct", "bytes:0g|is no struct",
        "in:|'in:' names no file", "inout:y:|names no file", "inout:y|names no file; give inout:NAME:FILE",
        "inout::FILE|gives the output no name",
        "out:y|is not complete; give out:NAME:TYPE:COUNT, such as out:y:f32:1000",
        "zeros:f32:4|is not complete; give zeros:NAME:TYPE:COUNT",
        "out:y:F32:4|has the type 'F32'; give one of f16, bf16, f32, f64, i8, i16, i32, i64",
        "out:y:u32:4|has the type 'u32'", "out:y:f32:|has no count of elements from 0 to 2^48 at its end",
        "out:y:f32:-1|has no count", "out:y:f32:4.0|has no count", "out:y:f32:281474976710657|has no count",
        "out:y:f32:99999999999999999999999|has no count",
        "out::f32:4|gives the output no name",
        "out:__metadata__:f32:4|gives the output a name that the file format keeps for itself"})
    void argumentsThatAreNone(String argument, String piece) {
        launch(axpy, argument.replace("FILE", x.toString())).failed(Culebra.USAGE, "--arg", piece, "--help')");
    }

    /** Not only the first: several may stand behind one --arg. */
    @Test
    void theOneThatIsNoneIsNamed() {
        launch(axpy, "in:" + x, "i32:5", "f32:1.5f").failed(Culebra.USAGE,
                "--arg: argument 3, 'f32:1.5f' is no number");
        launch(axpy, "in:" + x, "--arg", "i8:300").failed(Culebra.USAGE,
                "--arg: argument 2, 'i8:300' is no whole number of 8 bits");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--grid 0|'0' is no extent; give one to three whole numbers from 1 to 2147483647, such as 128 or 16,16",
        "--grid 1,2,3,4|is no extent", "--grid 1,,2|is no extent", "--block -1|is no extent",
        "--block 99999999999|is no extent",
        "--cluster 0|is no extent", "--shared -1|'-1' is no number of bytes from 0 to 2147483647",
        "--shared 48k|is no number of bytes",
        "--device cpu|the CPU runs no PTX; give auto, cuda, cuda:1 (the second GPU) or emulator, which needs no GPU",
        "--device tpu|'tpu' is no device that runs PTX", "--device emulator:x|is no device that runs PTX",
        "--elements 0 --counters|'0' is no count from 1 on", "--elements 5|--elements is what --counters are given for",
        "--device cuda --counters|--counters: device 'cuda' does not count",
        "--arg out:y:f32:4 --arg zeros:y:f32:4|two arguments are both written as 'y'; give each a name of its own"})
    void optionsThatMakeNoSense(String options, String piece) {
        var all = new ArrayList<Object>(List.of("launch", "--ptx", axpy));
        for (var needed : List.of("--grid", "--block")) {
            if (!options.startsWith(needed)) all.addAll(List.of(needed, 1));
        }
        all.addAll(Arrays.asList(options.split(" ")));
        Run.of(all.toArray()).failed(Culebra.USAGE, piece, "--help')");
    }

    @Test
    void anOutputOfNothing() {
        launch(axpy, "i32:1").failed(Culebra.USAGE,
                "nothing would be written to --output: no argument is out:, zeros: or"
                        + " inout:");
    }

    /** What is given and what is taken, both in full. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "out:y:f32:4|1 argument is given, and axpy takes (.u64 x, .u64 y, .f32 a, .u32 n), given are (out:y:f32:4)",
        "out:y:f32:4 i64:0 f32:1 i32:1 i32:2|5 arguments are given, and axpy takes (.u64 x, .u64 y, .f32 a, .u32 n), given are"
                + " (out:y:f32:4, i64:0, f32:1, i32:1, i32:2)",
        "out:y:f32:4 i32:0 f32:1 i32:1|argument 2, i32:0, has 4 bytes, and .u64 y has 8: axpy takes (",
        "out:y:f32:4 i64:0 out:z:f32:4 i32:1|argument 3, out:z:f32:4, is an address, which has 8 bytes, and .f32 a has 4",
        "out:y:f32:4 i64:0 i32:1 i32:1|argument 3, i32:1, is no f32, which .f32 a is",
        "out:y:f32:4 i64:0 f32:1 f32:1|argument 4, f32:1, is no whole number, which .u32 n is",
        "out:y:f32:4 f64:0 f32:1 i32:1|argument 2, f64:0, is no whole number, which .u64 y is",
        "out:y:f32:4 i64:0 f64:1 i32:1|argument 3, f64:1, has 8 bytes, and .f32 a has 4",
        "out:y:f32:4 i64:0 f32:1 bytes:0102|argument 4, bytes:0102, has 2 bytes, and .u32 n has 4"})
    void argumentsThatDoNotFitTheKernel(String arguments, String piece) {
        launch(axpy, (Object[]) arguments.split(" ")).failed(Culebra.FAILED, piece);
    }

    @Test
    void argumentsOfAKernelWithoutParameters() throws IOException {
        var nothing = write("n.ptx", LaunchPrograms.NOTHING);
        launch(nothing, "out:y:f32:4").failed(Culebra.FAILED, "nothing takes none, given are (out:y:f32:4)");
        Run.of("launch", "--ptx", axpy, "--grid", 1, "--block", 1, "--device", "emulator").failed(Culebra.FAILED,
                "0 arguments are given, and axpy takes (.u64 x, .u64 y, .f32 a, .u32 n), given is none");
    }

    @Test
    void kernelsThatAreNotThere() throws IOException {
        launch(two, "out:y:f32:4").failed(Culebra.FAILED,
                two + ": has 2 kernels; name one with --kernel: reverse, count");
        launch(two, "out:y:f32:4", "--kernel", "revers").failed(Culebra.FAILED,
                two + ": has no kernel 'revers'; it has reverse, count (C++ names are mangled unless declared extern \"C\")");
        var none = write("none.ptx", ".version 7.0\n.target sm_80\n.address_size 64\n.func f() { ret; }\n");
        launch(none, "out:y:f32:4").failed(Culebra.FAILED, none + ": has no kernel: no .entry");
    }

    @Test
    void filesThatAreNoPtx() throws IOException {
        launch(folder.resolve("missing.ptx"), "out:y:f32:4").failed(Culebra.FAILED, "missing.ptx: no such file");
        launch(folder, "out:y:f32:4").failed(Culebra.FAILED, folder + ": not a regular file");
        var source = write("k.cu", "__global__ void k() {}\n");
        launch(source, "out:y:f32:4").failed(Culebra.FAILED,
                source + ": is no PTX: it has no line with .version; 'nvcc -ptx' prints PTX");
        launch(x, "out:y:f32:4").failed(Culebra.FAILED, "is no PTX");
        launch(write("empty.ptx", ""), "out:y:f32:4").failed(Culebra.FAILED, "is no PTX");
    }

    /** The compiler's log, with line and instruction, on the one line. */
    @Test
    void ptxThatIsWrong() throws IOException {
        var unknown = write("u.ptx", LaunchPrograms.AXPY.replace("fma.rn.f32 %yi", "fma.up.f32 %yi"));
        launch(unknown, "out:y:f32:4", "i64:0", "f32:1", "i32:1").failed(Culebra.FAILED, "CUDA_ERROR_INVALID_PTX",
                "line 24",
                "fma.up.f32");
        var broken = write("b.ptx", LaunchPrograms.AXPY.substring(0, 300));
        launch(broken, "out:y:f32:4").failed(Culebra.FAILED, "CUDA_ERROR_INVALID_PTX");
        var newer = write("newer.ptx",
                LaunchPrograms.AXPY.replace(".version 7.0", ".version 8.7").replace(".target sm_80", ".target sm_120"));
        launch(newer, "out:y:f32:4", "i64:0", "f32:1", "i32:1").failed(Culebra.FAILED, "CUDA_ERROR", "sm_120", "9.0");
    }

    @Test
    void tensorsThatAreNotThere() throws IOException {
        launch(axpy, "in:" + folder.resolve("missing.safetensors"), "out:y:f32:4").failed(Culebra.FAILED,
                folder.resolve("missing.safetensors") + ": no such file");
        launch(axpy, "in:" + folder.resolve("missing.safetensors:x"), "out:y:f32:4").failed(Culebra.FAILED,
                folder.resolve("missing.safetensors") + ": no such file");
        launch(axpy, "in:" + x + ":z", "out:y:f32:4").failed(Culebra.FAILED, x + ": no tensor 'z'; it has 'x'");
        launch(axpy, "in:" + x + ":", "out:y:f32:4").failed(Culebra.FAILED, x + ": no tensor ''; it has 'x'");
        launch(axpy, "in:" + axpy, "out:y:f32:4").failed(Culebra.FAILED, axpy.toString(), "safetensors");
        launch(axpy, "in:" + folder, "out:y:f32:4").failed(Culebra.FAILED, folder + ": not a regular file");
        var pair = RawFile.write(folder.resolve("pair"),
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[2,4]}}",
                new byte[4]);
        remember();
        launch(axpy, "in:" + pair, "out:y:f32:4").failed(Culebra.FAILED, pair.toString(), "'a'", "'b'");
    }

    @Test
    void outputsThatCanNotBeWritten() throws IOException {
        var nowhere = folder.resolve("nowhere").resolve("y");
        var args = new Object[]{"launch", "--ptx", axpy, "--grid", 1, "--block", 1, "--device", "emulator", "--arg",
            "in:" + x,
            "out:y:f32:4", "f32:1", "i32:1", "--output", nowhere};
        Run.of(args).failed(Culebra.FAILED, nowhere + ": can not be written: no folder");
        for (var read : List.of(x, axpy)) {
            args[args.length - 1] = read;
            Run.of(args).failed(Culebra.FAILED, read + ": is also read by this command");
        }
        launch(axpy, "in:" + x, "out:y:f64:281474976710656", "f32:1", "i32:1").failed(Culebra.FAILED,
                output + ": would take 2.0 PiB, but its disk has room for ");
    }

    @Test
    void launchesThatADeviceRefuses() {
        launch(axpy, "in:" + x, "out:y:f32:4", "f32:1", "i32:1", "--shared", "300000").failed(Culebra.FAILED,
                "axpy wants 300000 bytes of shared memory a block", "has 232448");
        Run.of("launch", "--ptx", axpy, "--grid", 1, "--block", 1025, "--device", "emulator", "--arg", "in:" + x,
                "out:y:f32:4", "f32:1", "i32:1").failed(Culebra.FAILED, "up to 1024 threads a block", "1025");
        Run.of("launch", "--ptx", axpy, "--grid", "1,70000", "--block", 1, "--device", "emulator", "--arg", "in:" + x,
                "out:y:f32:4", "f32:1", "i32:1").failed(Culebra.FAILED, "a grid has up to 65535 blocks along y and z");
        Run.of("launch", "--ptx", axpy, "--grid", 3, "--block", 1, "--cluster", 2, "--device", "emulator", "--arg",
                "in:" + x, "out:y:f32:4", "f32:1", "i32:1").failed(Culebra.FAILED, "a grid is whole clusters");
        Run.of("launch", "--ptx", axpy, "--grid", 1, "--block", 1, "--device", "emulator", "--arg", "in:" + x,
                "out:y:f32:9000000000", "f32:1", "i32:1").failed(Culebra.FAILED, "CUDA_ERROR_OUT_OF_MEMORY");
        Run.of("launch", "--ptx", axpy, "--grid", 1, "--block", 1, "--device", "emulator:7", "--arg", "in:" + x,
                "out:y:f32:4", "f32:1", "i32:1").failed(Culebra.FAILED, "no device 7: the driver 'emulator' has 1");
    }

    /** A kernel's fault is told with kernel, line, block and thread; the device works again afterwards. */
    @Test
    void kernelsThatFault() throws IOException {
        var args = new Object[]{"in:" + x, "inout:y:" + x, "f32:1", "i32:5"};
        launch(axpy, args).failed(Culebra.FAILED, "CUDA_ERROR_ILLEGAL_ADDRESS", "axpy", "ptx line ", "block (0,0,0)",
                "thread (4,0,0)");
        launch(axpy, "i64:64", "inout:y:" + x, "f32:1", "i32:1").failed(Culebra.FAILED, "CUDA_ERROR_ILLEGAL_ADDRESS");
        args[3] = "i32:4";
        assertEquals(0, launch(axpy, args).code());
        assertTrue(Files.deleteIfExists(output));
    }

    @Test
    void aGpuWhereThereIsNone() {
        assumeFalse(Cuda.available().available(), "there is a GPU");
        Run.of("launch", "--ptx", axpy, "--grid", 1, "--block", 1, "--device", "cuda", "--arg", "i64:0", "i64:0",
                "f32:1",
                "i32:0").failed(Culebra.FAILED, "no CUDA driver", "--device emulator");
    }
}
