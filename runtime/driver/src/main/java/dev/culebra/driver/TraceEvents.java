package dev.culebra.driver;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** The flight recorder's events. An event's duration is that of the driver call, not of the device's work. */
final class TraceEvents {

    /** Asked whether anybody records their kind, so that no event is made for nobody. */
    private static final CopyEvent COPY = new CopyEvent();
    private static final LaunchEvent LAUNCH = new LaunchEvent();
    private static final AllocationEvent ALLOCATION = new AllocationEvent();
    private static final ModuleLoadEvent LOAD = new ModuleLoadEvent();

    private TraceEvents() {}

    @Name("dev.culebra.Copy")
    @Label("CUDA Copy")
    @Category({"Culebra", "CUDA"})
    @Description("A copy that was enqueued")
    @StackTrace(false) // as many as thousands a second
    static final class CopyEvent extends Event implements Trace.Span {
        @Label("Direction")
        String direction;
        @Label("Bytes")
        @DataAmount
        long bytes;
        @Label("Stream")
        long stream;
    }

    @Name("dev.culebra.Launch")
    @Label("CUDA Launch")
    @Category({"Culebra", "CUDA"})
    @Description("A kernel that was launched")
    @StackTrace(false) // as many as a hundred thousand a second
    static final class LaunchEvent extends Event implements Trace.Span {
        @Label("Kernel")
        String kernel;
        @Label("Blocks")
        long blocks;
        @Label("Threads a Block")
        int threads;
        @Label("Dynamic Shared Memory")
        @DataAmount
        int sharedBytes;
        @Label("Stream")
        long stream;
    }

    @Name("dev.culebra.Allocation")
    @Label("CUDA Allocation")
    @Category({"Culebra", "CUDA"})
    @Description("Device memory or page-locked host memory that was allocated")
    static final class AllocationEvent extends Event implements Trace.Span {
        @Label("Kind")
        String kind;
        @Label("Bytes")
        @DataAmount
        long bytes;
        @Label("Address")
        long address;
    }

    @Name("dev.culebra.ModuleLoad")
    @Label("CUDA Module Load")
    @Category({"Culebra", "CUDA"})
    @Description("Code that was compiled and loaded")
    static final class ModuleLoadEvent extends Event implements Trace.Span {
        @Label("Kind")
        String kind;
        @Label("Size")
        @DataAmount
        long bytes;
        @Label("Succeeded")
        boolean succeeded;
    }

    static Trace.Span copy() {
        if (!COPY.isEnabled()) return null;
        CopyEvent event = new CopyEvent();
        event.begin();
        return event;
    }

    static void copied(Trace.Span span, String direction, long bytes, long stream) {
        CopyEvent event = (CopyEvent) span;
        event.direction = direction;
        event.bytes = bytes;
        event.stream = stream;
        event.commit();
    }

    static Trace.Span launch() {
        if (!LAUNCH.isEnabled()) return null;
        LaunchEvent event = new LaunchEvent();
        event.begin();
        return event;
    }

    static void launched(Trace.Span span, String kernel, LaunchConfig config, long stream) {
        LaunchEvent event = (LaunchEvent) span;
        event.kernel = kernel;
        event.blocks = config.grid().count();
        event.threads = (int) config.block().count();
        event.sharedBytes = config.sharedBytes();
        event.stream = stream;
        event.commit();
    }

    static Trace.Span allocation() {
        if (!ALLOCATION.isEnabled()) return null;
        AllocationEvent event = new AllocationEvent();
        event.begin();
        return event;
    }

    static void allocated(Trace.Span span, String kind, long bytes, long address) {
        AllocationEvent event = (AllocationEvent) span;
        event.kind = kind;
        event.bytes = bytes;
        event.address = address;
        event.commit();
    }

    static Trace.Span load() {
        if (!LOAD.isEnabled()) return null;
        ModuleLoadEvent event = new ModuleLoadEvent();
        event.begin();
        return event;
    }

    static void loaded(Trace.Span span, String kind, long bytes, boolean succeeded) {
        ModuleLoadEvent event = (ModuleLoadEvent) span;
        event.kind = kind;
        event.bytes = bytes;
        event.succeeded = succeeded;
        event.commit();
    }
}
