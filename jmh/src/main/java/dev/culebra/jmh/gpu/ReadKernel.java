package dev.culebra.jmh.gpu;

import dev.culebra.driver.Context;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.Device;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.PreparedLaunch;
import dev.culebra.driver.Stream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/** Reads device memory once and sums it, as fast as the memory gives it: {@code read.cu}. One thread. */
public final class ReadKernel implements AutoCloseable {

    private static final int VECTOR_BYTES = 16;
    private static final int NOT_WRITTEN = 0xdeadbeef;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Context context;
    private final CudaModule module;
    private DeviceBuffer sums; // a word for each block

    /**
     * How it is launched.
     *
     * @param loads 16-byte loads of a thread that do not wait for each other: 4 or 8
     * @param threads of a block, a multiple of 32, at most 512
     * @param blocks in all; with fewer than there are tiles of {@code loads * threads} vectors they stride over these
     */
    public record Form(int loads, int threads, int blocks) {

        @Override
        public String toString() { return "read" + loads + ", " + blocks + " blocks of " + threads; }
    }

    /**
     * Loads it.
     *
     * @param context where
     */
    public ReadKernel(Context context) {
        this.context = context;
        this.module = context.load(ptx());
    }

    /**
     * The PTX.
     *
     * @return text
     */
    public static String ptx() {
        try (InputStream in = ReadKernel.class.getResourceAsStream("read.ptx")) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Forms worth a try: whole slices, a block each, and so many blocks as fit on the device at once, or half or a quarter.
     *
     * @param device the device
     * @param bytes what is read
     * @return two to sixteen
     */
    static List<Form> forms(Device device, long bytes) {
        LinkedHashSet<Form> forms = new LinkedHashSet<>();
        for (int loads : new int[]{4, 8}) {
            for (int threads : new int[]{256, 512}) {
                int tiles = Math.clamp((bytes / VECTOR_BYTES - 1) / ((long) loads * threads) + 1, 1, 1 << 24);
                forms.add(new Form(loads, threads, tiles));
                for (int resident = 2048 / threads; resident * threads >= 512; resident /= 2) {
                    forms.add(new Form(loads, threads, Math.min(tiles, device.multiprocessors() * resident)));
                }
            }
        }
        return new ArrayList<>(forms);
    }

    /** A launch over some memory, for as often as it is wanted. */
    final class Prepared {

        private final PreparedLaunch launch;
        private final DeviceBuffer out;

        private Prepared(Form form, long bytes) {
            launch = module.kernel("read" + form.loads).prepare(LaunchConfig.of(form.blocks, form.threads));
            out = sums(form.blocks);
            launch.set(1, bytes / VECTOR_BYTES).set(2, out);
        }

        /** Enqueues words that are no sums. */
        void poison(Stream stream) { stream.fill32(out, NOT_WRITTEN); }

        /** Enqueues a read; from must be aligned to 16 bytes and have the bytes it was prepared for. */
        void launch(Stream stream, DeviceBuffer from) {
            launch.set(0, from).launch(stream);
        }

        /** The sum of the launch before, modulo 2^32. */
        int sum() {
            MemorySegment words = MemorySegment.ofArray(new int[(int) (out.bytes() / 4)]);
            out.download(words);
            int sum = 0;
            for (long at = 0; at < words.byteSize(); at += 4) {
                sum += words.get(INT, at);
            }
            return sum;
        }
    }

    /**
     * Prepares. One at a time: all share the memory for sums.
     *
     * @param form how
     * @param bytes a multiple of 16
     * @return the launch
     */
    Prepared prepare(Form form, long bytes) {
        if (bytes % VECTOR_BYTES != 0) {
            throw new IllegalArgumentException(bytes + " bytes; a read takes whole 16-byte vectors");
        }
        return new Prepared(form, bytes);
    }

    /**
     * Reads and waits.
     *
     * @param stream where
     * @param form how
     * @param from all of it is read; aligned to 16 bytes, a multiple of 16 long
     * @return the sum of its 32-bit words, modulo 2^32
     */
    public int sum(Stream stream, Form form, DeviceBuffer from) {
        Prepared prepared = prepare(form, from.bytes());
        prepared.poison(stream);
        prepared.launch(stream, from);
        stream.synchronize();
        return prepared.sum();
    }

    private DeviceBuffer sums(int blocks) {
        if (sums == null || sums.bytes() < 4L * blocks) {
            if (sums != null) {
                sums.close();
            }
            sums = context.allocate(4L * blocks);
        }
        return sums.slice(0, 4L * blocks);
    }

    @Override
    public void close() {
        if (sums != null) {
            sums.close();
        }
        module.close();
    }
}
