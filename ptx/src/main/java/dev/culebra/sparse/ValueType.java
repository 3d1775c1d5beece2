package dev.culebra.sparse;

/** The type of the values inside an encoded matrix. */
public enum ValueType {
    /** IEEE 754 binary16. */
    F16("f16", 16, 1, DenseType.F16),
    /** bfloat16. */
    BF16("bf16", 16, 2, DenseType.BF16);

    private final String id;
    private final int bits;
    private final int code;
    private final DenseType dense;

    ValueType(String id, int bits, int code, DenseType dense) {
        this.id = id;
        this.bits = bits;
        this.code = code;
        this.dense = dense;
    }

    /**
     * The name used on command lines and in reports.
     *
     * @return {@code "f16"} or {@code "bf16"}
     */
    public String id() { return id; }

    /**
     * The width of a value; a caller must not assume that it is a multiple of 8.
     *
     * @return bits a value
     */
    public int bits() { return bits; }

    /**
     * The type of the dense array that a decoder makes of it.
     *
     * @return the dense type with the same bits
     */
    public DenseType dense() { return dense; }

    /** The number that stands for it in a file; never reused. */
    int code() { return code; }

    /** The type of a file's number, null for an unknown one. */
    static ValueType ofCode(int code) {
        for (ValueType t : values()) {
            if (t.code == code) {
                return t;
            }
        }
        return null;
    }
}
