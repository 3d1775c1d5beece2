package dev.culebra.jmh.gpu;

import dev.culebra.driver.Context;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.jmh.results.Row;
import dev.culebra.jmh.results.RowBuilder;
import dev.culebra.jmh.results.Samples;
import dev.culebra.jmh.run.Recorder;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.LongStream;

/**
 * What the memory gives in this run: plain reads of several sizes, out of the memory and out of the L2, and a copy. Rows by
 * "memory". One thread.
 */
final class MemorySpeed {

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final GpuPlan plan;
    private final long l2Bytes;
    private final NavigableMap<Long, Double> cold = new TreeMap<>(); // GB/s by size
    private final NavigableMap<Long, Double> warm = new TreeMap<>();

    MemorySpeed(GpuPlan plan, long l2Bytes) {
        this.plan = plan;
        this.l2Bytes = l2Bytes;
    }

    /** What reads out of the memory are held against: the speed of one large read. */
    double limit() {
        return cold.get(plan.limitSize());
    }

    /** What reads out of the L2 are held against: the speed of a read of about as many bytes; null where none fits. */
    Double warmLimit(long bytes) {
        Long below = warm.floorKey(bytes);
        Long above = warm.ceilingKey(bytes);
        if (below == null || above == null) {
            return warm.isEmpty() ? null : warm.get(below == null ? above : below);
        }
        return warm.get((double) bytes / below <= (double) above / bytes ? below : above); // by ratio
    }

    void measure(Context context, Batches batches, Recorder recorder) throws WrongResultException {
        long rings = Arrays.stream(plan.readSizes()).map(size -> size * GpuPlan.copies(size, l2Bytes)).max().orElse(0);
        try (Arena arena = Arena.ofShared();
                ReadKernel kernel = new ReadKernel(context);
                DeviceBuffer memory = context.allocate(rings)) {
            // random, since zeros run faster; uploaded again and again
            MemorySegment pattern = arena.allocate(plan.readSizes()[0], 64);
            RandomHalves.fill(pattern, 1, (int) (pattern.byteSize() / 2), (int) (pattern.byteSize() / 2), 0, 1);
            for (long at = 0; at < memory.bytes(); at += pattern.byteSize()) { // which divides all sizes
                memory.slice(at, pattern.byteSize()).upload(pattern);
            }
            int sum = sum(pattern);
            warmUp(batches, kernel, memory, context);
            // the limit first: the others are held against it
            LongStream sizes = Arrays.stream(plan.readSizes()).filter(s -> s != plan.limitSize());
            for (long size : LongStream.concat(LongStream.of(plan.limitSize()), sizes).toArray()) {
                int expected = sum * (int) (size / pattern.byteSize());
                int ring = GpuPlan.copies(size, l2Bytes);
                if (ring > 0) {
                    read(context, batches, kernel, memory, size, ring, expected, recorder);
                }
                if (GpuPlan.staysInL2(size, l2Bytes)) {
                    read(context, batches, kernel, memory, size, 0, expected, recorder);
                }
            }
            copy(batches, memory, pattern, recorder);
        }
    }

    private void warmUp(Batches batches, ReadKernel kernel, DeviceBuffer memory, Context context) {
        long size = plan.readSizes()[0];
        ReadKernel.Prepared prepared = kernel.prepare(ReadKernel.forms(context.device(), size).getFirst(), size);
        for (int i = 0; i < plan.pace().warmUps(); i++) {
            prepared.launch(batches.stream(), memory.slice(0, size));
        }
        batches.stream().synchronize();
    }

    /** Takes the best of the forms. A ring of 0 places: always the same, so out of the L2. */
    private void read(Context context, Batches batches, ReadKernel kernel, DeviceBuffer memory, long size, int ring,
            int expected, Recorder recorder) throws WrongResultException {
        boolean fromL2 = ring == 0;
        int places = Math.max(1, ring);
        ReadKernel.Form best = null;
        double bestUs = Double.MAX_VALUE;
        for (ReadKernel.Form form : ReadKernel.forms(context.device(), size)) {
            double us = time(plan.pace().look(), batches, kernel.prepare(form, size), memory, size, places).samples()
                    .medianUs();
            if (us < bestUs) {
                bestUs = us;
                best = form;
            }
        }
        ReadKernel.Prepared prepared = kernel.prepare(best, size);
        Batches.Timed timed = time(plan.pace(), batches, prepared, memory, size, places);
        check(prepared, size, best, expected, "");
        for (int place = 0; place < places; place++) { // as with products: one that does nothing may hide behind the others
            prepared.poison(batches.stream());
            prepared.launch(batches.stream(), memory.slice(place * size, size));
            batches.stream().synchronize();
            check(prepared, size, best, expected, ", place " + place + " alone");
        }
        if (timed.hostBound() && !plan.rehearsal()) {
            recorder.skipped("device time of a read",
                    "the device may have waited for the host, so that this was timed too, where "
                            + size + " bytes were read " + (fromL2 ? "warm" : "cold"));
        }
        (fromL2 ? warm : cold).put(size, size / timed.samples().medianUs() / 1e3);
        record(recorder, "read", size, size, timed.samples(), best.toString(), fromL2 ? "warm" : "cold");
    }

    private static void check(ReadKernel.Prepared prepared, long size, ReadKernel.Form form, int expected, String where)
            throws WrongResultException {
        int sum = prepared.sum();
        if (sum != expected) {
            throw new WrongResultException("a read of %d bytes (%s)%s: the sum is %08x; it should be %08x"
                    .formatted(size, form, where, sum, expected));
        }
    }

    private static Batches.Timed time(Pace pace, Batches batches, ReadKernel.Prepared prepared, DeviceBuffer memory,
            long size, int places) {
        return batches.time(pace, places, () -> prepared.poison(batches.stream()),
                place -> prepared.launch(batches.stream(), memory.slice(place * size, size)));
    }

    private static int sum(MemorySegment words) {
        int sum = 0;
        for (long at = 0; at < words.byteSize(); at += 4) {
            sum += words.get(INT, at);
        }
        return sum;
    }

    /** From one half of the memory to the other; each byte is read and written. */
    private void copy(Batches batches, DeviceBuffer memory, MemorySegment pattern, Recorder recorder)
            throws WrongResultException {
        long size = plan.limitSize() / 2;
        DeviceBuffer from = memory.slice(0, size);
        DeviceBuffer to = memory.slice(size, size);
        Batches.Timed timed = batches.time(plan.pace(), 1, () -> batches.stream().fill32(to, 0xdeadbeef),
                place -> batches.stream().copy(from, to));
        try (Arena arena = Arena.ofShared()) {
            MemorySegment part = arena.allocate(pattern.byteSize(), 64);
            for (long at = 0; at < size; at += part.byteSize()) {
                to.slice(at, part.byteSize()).download(part);
                long wrong = part.mismatch(pattern);
                if (wrong >= 0) {
                    throw new WrongResultException("a copy of %d bytes: byte %d is wrong".formatted(size, at + wrong));
                }
            }
        }
        record(recorder, "copy", size, 2 * size, timed.samples(), null, "cold");
    }

    private void record(Recorder recorder, String benchmark, long size, long bytes, Samples samples, String kernel,
            String l2) {
        RowBuilder row = Row.of("gpu", benchmark, "memory").driver(plan.driver()).size(size).bytes(bytes).l2(l2)
                .checked();
        if (kernel != null) {
            row.kernel(kernel);
        }
        if (l2.equals("cold")) {
            row.limit(limit());
        }
        recorder.row(row.build(samples));
    }
}
