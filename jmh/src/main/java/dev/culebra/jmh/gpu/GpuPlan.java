package dev.culebra.jmh.gpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * What of the group is measured, and how often.
 *
 * @param driver the provider: cuda, or emulator for a rehearsal
 * @param shapes of weights
 * @param tokens rising
 * @param sparsities rising
 * @param peers names of libraries; empty for none
 * @param pace how often each thing is launched
 * @param readSizes bytes of plain reads, rising: powers of two
 */
record GpuPlan(String driver, List<Layer> shapes, int[] tokens, double[] sparsities, List<String> peers, Pace pace,
        long[] readSizes) {

    static final String CUDA = "cuda";

    /**
     * Weights read in turns have this many times the L2 together: whatever the cache keeps, it can keep no more than an eighth
     * of them, and one that evicts what was not used for longest keeps nothing that will be read again.
     */
    static final int L2_TIMES = 8;

    /** More copies of a small matrix would tell how fast it is launched, not how fast its weights come. */
    static final int MOST_COPIES = 64;

    /** Stands for the L2 of a device whose times mean nothing, so that a few copies of small weights pass it. */
    private static final long REHEARSED_L2 = 16 << 10;

    private static final String PREFIX = "culebra.gpu.";
    private static final int MOST_TOKENS = 4096;
    private static final List<String> PEERS = List.of("cublaslt", "cusparselt", "cusparse");

    /** Flash-LLM's own table. */
    private static final String FLASH_LLM = "21504x7168,7168x7168,28672x7168,7168x28672,27648x9216,9216x9216,36864x9216,"
            + "9216x36864,36864x12288,12288x12288,49152x12288,12288x49152";
    /** Its smallest, and one that is large in both products' sense: more rows than columns. */
    private static final String QUICK = "7168x7168,28672x7168";
    /** Seconds on an emulator; the second one ends within a tile, both ways. */
    private static final String REHEARSAL = "128x192,100x72";

    record Layer(int m, int k) {

        @Override
        public String toString() { return m + "x" + k; }
    }

    /** A driver that only computes gets everything once, and none of its times mean anything. */
    static GpuPlan of(boolean quick, UnaryOperator<String> property) {
        String driver = driver(property);
        boolean rehearsal = !driver.equals(CUDA);
        List<Layer> shapes = list(property, "shapes", rehearsal ? REHEARSAL : quick ? QUICK : FLASH_LLM,
                "shapes of weights, such as 7168x7168,28672x7168", GpuPlan::layer);
        List<Integer> tokens = list(property, "n", quick || rehearsal ? "1,8,32" : "1,2,4,8,16,32,64,128",
                "numbers of tokens from 1 to " + MOST_TOKENS + ", such as 1,8,32", s -> number(s, 1, MOST_TOKENS));
        List<Integer> percent = list(property, "sparsity", quick || rehearsal ? "60,80" : "50,60,70,80,90",
                "percentages of zeros from 0 to 99, such as 60,80", s -> number(s, 0, 99));
        List<String> peers = switch (or(property, "peers", rehearsal ? "none" : "all")) {
            case "none" -> List.of();
            case "all" -> PEERS;
            default -> list(property, "peers", "", "all, none, or of " + String.join(",", PEERS), GpuPlan::peer);
        };
        int first = rehearsal ? 13 : 24; // 16 MiB, less than any row of Flash-LLM's shapes has, to 2 GiB; or 8 to 64 KiB
        return new GpuPlan(driver, shapes, tokens.stream().mapToInt(n -> n).sorted().distinct().toArray(),
                percent.stream().mapToDouble(p -> p / 100.0).sorted().distinct().toArray(), peers,
                rehearsal ? Pace.REHEARSAL : quick ? Pace.QUICK : Pace.FULL,
                IntStream.range(first, first + (rehearsal ? 4 : 8)).mapToLong(log -> 1L << log).toArray());
    }

    static String driver(UnaryOperator<String> property) { return or(property, "driver", CUDA); }

    /** Whether times are of an interpreter and mean nothing. */
    boolean rehearsal() { return !driver.equals(CUDA); }

    /** What is taken for the cache of a device that says it has so many bytes. */
    long l2Bytes(long attribute) {
        return rehearsal() ? REHEARSED_L2 : attribute;
    }

    /** The read whose speed is called the memory's limit: the largest, which its beginning and end weigh upon least. */
    long limitSize() {
        return readSizes[readSizes.length - 1];
    }

    int mostTokens() { return tokens[tokens.length - 1]; }

    /** Copies that together pass the L2 {@link #L2_TIMES} times; 0 where that would be too many. */
    static int copies(long bytes, long l2Bytes) {
        long copies = Math.max(1, (L2_TIMES * l2Bytes + bytes - 1) / bytes);
        return copies > MOST_COPIES ? 0 : (int) copies;
    }

    /**
     * Whether what is used again and again comes out of the L2: up to half of its bytes. An L2 of two halves may keep a line in both. On an H200
     * (2026-11-20, 60 MiB) products of 21 MB took 8% less time warm than cold, of 41 MB 6%, of 61 MB 0 to 1%, though these fit as well.
     */
    static boolean staysInL2(long bytes, long l2Bytes) { return 2 * bytes <= l2Bytes; }

    private static String or(UnaryOperator<String> property, String name, String otherwise) {
        String value = property.apply(PREFIX + name);
        return value == null || value.isBlank() ? otherwise : value.strip();
    }

    private static <T> List<T> list(UnaryOperator<String> property, String name, String otherwise, String accepted,
            Function<String, T> parse) {
        String value = or(property, name, otherwise);
        List<T> all = new ArrayList<>();
        for (String part : value.split(",", -1)) {
            try {
                all.add(parse.apply(part.strip()));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(PREFIX + name + " is '" + value + "'; give " + accepted);
            }
        }
        return List.copyOf(all);
    }

    private static int number(String text, int least, int most) {
        int n = Integer.parseInt(text);
        if (n < least || n > most) {
            throw new IllegalArgumentException();
        }
        return n;
    }

    private static Layer layer(String text) {
        int[] sides = Arrays.stream(text.split("x", -1)).mapToInt(side -> number(side, 1, 1 << 20)).toArray();
        if (sides.length != 2) {
            throw new IllegalArgumentException();
        }
        return new Layer(sides[0], sides[1]);
    }

    private static String peer(String text) {
        if (!PEERS.contains(text)) {
            throw new IllegalArgumentException();
        }
        return text;
    }
}
