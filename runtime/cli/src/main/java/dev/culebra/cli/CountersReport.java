package dev.culebra.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.spi.InstructionClass;
import dev.culebra.driver.spi.LaunchCounters;
import dev.culebra.driver.spi.LaunchCounters.Bytes;
import dev.culebra.driver.spi.LaunchCounters.MemorySpace;
import dev.culebra.driver.spi.LaunchCounters.Sectors;
import dev.culebra.driver.spi.LaunchCounters.Wavefronts;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/** What {@code --counters} says: the sum of some launches, for people or as JSON. */
final class CountersReport {
    /** Lanes of a warp: an element of the weight is one lane's, so 32 of them are a warp-wide one. */
    private static final double LANES = 32;

    private final List<LaunchCounters> launches;
    private final OptionalLong elements;
    private final Map<InstructionClass, Long> instructions = new EnumMap<>(InstructionClass.class);
    private final Map<MemorySpace, Bytes> bytes = new EnumMap<>(MemorySpace.class);
    private Wavefronts shared = new Wavefronts(0, 0);
    private Sectors global = new Sectors(0, 0);
    private long warps;
    private long threads;
    private long barriers;
    private long divergences;

    /**
     * @param launches what was counted; at least one launch
     * @param elements dense elements that figures are given per, such as M x K of a weight; empty for none
     */
    CountersReport(List<LaunchCounters> launches, OptionalLong elements) {
        this.launches = launches;
        this.elements = elements;
        for (var l : launches) {
            l.instructions().forEach((kind, n) -> instructions.merge(kind, n, Long::sum));
            l.bytes().forEach((space, n) -> bytes.merge(space, n, Bytes::plus));
            shared = shared.plus(l.shared());
            global = global.plus(l.global());
            warps += l.warpInstructions();
            threads += l.threadInstructions();
            barriers += l.barriers();
            divergences += l.divergentBranches();
        }
    }

    /**
     * Refuses a device that does not count, before anything is done.
     *
     * @param device as the user named it
     */
    static void require(CommandSpec command, String device) {
        if (Cuda.counts(device.split(":")[0])) return;
        throw new ParameterException(command.commandLine(), "--counters: device '" + device
                + "' does not count what kernels execute; give --device emulator, or leave --counters out");
    }

    /** The object {@code counters}. Counts of things are whole numbers; what ends in _per_element is there where elements are known. */
    ObjectNode json() {
        var all = Console.object();
        var kernels = all.putArray("launches");
        for (var l : launches) {
            var one = kernels.addObject().put("kernel", l.kernel());
            one.putArray("grid").add(l.grid().x()).add(l.grid().y()).add(l.grid().z());
            one.putArray("block").add(l.block().x()).add(l.block().y()).add(l.block().z());
            one.put("warp_instructions", l.warpInstructions());
        }
        all.put("warp_instructions", warps).put("lane_instructions", 32 * warps).put("thread_instructions", threads);
        var classes = all.putObject("instructions");
        instructions.forEach((kind, n) -> classes.put(name(kind), n));
        all.put("shared_wavefronts", shared.wavefronts()).put("shared_wavefronts_fewest", shared.fewest())
                .put("shared_bank_conflicts", shared.conflicts()).put("global_sectors", global.asked())
                .put("global_sectors_fewest", global.fewest()).put("barriers", barriers)
                .put("divergent_branches", divergences);
        var spaces = all.putObject("bytes");
        for (var space : MemorySpace.values()) {
            spaces.putObject(name(space)).put("read", bytesOf(space).read()).put("written", bytesOf(space).written());
        }
        if (elements.isPresent()) {
            all.put("elements", elements.getAsLong())
                    .put("lane_instructions_per_element", perElement(LANES * warps))
                    .put("popc_per_element",
                            perElement(LANES * instructions.getOrDefault(InstructionClass.POPC, 0L)))
                    .put("shared_wavefronts_per_element", perElement(LANES * shared.wavefronts()))
                    .put("global_bytes_per_element", perElement(bytesOf(MemorySpace.GLOBAL).total()));
        }
        return all;
    }

    /** A table of a few lines. */
    void print(Console console) {
        var names = launches.stream().collect(Collectors.groupingBy(LaunchCounters::kernel, java.util.TreeMap::new,
                Collectors.counting()));
        console.line("counters of %d %s: %s", launches.size(), launches.size() == 1 ? "launch" : "launches",
                names.entrySet().stream().map(e -> e.getValue() + " x " + e.getKey())
                        .collect(Collectors.joining(", ")));
        console.line("  %-30s %18s %8s%s", "executed PTX instructions", "warps", "share",
                elements.isPresent() ? "   lanes/element" : "");
        instructions.entrySet().stream().sorted(Map.Entry.<InstructionClass, Long>comparingByValue().reversed())
                .forEach(e -> row(console, name(e.getKey()).replace('_', ' '), e.getValue()));
        row(console, "all", warps);
        console.line("  %-30s %18s   %s of the lanes", "active lanes", Text.count(threads),
                Text.percent(share(threads, 32 * warps)));
        console.line("  %-30s %18s   %s at least, %s by bank conflicts%s", "shared-memory wavefronts",
                Text.count(shared.wavefronts()), Text.count(shared.fewest()), Text.count(shared.conflicts()),
                suffix(LANES * shared.wavefronts(), " for 32 elements"));
        console.line("  %-30s %18s   %s at least%s", "global sectors of 32 bytes", Text.count(global.asked()),
                Text.count(global.fewest()), suffix(32.0 * global.asked(), " bytes/element"));
        console.line("  %-30s %18s", "barriers, by warp", Text.count(barriers));
        console.line("  %-30s %18s", "divergent branches", Text.count(divergences));
        for (var space : MemorySpace.values()) {
            var b = bytesOf(space);
            if (b.total() == 0) continue;
            console.line("  %-30s %18s   %s written%s", name(space) + " bytes read", Text.count(b.read()),
                    Text.count(b.written()), suffix(b.total(), " bytes/element"));
        }
    }

    private void row(Console console, String what, long count) {
        console.line("  %-30s %18s %8s%s", what, Text.count(count), Text.percent(share(count, warps)),
                elements.isPresent() ? Text.format(" %15.3f", perElement(LANES * count)) : "");
    }

    private String suffix(double amount, String unit) {
        return elements.isPresent() ? Text.format("; %.3f%s", perElement(amount), unit) : "";
    }

    private double perElement(double amount) { return amount / elements.getAsLong(); }

    private static double share(long part, long whole) { return whole == 0 ? 0 : (double) part / whole; }

    private Bytes bytesOf(MemorySpace space) { return bytes.getOrDefault(space, Bytes.NONE); }

    private static String name(Enum<?> e) { return e.name().toLowerCase(Locale.ROOT); }
}
