package dev.culebra.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.Device;
import dev.culebra.spmm.Spmm;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

import java.io.IOException;
import java.util.concurrent.Callable;

/** {@code culebra info}. */
@Command(name = "info", mixinStandardHelpOptions = true, versionProvider = Version.class,
        header = "Show what this machine offers.", description = {
            "",
            "Version, JVM, CPU, the NVIDIA driver (or why there is none), its GPUs, and the emulated one.",
            "",
            "Example:",
            "  culebra info --json", ""})
final class InfoCommand implements Callable<Integer> {
    private static final String EMULATOR = "emulator";

    private final Console console;

    @ParentCommand
    private Culebra culebra;

    @Option(names = "--json", description = "Print one line with one JSON object.")
    private boolean json;

    InfoCommand(Console console) { this.console = console; }

    @Override
    public Integer call() throws IOException {
        var info = Console.object();
        info.put("version", Version.number());
        var jvm = info.putObject("jvm");
        jvm.put("version", Runtime.version().toString()).put("vendor", System.getProperty("java.vendor"))
                .put("name", System.getProperty("java.vm.name"))
                .put("max_heap_bytes", Runtime.getRuntime().maxMemory());
        info.putObject("os").put("name", System.getProperty("os.name")).put("arch", System.getProperty("os.arch"));
        try (var cpu = Spmm.open("cpu")) {
            info.putObject("cpu").put("description", cpu.description())
                    .put("threads", Runtime.getRuntime().availableProcessors())
                    .put("vector_api", ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent());
        }
        driver(info.putObject("cuda"), null);
        driver(info.putObject(EMULATOR), EMULATOR);
        if (json) console.json(info);
        else print(info);
        return Culebra.OK;
    }

    /** @param provider its name, or null for NVIDIA's */
    private static void driver(ObjectNode node, String provider) {
        var available = provider == null ? Cuda.available() : Cuda.available(provider);
        node.put("available", available.available());
        if (!available.available()) {
            node.put("reason", available.reason());
            return;
        }
        try {
            var cuda = provider == null ? Cuda.open() : Cuda.open(provider);
            node.put("driver_version", version(cuda.driverVersion())).put("origin", cuda.origin());
            var devices = node.putArray("devices");
            cuda.devices().forEach(device -> describe(devices, device));
        } catch (RuntimeException e) {
            // A driver that is there and fails is what 'info' is asked about.
            node.put("available", false).put("reason", Failures.describe(e, "asking the driver"));
        }
    }

    private static void describe(ArrayNode devices, Device device) {
        devices.addObject().put("ordinal", device.ordinal()).put("name", device.name())
                .put("compute_capability",
                        device.computeCapability().major() + "." + device.computeCapability().minor())
                .put("memory_bytes", device.totalMemory()).put("multiprocessors", device.multiprocessors())
                .put("clock_mhz", device.clockKilohertz() / 1000).put("l2_bytes", device.l2CacheBytes())
                .put("shared_bytes_per_block", device.sharedMemoryPerBlockOptIn())
                .put("shared_bytes_per_multiprocessor", device.sharedMemoryPerMultiprocessor())
                .put("pci_bus_id", device.pciBusId()).put("uuid", String.valueOf(device.uuid()));
    }

    /** 13000 is 13.0. */
    private static String version(int number) { return number / 1000 + "." + number % 1000 / 10; }

    private void print(ObjectNode info) {
        console.line("culebra   %s", info.path("version").asText());
        console.line("java      %s, %s, heap up to %s", info.at("/jvm/version").asText(),
                info.at("/jvm/vendor").asText(),
                Text.bytes(info.at("/jvm/max_heap_bytes").asLong()));
        console.line("system    %s, %s", info.at("/os/name").asText(), info.at("/os/arch").asText());
        console.line("cpu       %s%s", info.at("/cpu/description").asText(),
                info.at("/cpu/vector_api").asBoolean() ? "" : " (add --add-modules jdk.incubator.vector for vectors)");
        print("cuda", info);
        print(EMULATOR, info);
    }

    private void print(String name, ObjectNode info) {
        var node = info.path(name);
        if (!node.path("available").asBoolean()) {
            var reason = node.path("reason").asText();
            console.line("%-9s none: %s", name, culebra.verbose() ? reason : DriverReason.brief(reason));
            return;
        }
        console.line("%-9s driver %s, %s", name, node.path("driver_version").asText(), node.path("origin").asText());
        for (var d : node.path("devices")) {
            console.line(
                    "          %d: %s, compute capability %s, %s, %d multiprocessors at %d MHz, L2 %s, shared %s a block",
                    d.path("ordinal").asInt(), d.path("name").asText(), d.path("compute_capability").asText(),
                    Text.bytes(d.path("memory_bytes").asLong()), d.path("multiprocessors").asInt(),
                    d.path("clock_mhz").asInt(),
                    Text.bytes(d.path("l2_bytes").asLong()), Text.bytes(d.path("shared_bytes_per_block").asLong()));
        }
    }
}
