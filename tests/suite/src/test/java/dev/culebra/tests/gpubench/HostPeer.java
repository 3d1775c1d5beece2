package dev.culebra.tests.gpubench;

import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Stream;
import dev.culebra.jmh.peer.GpuPeer;
import dev.culebra.jmh.peer.PeerProduct;
import dev.culebra.jmh.peer.PeerWeights;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A library that multiplies on the host and copies its result: stands in for those that need a GPU. */
class HostPeer implements GpuPeer {

    private final String name;
    private final String format;
    private final boolean wrong;

    HostPeer(String name, String format, boolean wrong) {
        this.name = name;
        this.format = format;
        this.wrong = wrong;
    }

    @Override
    public String name() { return name; }

    @Override
    public String format() { return format; }

    @Override
    public String version() { return "1.2.3"; }

    @Override
    public String origin() { return "here"; }

    /** All but one token. */
    @Override
    public boolean takes(int m, int k, int n) { return n > 1; }

    @Override
    public PeerWeights load(MemorySegment dense, int m, int k, int copies, Stream stream) {
        // as 2:4 does, a format that does not hold what was loaded: two of four are gone
        MemorySegment held = format.equals("2:4")
                ? MemorySegment.ofArray(dense.toArray(ValueLayout.JAVA_SHORT))
                : dense;
        for (long i = 0; held != dense && i < (long) m * k; i++) {
            if (i % 4 < 2) {
                held.setAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i, (short) 0);
            }
        }
        return new Weights(held, m, k, copies, stream);
    }

    @Override
    public void close() {}

    private final class Weights implements PeerWeights {

        private final MemorySegment dense;
        private final int m;
        private final int k;
        private final int copies;
        private final Stream stream;

        Weights(MemorySegment dense, int m, int k, int copies, Stream stream) {
            this.dense = dense;
            this.m = m;
            this.k = k;
            this.copies = copies;
            this.stream = stream;
        }

        @Override
        public long bytes() { return dense.byteSize(); }

        @Override
        public int copies() { return copies; }

        @Override
        public MemorySegment reference() { return dense; }

        @Override
        public PeerProduct prepare(DeviceBuffer x, int n, DeviceBuffer y) {
            short[] in = new short[(int) (x.bytes() / 2)];
            x.download(MemorySegment.ofArray(in));
            short[] out = new short[n * m];
            for (int t = 0; t < n; t++) {
                for (int r = 0; r < m; r++) {
                    double sum = 0;
                    for (int c = 0; c < k; c++) {
                        short w = dense.getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, (long) r * k + c);
                        sum += (double) Float.float16ToFloat(w) * Float.float16ToFloat(in[t * k + c]);
                    }
                    out[t * m + r] = Float.floatToFloat16((float) sum);
                }
            }
            if (wrong) {
                out[m - 1] = 0;
            }
            DeviceBuffer answer = x.context().allocate(2L * out.length);
            answer.upload(MemorySegment.ofArray(out));
            return new Product(answer, y);
        }

        @Override
        public void close() {}

        private final class Product implements PeerProduct {

            private final DeviceBuffer answer;
            private final DeviceBuffer y;

            Product(DeviceBuffer answer, DeviceBuffer y) {
                this.answer = answer;
                this.y = y;
            }

            @Override
            public String kernel() { return "host"; }

            @Override
            public void launch(int copy) {
                if (copy < 0 || copy >= copies) {
                    throw new IndexOutOfBoundsException("copy " + copy + " of " + copies);
                }
                stream.copy(answer, y);
            }

            @Override
            public void close() { answer.close(); }
        }
    }
}
