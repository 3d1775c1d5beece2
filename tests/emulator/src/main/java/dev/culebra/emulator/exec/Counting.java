package dev.culebra.emulator.exec;

import dev.culebra.driver.spi.InstructionClass;
import dev.culebra.driver.spi.LaunchCounters;
import dev.culebra.driver.spi.LaunchCounters.Bytes;
import dev.culebra.driver.spi.LaunchCounters.Extent;
import dev.culebra.driver.spi.LaunchCounters.LineCount;
import dev.culebra.driver.spi.LaunchCounters.MemorySpace;
import dev.culebra.driver.spi.LaunchCounters.Sectors;
import dev.culebra.driver.spi.LaunchCounters.Wavefronts;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Counts one launch: hands a meter to each block, and adds them up when the grid has ended. */
final class Counting {

    private final Queue<Meter> meters = new ConcurrentLinkedQueue<>();

    /** For a block; called by any worker. */
    Meter newMeter() {
        Meter m = new Meter();
        meters.add(m);
        return m;
    }

    /** The sum, once no block runs any more. */
    LaunchCounters sum(Launch launch) {
        Map<Program, Profile> profiles = profiles(launch.code.main());
        List<LineCount> lines = new ArrayList<>();
        profiles.values().forEach(p -> lines(p, lines));
        Map<InstructionClass, Long> classes = new EnumMap<>(InstructionClass.class);
        long warps = 0;
        long threads = 0;
        for (LineCount l : lines) {
            if (l.warps() > 0) {
                classes.merge(l.kind(), l.warps(), Long::sum);
            }
            warps += l.warps();
            threads += l.threads();
        }
        Map<MemorySpace, Bytes> bytes = new EnumMap<>(MemorySpace.class);
        for (MemorySpace space : MemorySpace.values()) {
            Bytes all = meters.stream().map(m -> m.bytes(space)).reduce(Bytes.NONE, Bytes::plus);
            if (all.total() > 0) {
                bytes.put(space, all);
            }
        }
        return new LaunchCounters(launch.kernelName, extent(launch.grid), extent(launch.block), warps, threads, classes,
                new Wavefronts(total(m -> m.wavefronts), total(m -> m.fewestWavefronts)),
                new Sectors(total(m -> m.sectors), total(m -> m.fewestSectors)), total(m -> m.barriers),
                total(m -> m.divergences), bytes, lines);
    }

    private long total(java.util.function.ToLongFunction<Meter> of) { return meters.stream().mapToLong(of).sum(); }

    private static Extent extent(Dim d) { return new Extent(d.x(), d.y(), d.z()); }

    /** Each program's sum, in the order of the text; those that were never entered too. */
    private Map<Program, Profile> profiles(Program main) {
        Map<Program, Profile> all = new IdentityHashMap<>();
        collect(main, all);
        for (Meter m : meters) {
            m.profiles().forEach((program, p) -> all.computeIfAbsent(program, Profile::new).add(p));
        }
        Map<Program, Profile> ordered = new java.util.LinkedHashMap<>();
        Collection<Program> programs = all.keySet();
        programs.stream().sorted(Comparator.comparingInt((Program p) -> p.ops[0].line).thenComparing(p -> p.name))
                .forEach(p -> ordered.put(p, all.get(p)));
        return ordered;
    }

    private static void collect(Program p, Map<Program, Profile> all) {
        if (all.putIfAbsent(p, new Profile(p)) == null) {
            p.callees.forEach(c -> collect(c, all));
        }
    }

    /** An instruction may be several ops: one of them stands for the warp's coming, one for the lanes that do it. */
    private static void lines(Profile profile, List<LineCount> to) {
        Op[] ops = profile.program.ops;
        for (int pc = 0; pc < ops.length; pc++) {
            if (!ops[pc].countsWarps) {
                continue;
            }
            int lanes = pc;
            while (!ops[lanes].countsThreads) {
                lanes++;
            }
            to.add(new LineCount(profile.program.name, ops[pc].line, ops[pc].text, ops[pc].kind, profile.warps[pc],
                    profile.active[lanes], profile.threads[lanes]));
        }
    }
}
