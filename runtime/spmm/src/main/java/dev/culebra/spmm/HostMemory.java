package dev.culebra.spmm;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** How much memory there is for encoded weights: what this JVM lets out, and what the machine has. */
final class HostMemory {

    private HostMemory() {}

    /** Bytes: the least of what is known; Long.MAX_VALUE where that is nothing. What only a collection frees is not free. */
    static long free() {
        long free = available();
        // the module is optional, and without it no class of its own may be touched
        return ModuleLayer.boot().findModule("jdk.management").isPresent()
                ? Math.max(0, Math.min(free, Asked.free()))
                : free;
    }

    /** What Linux can give without swapping. Pages of files count as free, since it can drop them. */
    private static long available() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/meminfo"))) {
            return lines.filter(l -> l.startsWith("MemAvailable:"))
                    .mapToLong(l -> 1024 * Long.parseLong(l.replaceAll("\\D", ""))).findFirst().orElse(Long.MAX_VALUE);
        } catch (IOException | RuntimeException e) { // another system
            return Long.MAX_VALUE;
        }
    }

    /** What the JVM's management beans tell. */
    private static final class Asked {

        static long free() {
            long taken = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                    .filter(p -> p.getName().equals("direct")).mapToLong(BufferPoolMXBean::getMemoryUsed).sum();
            return Math.min(most() - taken, machine(taken));
        }

        /** What -XX:MaxDirectMemorySize allows, which encoded matrices are counted against; 0 stands for as much as the heap. */
        private static long most() {
            try {
                long option = Long.parseLong(ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                        .getVMOption("MaxDirectMemorySize").getValue());
                return option == 0 ? Runtime.getRuntime().maxMemory() : option;
            } catch (RuntimeException e) { // another JVM
                return Long.MAX_VALUE;
            }
        }

        /**
         * All memory of the machine or, where that is less, of the container that the process is in, without the heap and what
         * is taken. What others have of it is not known here: a container's own count has pages of files in it, which could
         * be dropped. Windows tells what is free.
         */
        private static long machine(long taken) {
            if (!(ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean os)) {
                return Long.MAX_VALUE;
            }
            return System.getProperty("os.name").startsWith("Windows")
                    ? os.getFreeMemorySize()
                    : os.getTotalMemorySize() - taken - Runtime.getRuntime().totalMemory();
        }
    }
}
