package dev.culebra.jmh.peer;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Stream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Tries cuSPARSELt in a process of its own: a kernel of it that fails takes the context along, and with it all that was
 * measured and loaded. On an H200 that happened: see {@link Cusparselt}.
 */
final class PeerTrial {

    /** A JVM, a context and three products with their searches; seconds where all is well. */
    private static final int SECONDS = 120;

    /** For a process that was killed to be gone; one that waits in the driver can stay for longer. */
    private static final int SECONDS_TO_END = 10;

    /** M, K, N. */
    private static final int[][] SIZES = {{256, 512, 8}, {2048, 4096, 8}, {1024, 1024, 64}};

    private PeerTrial() {}

    /**
     * Runs {@link #main}.
     *
     * @param file the library
     * @param device ordinal of the device
     * @throws PeerException where it fails, with its last words
     */
    static void run(String file, int device) {
        String said = "";
        try {
            Path words = Files.createTempFile("culebra-peer", ".txt");
            try {
                Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"),
                        PeerTrial.class.getName(), file, String.valueOf(device), words.toString())
                        .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
                boolean ended;
                try {
                    ended = process.waitFor(SECONDS, TimeUnit.SECONDS);
                } finally {
                    process.destroyForcibly(); // also where this thread is interrupted; nothing where it ended
                }
                if (!ended) process.waitFor(SECONDS_TO_END, TimeUnit.SECONDS);
                else if (process.exitValue() == 0) return;
                String told = Files.readString(words).strip();
                said = !ended
                        ? "it did not end within " + SECONDS + " s"
                        : told.isEmpty() ? "it ended with status " + process.exitValue() : told;
            } finally {
                Files.deleteIfExists(words);
            }
        } catch (IOException e) {
            said = "it could not be started: " + e.getMessage();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            said = "interrupted";
        }
        throw new PeerException("tried in a process of its own: " + said);
    }

    /**
     * Multiplies small matrices. Ends with status 0 where all was right.
     *
     * @param arguments the library's file, the device's ordinal, and a file for what was not right
     * @throws IOException where that can not be written
     */
    public static void main(String[] arguments) throws IOException {
        try {
            multiply(arguments[0], Integer.parseInt(arguments[1]));
        } catch (Throwable e) { // an Error's words, too, are seen nowhere else
            String message = String.valueOf(e.getMessage());
            Files.writeString(Path.of(arguments[2]), message.lines().findFirst().orElse(e.toString()));
            // What is closed after a failed kernel fails, too, and would be said last.
            Runtime.getRuntime().halt(1);
        }
    }

    private static void multiply(String file, int device) throws SharedLibrary.NotLoaded {
        Context context = Cuda.open().device(device).context();
        Stream stream = context.newStream();
        Cusparselt peer = new Cusparselt(GpuPeers.load(file, Places.ofThisMachine()), context);
        for (int[] sizes : SIZES) {
            try {
                multiply(peer, stream, sizes[0], sizes[1], sizes[2]);
            } catch (RuntimeException e) {
                throw new PeerException(
                        "M " + sizes[0] + ", K " + sizes[1] + ", N " + sizes[2] + ": " + e.getMessage());
            }
        }
        peer.close();
        stream.close();
        context.close();
    }

    private static void multiply(Cusparselt peer, Stream stream, int m, int k, int n) {
        short[] x = halves(n * k, 0), y = new short[n * m];
        DeviceBuffer in = stream.context().allocate(2L * x.length), out = stream.context().allocate(2L * y.length);
        in.upload(MemorySegment.ofArray(x));
        PeerWeights weights = peer.load(MemorySegment.ofArray(halves(m * k, 0.7)), m, k, 2, stream);
        PeerProduct product = weights.prepare(in, n, out);
        product.launch(1);
        stream.synchronize();
        out.download(MemorySegment.ofArray(y));
        product.close();
        check(weights.reference().toArray(ValueLayout.JAVA_SHORT_UNALIGNED), x, y, m, k, n);
        weights.close();
        in.close();
        out.close();
    }

    private static short[] halves(int count, double zeros) {
        Random random = new Random(count);
        short[] values = new short[count];
        for (int i = 0; i < count; i++) {
            if (random.nextDouble() >= zeros) values[i] = Float.floatToFloat16((float) random.nextGaussian());
        }
        return values;
    }

    /** To a hundredth of what the terms could add up to: this looks for a library that fails, not for its rounding. */
    private static void check(short[] w, short[] x, short[] y, int m, int k, int n) {
        for (int i = 0; i < n * m; i++) {
            double sum = 0, magnitudes = 0;
            for (int j = 0; j < k; j++) {
                double p = (double) Float.float16ToFloat(w[i % m * k + j]) * Float.float16ToFloat(x[i / m * k + j]);
                sum += p;
                magnitudes += Math.abs(p);
            }
            float got = Float.float16ToFloat(y[i]);
            if (!(Math.abs(got - sum) <= 0.01 * magnitudes)) {
                throw new PeerException("the product is wrong: " + got + " where " + (float) sum + " should be");
            }
        }
    }
}
