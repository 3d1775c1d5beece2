package dev.culebra.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.CudaUnavailableException;
import dev.culebra.driver.Device;
import dev.culebra.driver.Dim3;
import dev.culebra.driver.Kernel;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.spi.CounterRecording;
import dev.culebra.llm.checkpoint.SafetensorsWriter.Declaration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;

/** {@code culebra launch}. */
@Command(name = "launch", mixinStandardHelpOptions = true, versionProvider = Version.class,
        header = "Run a kernel of your own from its PTX.", description = {
            "",
            "Loads PTX (what 'nvcc -ptx' prints), gives one kernel its arguments, launches it once and writes what it made. "
                    + "No GPU is needed: the emulator runs the same PTX, slowly, and reports what hardware would let pass, such "
                    + "as reads of memory that nobody wrote.",
            "",
            "An argument is one of these, one for each of the kernel's parameters, in order:",
            "  i32:5  i64:-1  i8:  i16:      a whole number, signed or unsigned, also as 0x1f",
            "  f32:0.5  f64:  f16:           a number; nan, inf, -inf; bits as in PTX, f32:0f3F800000",
            "  bytes:0500000000000040        a struct passed by value, as it lies in memory",
            "  in:FILE[:TENSOR]              a tensor of a safetensors file, copied to the device",
            "  out:NAME:TYPE:COUNT           fresh device memory, whatever it holds; written to the output under NAME.",
            "                                TYPE is f16, bf16, f32, f64, i8, i16, i32 or i64",
            "  zeros:NAME:TYPE:COUNT         the same, zeroed before the launch",
            "  inout:NAME:FILE[:TENSOR]      a tensor, copied to the device, and written to the output under NAME",
            "",
            "Example:",
            "  culebra launch --ptx axpy.ptx --kernel axpy --grid 8 --block 128 \\",
            "                 --arg in:x.safetensors --arg inout:y:y.safetensors --arg f32:2 --arg i32:1000 \\",
            "                 --output result.safetensors", ""})
final class LaunchCommand implements Callable<Integer> {
    private static final Pattern VERSION = Pattern.compile("^\\s*\\.version\\s", Pattern.MULTILINE);

    private final Console console;

    @Spec
    private CommandSpec spec;

    @Option(names = "--ptx", required = true, paramLabel = "F.ptx", description = "PTX text.")
    private Path ptxFile;

    @Option(names = "--kernel", paramLabel = "NAME",
            description = "Which of its kernels, by the name that stands in the PTX; may be left out where there is one.")
    private String kernelName;

    @Option(names = "--grid", required = true, paramLabel = "x[,y,z]", converter = Options.ExtentConverter.class,
            description = "Blocks.")
    private Dim3 grid;

    @Option(names = "--block", required = true, paramLabel = "x[,y,z]", converter = Options.ExtentConverter.class,
            description = "Threads a block.")
    private Dim3 block;

    @Option(names = "--shared", paramLabel = "BYTES", defaultValue = "0", converter = Options.BytesConverter.class,
            description = "Dynamic shared memory a block. Default: ${DEFAULT-VALUE}.")
    private Integer shared;

    @Option(names = "--cluster", paramLabel = "x[,y,z]", converter = Options.ExtentConverter.class,
            description = "Blocks a cluster (compute capability 9.0 and later).")
    private Dim3 cluster;

    @Option(names = "--cooperative", description = "All blocks run at once, so that they can wait for each other.")
    private boolean cooperative;

    /** As written: of several behind one --arg picocli would take the first that is none for an argument of its own. */
    @Option(names = "--arg", arity = "1..*", paramLabel = "ARG",
            description = "The kernel's arguments, as above, in order.")
    private String[] arguments = {};

    @Option(names = "--output", paramLabel = "O",
            description = "A safetensors file to write, with one tensor for each of out:, zeros: and inout:; an existing one is replaced.")
    private Path output;

    @Option(names = "--device", paramLabel = "D", defaultValue = "auto", converter = Options.PtxDeviceConverter.class,
            description = "auto (a GPU if there is one, else the emulator), cuda, cuda:1 (the second GPU) or emulator. "
                    + "The CPU runs no PTX. Default: ${DEFAULT-VALUE}.")
    private String device;

    @Option(names = "--json",
            description = "Print one line with one JSON object: device, description, kernel, grid, block, cluster, cooperative, "
                    + "shared_bytes (dynamic), static_shared_bytes, registers and local_bytes (of a thread), time_ms (this one "
                    + "launch, between two events on the device), outputs (name, type, shape). What the kernel prints comes on "
                    + "standard output before it.")
    private boolean json;

    @Option(names = "--counters",
            description = "Count what the launch executes: PTX instructions by class, shared-memory wavefronts and bank conflicts, "
                    + "global sectors, barriers, bytes. With --json an object 'counters'. The emulator counts, a GPU does not.")
    private boolean counters;

    @Option(names = "--elements", paramLabel = "COUNT", converter = Options.CountConverter.class,
            description = "Give the counters also for each of so many elements.")
    private Long elements;

    LaunchCommand(Console console) { this.console = console; }

    @Override
    public Integer call() throws IOException {
        var given = given();
        checkNames(given);
        var chosen = device.equals("auto") ? Cuda.available().available() ? "cuda" : "emulator" : device;
        if (counters) CountersReport.require(spec, chosen);
        var config = new LaunchConfig(grid, block, shared, cluster, cooperative, false);
        var ptx = ptx();
        try (var tensors = LaunchTensors.open(given)) {
            if (output != null) {
                Outputs.check(output, tensors.files());
                Outputs.check(output, ptxFile);
                Outputs.checkRoom(output, LaunchMemory.outputBytes(given, tensors));
            }
            run(device(chosen), given, config, ptx, tensors);
        }
        return Culebra.OK;
    }

    private void run(Device device, List<LaunchArgument> given, LaunchConfig config, String ptx, LaunchTensors tensors)
            throws IOException {
        try (var context = device.context();
                var module = console.during("compiling " + ptxFile.getFileName(), () -> context.load(ptx));
                var memory = new LaunchMemory(context, tensors, console)) {
            var kernel = kernel(module);
            LaunchFit.check(kernel, given);
            var values = given.stream().map(memory::of).toArray();
            try (var recording = counters ? device.cuda().recordCounters() : null) {
                double milliseconds = console.during("running " + kernel.name(),
                        () -> milliseconds(context, kernel, config, values));
                if (output != null) memory.write(output);
                report(device, kernel, config, memory.outputs(), milliseconds, counted(recording));
            }
        }
    }

    private List<LaunchArgument> given() {
        var converter = new LaunchArgument.Converter();
        var all = new ArrayList<LaunchArgument>();
        for (var text : arguments) {
            try {
                all.add(converter.convert(text));
            } catch (TypeConversionException e) {
                throw new ParameterException(spec.commandLine(), "--arg: argument " + (all.size() + 1) + ", "
                        + e.getMessage());
            }
        }
        return all;
    }

    private CountersReport counted(CounterRecording recording) {
        return recording == null
                ? null
                : new CountersReport(recording.launches(),
                        elements == null ? OptionalLong.empty() : OptionalLong.of(elements));
    }

    /** What the command line alone tells to be wrong. */
    private void checkNames(List<LaunchArgument> given) {
        var names = given.stream().flatMap(a -> a.outputName().stream()).toList();
        var twice = names.stream().filter(n -> names.indexOf(n) != names.lastIndexOf(n)).findFirst();
        if (twice.isPresent()) {
            throw new ParameterException(spec.commandLine(), "two arguments are both written as '" + twice.get()
                    + "'; give each a name of its own");
        }
        if (output != null && names.isEmpty()) {
            throw new ParameterException(spec.commandLine(),
                    "nothing would be written to --output: no argument is out:, zeros: or inout:");
        }
        if (elements != null && !counters) {
            throw new ParameterException(spec.commandLine(),
                    "--elements is what --counters are given for: add --counters");
        }
    }

    private String ptx() throws IOException {
        if (Files.exists(ptxFile) && !Files.isRegularFile(ptxFile)) throw new Failure(ptxFile + ": not a regular file");
        // What is not text is in comments, where it does not matter; some tools end the text as C does.
        var text = new String(Files.readAllBytes(ptxFile), StandardCharsets.UTF_8);
        int end = text.indexOf('\0');
        var ptx = end < 0 ? text : text.substring(0, end);
        if (!VERSION.matcher(ptx).find()) {
            throw new Failure(ptxFile + ": is no PTX: it has no line with .version; 'nvcc -ptx' prints PTX");
        }
        return ptx;
    }

    private static Device device(String name) {
        int colon = name.indexOf(':');
        try {
            var cuda = Cuda.open(colon < 0 ? name : name.substring(0, colon));
            return cuda.device(colon < 0 ? 0 : Integer.parseInt(name.substring(colon + 1)));
        } catch (CudaUnavailableException e) {
            throw new Failure(DriverReason.sentence(e, "--device emulator"));
        }
    }

    private Kernel kernel(CudaModule module) {
        var names = module.kernelNames();
        if (names.isEmpty()) throw new Failure(ptxFile + ": has no kernel: no .entry");
        if (kernelName == null && names.size() > 1) {
            throw new Failure(ptxFile + ": has " + names.size() + " kernels; name one with --kernel: "
                    + String.join(", ", names));
        }
        if (kernelName != null && !names.contains(kernelName)) {
            throw new Failure(ptxFile + ": has no kernel '" + kernelName + "'; it has " + String.join(", ", names)
                    + " (C++ names are mangled unless declared extern \"C\")");
        }
        return module.kernel(kernelName == null ? names.getFirst() : kernelName);
    }

    private static double milliseconds(Context context, Kernel kernel, LaunchConfig config, Object[] values) {
        var stream = context.defaultStream();
        try (var begin = context.newTimingEvent(); var end = context.newTimingEvent()) {
            stream.record(begin);
            kernel.launch(stream, config, values);
            stream.record(end);
            stream.synchronize();
            return end.millisecondsSince(begin);
        }
    }

    private void report(Device chosen, Kernel kernel, LaunchConfig config, List<Declaration> outputs,
            double milliseconds, CountersReport counted) throws IOException {
        var provider = chosen.cuda().provider();
        var description = chosen.name() + ", compute capability " + chosen.computeCapability().major() + "."
                + chosen.computeCapability().minor();
        if (json) {
            var object = Console.object().put("device", provider).put("description", description)
                    .put("kernel", kernel.name());
            extents(object.putArray("grid"), config.grid());
            extents(object.putArray("block"), config.block());
            if (config.cluster() != null) extents(object.putArray("cluster"), config.cluster());
            object.put("cooperative", config.cooperative()).put("shared_bytes", config.sharedBytes())
                    .put("static_shared_bytes", kernel.sharedBytes()).put("registers", kernel.registers())
                    .put("local_bytes", kernel.localBytes()).put("time_ms", milliseconds);
            var list = object.putArray("outputs");
            for (var o : outputs) {
                var shape = list.addObject().put("name", o.name()).put("type", o.type().name()).putArray("shape");
                o.shape().forEach(shape::add);
            }
            if (counted != null) object.set("counters", counted.json());
            console.json(object);
            return;
        }
        console.line("%s", kernel.name());
        console.line("  device   %s: %s", provider, description);
        console.line("  shape    %s blocks of %s threads%s%s", config.grid(), config.block(),
                config.cluster() == null ? "" : ", clusters of " + config.cluster(),
                config.cooperative() ? ", all at once" : "");
        console.line("  memory   %d registers and %s local a thread, %s shared a block, of it %s dynamic",
                kernel.registers(), Text.bytes(kernel.localBytes()),
                Text.bytes((long) kernel.sharedBytes() + config.sharedBytes()), Text.bytes(config.sharedBytes()));
        console.line("  time     %s, this one launch%s", Text.milliseconds(milliseconds),
                provider.equals("emulator") ? " (an emulator's time says nothing of a GPU's)" : "");
        for (var o : outputs) {
            console.line("  output   '%s' %s %s%s", o.name(), o.type(), o.shape(),
                    output == null ? ", not kept: there is no --output" : " in " + output);
        }
        if (counted != null) counted.print(console);
    }

    private static void extents(ArrayNode array, Dim3 extents) {
        array.add(extents.x()).add(extents.y()).add(extents.z());
    }
}
