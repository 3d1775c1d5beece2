package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import dev.culebra.bindings.PFN_cuMemcpy2DAsync_v3020;
import dev.culebra.bindings.PFN_cuMemcpyDtoDAsync_v3020;
import dev.culebra.bindings.PFN_cuMemcpyDtoHAsync_v3020;
import dev.culebra.bindings.PFN_cuMemcpyDtoH_v3020;
import dev.culebra.bindings.PFN_cuMemcpyHtoDAsync_v3020;
import dev.culebra.bindings.PFN_cuMemcpyHtoD_v3020;
import dev.culebra.bindings.PFN_cuMemcpyPeerAsync_v4000;
import dev.culebra.bindings.PFN_cuMemsetD32Async_v3020;
import dev.culebra.bindings.PFN_cuMemsetD8Async_v3020;
import dev.culebra.emulator.fault.Occasion;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Copies and fills. An asynchronous copy reads and writes page-locked memory when it runs. From pageable memory it takes
 * the bytes when it is asked for, as the driver does by staging; into pageable memory it returns when it is done.
 *
 * <p>
 * A "synchronous" copy from pageable memory waits for the default stream, stages, and returns with the copy still on that
 * stream: a stream that does not wait for the default one may read what was there before. On an H200 it does, most times.
 */
final class CopyCalls {

    /** Beyond this, a copy from pageable memory is waited for instead of staged; the driver may do either. */
    private static final long STAGED_BYTES = 16L << 20;

    /** Staged copies of a stream that are held back at most, and the size from which none is: they keep their bytes. */
    private static final int MOST_STAGED = 64;
    private static final long HELD_BYTES = 1L << 20;

    private final EmulatedDriver driver;
    private final Gate gate;

    CopyCalls(EmulatedDriver driver) {
        this.driver = driver;
        this.gate = driver.gate;
    }

    void register(FunctionTable table) {
        table.add("cuMemcpyHtoD", 3020, a -> PFN_cuMemcpyHtoD_v3020.allocate(
                (to, from, bytes) -> gate.inContext("cuMemcpyHtoD", c -> now(c, "cuMemcpyHtoD", bytes,
                        () -> device(to, bytes, "dstDevice"), () -> host(from, bytes, "srcHost"))),
                a));
        table.add("cuMemcpyDtoH", 3020, a -> PFN_cuMemcpyDtoH_v3020.allocate(
                (to, from, bytes) -> gate.inContext("cuMemcpyDtoH", c -> now(c, "cuMemcpyDtoH", bytes,
                        () -> host(to, bytes, "dstHost"), () -> device(from, bytes, "srcDevice"))),
                a));
        table.add("cuMemcpyHtoDAsync", 3020,
                a -> PFN_cuMemcpyHtoDAsync_v3020.allocate((to, from, bytes, stream) -> gate.inContext(
                        "cuMemcpyHtoDAsync", c -> later(c.stream(stream), "copy to the device", bytes,
                                () -> device(to, bytes, "dstDevice"), () -> host(from, bytes, "srcHost"))),
                        a));
        table.add("cuMemcpyDtoHAsync", 3020,
                a -> PFN_cuMemcpyDtoHAsync_v3020.allocate((to, from, bytes, stream) -> gate.inContext(
                        "cuMemcpyDtoHAsync", c -> later(c.stream(stream), "copy to the host", bytes,
                                () -> host(to, bytes, "dstHost"), () -> device(from, bytes, "srcDevice"))),
                        a));
        table.add("cuMemcpyDtoDAsync", 3020,
                a -> PFN_cuMemcpyDtoDAsync_v3020.allocate((to, from, bytes, stream) -> gate.inContext(
                        "cuMemcpyDtoDAsync", c -> later(c.stream(stream), "copy on the device", bytes,
                                () -> device(to, bytes, "dstDevice"), () -> device(from, bytes, "srcDevice"))),
                        a));
        table.add("cuMemcpyPeerAsync", 4000,
                a -> PFN_cuMemcpyPeerAsync_v4000.allocate((to, toContext, from, fromContext, bytes, stream) -> gate
                        .inContext("cuMemcpyPeerAsync", c -> later(c.stream(stream), "copy between devices", bytes,
                                () -> peer(to, toContext, bytes, "dstDevice"),
                                () -> peer(from, fromContext, bytes, "srcDevice"))),
                        a));
        table.add("cuMemcpy2DAsync", 3020, a -> PFN_cuMemcpy2DAsync_v3020.allocate((copy, stream) -> gate.inContext(
                "cuMemcpy2DAsync", c -> submit(c.stream(stream), Copy2D.read(driver, copy))), a));
        table.add("cuMemsetD8Async", 3020,
                a -> PFN_cuMemsetD8Async_v3020.allocate((to, value, count, stream) -> gate
                        .inContext("cuMemsetD8Async", c -> fill8(c.stream(stream), to, value, count)), a));
        table.add("cuMemsetD32Async", 3020,
                a -> PFN_cuMemsetD32Async_v3020.allocate((to, value, count, stream) -> gate
                        .inContext("cuMemsetD32Async", c -> fill32(c.stream(stream), to, value, count)), a));
    }

    private interface Resolver {
        Place place();
    }

    private Place device(long address, long bytes, String name) { return Place.device(driver, address, bytes, name); }

    private Place host(MemorySegment pointer, long bytes, String name) {
        return Place.host(driver, pointer.address(), bytes, name);
    }

    private Place peer(long address, MemorySegment context, long bytes, String name) {
        EmulatedContext owner = driver.handles.get(context, EmulatedContext.class, "context",
                CudaApi.CUDA_ERROR_INVALID_CONTEXT());
        Place place = device(address, bytes, name);
        if (!place.range().kind().host() && place.range().owner() != owner) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                    name + " 0x" + Long.toHexString(address) + " is in " + place.range().label() + " of the "
                            + place.range().owner() + "; the context given is the " + owner);
        }
        return place;
    }

    private static void checkLength(long bytes) {
        if (bytes < 0) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                    Long.toUnsignedString(bytes) + " bytes are more than an address space has");
        }
    }

    /** A copy in the order of the default stream, done when the call returns except from pageable memory. */
    private void now(EmulatedContext context, String call, long bytes, Resolver to, Resolver from) {
        checkLength(bytes);
        if (bytes == 0) {
            return;
        }
        Copy copy = new Copy(to.place(), from.place());
        Copy staged = copy.fromPageable() && bytes <= STAGED_BYTES ? copy.staged() : null;
        Operation operation;
        Work work;
        synchronized (driver.order) {
            driver.captures.refuseLegacy(context, call);
            driver.captures.refuseUnsafe(call);
            work = driver.faults.afflict(Occasion.COPY, context, bytes, (staged == null ? copy : staged).work(call));
            operation = context.legacyStream().enqueue(staged == null ? work : Work.empty(call), List.of());
        }
        operation.await();
        context.checkHealthy();
        if (staged != null) {
            context.legacyStream().enqueue(work, List.of());
        }
    }

    private void later(EmulatedStream stream, String label, long bytes, Resolver to, Resolver from) {
        checkLength(bytes);
        if (bytes == 0) {
            return;
        }
        submit(stream, new Copy(to.place(), from.place()).named(label));
    }

    /** What both kinds of copies, plain ones and those of rectangles, have for {@link #submit}. */
    interface Copying {
        String label();

        boolean fromPageable();

        boolean toPageable();

        long bytes();

        /** The same with its source's bytes as they are now. */
        Copying staged();

        Work work();
    }

    private void submit(EmulatedStream stream, Copying copy) {
        boolean wait;
        Operation operation = null;
        Copying toDo = copy;
        synchronized (driver.order) {
            boolean captured = stream.capture != null;
            wait = !captured && (copy.toPageable() || copy.fromPageable() && copy.bytes() > STAGED_BYTES);
            if (!captured && !wait && copy.fromPageable()) {
                toDo = copy.staged();
            }
            Work work = captured
                    ? toDo.work()
                    : driver.faults.afflict(Occasion.COPY, stream.context, toDo.bytes(), toDo.work());
            if (wait) {
                operation = stream.enqueue(work, List.of());
            } else if (toDo != copy && (copy.bytes() > HELD_BYTES || stream.waiting() > MOST_STAGED)) {
                stream.enqueue(work, List.of()).want();
            } else {
                stream.submit(work);
            }
        }
        if (operation != null) {
            operation.await();
            stream.context.checkHealthy();
        }
    }

    private record Copy(String label, Place to, Place from) implements Copying {

        Copy(Place to, Place from) { this("copy", to, from); }

        Copy named(String name) { return new Copy(name, to, from); }

        Work work(String name) { return named(name).work(); }

        @Override
        public boolean fromPageable() { return from.pageable(); }

        @Override
        public boolean toPageable() { return to.pageable(); }

        @Override
        public long bytes() { return to.bytes().byteSize(); }

        @Override
        public Copy staged() {
            byte[] now = from.bytes().toArray(ValueLayout.JAVA_BYTE);
            return new Copy(label, to, new Place(MemorySegment.ofArray(now), null));
        }

        @Override
        public Work work() {
            return new Work(Work.Kind.COPY, label, from.pageable() + " " + to.pageable(),
                    () -> Place.copy(from, 0, to, 0, bytes()),
                    Place.uses(from, Rows.of(from.bytes()), to, Rows.of(to.bytes())));
        }
    }

    private void fill8(EmulatedStream stream, long to, byte value, long count) {
        checkLength(count);
        if (count > 0) {
            Place place = device(to, count, "dstDevice");
            stream.submit(new Work(Work.Kind.FILL, "fill", null, () -> {
                place.live().fill(value);
                place.filled();
            }, place.written()));
        }
    }

    private void fill32(EmulatedStream stream, long to, int value, long count) {
        if (count < 0 || count > Long.MAX_VALUE / 4) {
            checkLength(-1);
        }
        if ((to & 3) != 0) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                    "a fill of 4-byte values at 0x" + Long.toHexString(to) + ", which is no multiple of 4");
        }
        if (count > 0) {
            Place place = device(to, 4 * count, "dstDevice");
            stream.submit(new Work(Work.Kind.FILL, "fill", null, () -> {
                MemorySegment bytes = place.live();
                for (long i = 0; i < count; i++) {
                    bytes.set(ValueLayout.JAVA_INT_UNALIGNED, 4 * i, value);
                }
                place.filled();
            }, place.written()));
        }
    }
}
