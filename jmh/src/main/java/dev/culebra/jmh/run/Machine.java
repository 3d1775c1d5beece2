package dev.culebra.jmh.run;

import com.sun.management.OperatingSystemMXBean;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.Device;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The machine that is measured.
 *
 * @param processor its name as it gives it
 * @param cores processors that this JVM may use
 * @param memory bytes
 * @param system operating system, version, architecture
 * @param gpu name and memory of the first GPU, and how many there are; null without one
 * @param driver the GPU driver's version; null without one
 * @param load work over the last minute, in cores; null where the system does not tell
 */
record Machine(String processor, int cores, long memory, String system, String gpu, String driver, Double load) {

    private static final double GIB = 1L << 30;

    static Machine here() {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        double load = system.getSystemLoadAverage();
        String gpu = null;
        String driver = null;
        if (Cuda.available().available()) {
            try {
                Cuda cuda = Cuda.open();
                driver = version(cuda.driverVersion());
                gpu = named(cuda.devices());
            } catch (RuntimeException e) {
                // A driver without a GPU that answers: the group that needs one says more.
            }
        }
        return new Machine(processorName(), system.getAvailableProcessors(), system.getTotalMemorySize(),
                system.getName() + " " + system.getVersion() + " " + system.getArch(), gpu, driver,
                load < 0 ? null : load);
    }

    private static String named(List<Device> devices) {
        if (devices.isEmpty()) {
            return null;
        }
        String first = devices.getFirst().name() + ", " + gib(devices.getFirst().totalMemory());
        return devices.size() == 1 ? first : first + ", one of " + devices.size();
    }

    /** The driver itself tells which CUDA it has; its own version is in a file on Linux. */
    private static String version(int cuda) {
        String version = "CUDA " + cuda / 1000 + "." + cuda % 1000 / 10;
        return line(Path.of("/proc/driver/nvidia/version"),
                Pattern.compile("^NVRM version:.*?\\s(\\d+\\.\\d+(\\.\\d+)?)\\s.*"))
                .map(own -> own + " (" + version + ")").orElse(version);
    }

    private static String processorName() {
        return line(Path.of("/proc/cpuinfo"), Pattern.compile("^model name\\s*:\\s*(.*\\S)\\s*"))
                .or(() -> Checkout.output("sysctl", "-n", "machdep.cpu.brand_string").filter(s -> !s.isEmpty()))
                .orElse(System.getProperty("os.arch"));
    }

    private static Optional<String> line(Path file, Pattern pattern) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.map(pattern::matcher).filter(Matcher::matches).map(m -> m.group(1)).findFirst();
        } catch (IOException | RuntimeException e) { // another system; only a description
            return Optional.empty();
        }
    }

    private static String gib(long bytes) { return String.format(Locale.ROOT, "%.0f GiB", bytes / GIB); }

    /** For people, in one line. */
    String description() {
        return processor + ", " + cores + (cores == 1 ? " core, " : " cores, ") + gib(memory) + ", " + system;
    }

    /** Whether others work here so much that they take cores from what is measured. */
    boolean isBusy() {
        return load != null && load > 0.5 * cores;
    }

    /** For a file's name: the GPU where there is one, else the processor, without the words that all of them have. */
    String slug() {
        String name = gpu != null ? gpu.replaceFirst(",.*", "") : processor;
        String words = name.toLowerCase(Locale.ROOT).replaceAll(
                "@.*|\\((r|tm)\\)|\\d+-core|\\b(nvidia|geforce|amd|intel|cpu|processor|with|radeon graphics)\\b", " ");
        String slug = words.strip().replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
        return slug.isEmpty() ? "machine" : slug;
    }
}
