package dev.culebra.jmh.results;

/** Sets a row's parts one by one; what is not set is null. One thread. */
public final class RowBuilder {

    private final String group;
    private final String benchmark;
    private final String by;
    private String driver;
    private Shape shape;
    private Double sparsity;
    private String format;
    private String kernel;
    private String l2;
    private Integer threads;
    private Long size;
    private Long bytes;
    private Double gbPerSLimit;
    private Double cublasUs;
    private Double openblasUs;
    private Double allocatedBytes;
    private boolean checked;

    RowBuilder(String group, String benchmark, String by) {
        this.group = group;
        this.benchmark = benchmark;
        this.by = by;
    }

    /**
     * The driver that was called.
     *
     * @param name cuda or no-op
     * @return this
     */
    public RowBuilder driver(String name) {
        driver = name;
        return this;
    }

    /**
     * The product's shape.
     *
     * @param m rows of the weights
     * @param k columns of the weights
     * @param n tokens
     * @return this
     */
    public RowBuilder shape(long m, long k, long n) {
        shape = new Shape(m, k, n);
        return this;
    }

    /**
     * The weights.
     *
     * @param name their format
     * @param share of zeros; null where it makes no difference
     * @return this
     */
    public RowBuilder weights(String name, Double share) {
        format = name;
        sparsity = share;
        return this;
    }

    /**
     * What ran.
     *
     * @param name an instance, or a library's function
     * @return this
     */
    public RowBuilder kernel(String name) {
        kernel = name;
        return this;
    }

    /**
     * Where the weights were before.
     *
     * @param state cold or warm
     * @return this
     */
    public RowBuilder l2(String state) {
        l2 = state;
        return this;
    }

    /**
     * The host's threads.
     *
     * @param count threads
     * @return this
     */
    public RowBuilder threads(int count) {
        threads = count;
        return this;
    }

    /**
     * The parameter of copies and pools.
     *
     * @param bytesEach bytes
     * @return this
     */
    public RowBuilder size(long bytesEach) {
        size = bytesEach;
        return this;
    }

    /**
     * What has to be moved for one operation.
     *
     * @param count bytes
     * @return this
     */
    public RowBuilder bytes(long count) {
        bytes = count;
        return this;
    }

    /**
     * What the memory gives.
     *
     * @param gbPerS 10^9 bytes a second of a pure read in the same run
     * @return this
     */
    public RowBuilder limit(double gbPerS) {
        gbPerSLimit = gbPerS;
        return this;
    }

    /**
     * What cuBLASLt took for the same shape in the same run.
     *
     * @param microseconds its median
     * @return this
     */
    public RowBuilder cublas(double microseconds) {
        cublasUs = microseconds;
        return this;
    }

    /**
     * What OpenBLAS took for the same shape in the same run.
     *
     * @param microseconds its median
     * @return this
     */
    public RowBuilder openblas(double microseconds) {
        openblasUs = microseconds;
        return this;
    }

    /**
     * Java heap that one operation allocates.
     *
     * @param count bytes
     * @return this
     */
    public RowBuilder allocated(double count) {
        allocatedBytes = count;
        return this;
    }

    /**
     * Says that the timed result was compared with a reference and is right.
     *
     * @return this
     */
    public RowBuilder checked() {
        checked = true;
        return this;
    }

    /**
     * The row.
     *
     * @param samples what was measured
     * @return the row, with rates and ratios worked out
     */
    public Row build(Samples samples) {
        double us = samples.medianUs();
        Double gbPerS = bytes == null ? null : bytes / us / 1e3;
        return new Row(group, benchmark, by, driver, shape, sparsity, format, kernel, l2, threads, size, us,
                samples.spread(), bytes, gbPerS, gbPerSLimit == null || gbPerS == null ? null : gbPerS / gbPerSLimit,
                cublasUs == null ? null : cublasUs / us, openblasUs == null ? null : openblasUs / us, allocatedBytes,
                checked);
    }
}
