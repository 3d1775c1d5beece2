package dev.culebra.sparse;

/**
 * The formats of weights: a closed list. Each has an encoder, a decoder that is its definition, and a validator. As a
 * {@link FormatChoice} each chooses itself.
 */
public enum Format implements FormatChoice {
    /** Tiles of 64 x 64, 4 bytes a nonzero: value and place. See {@link TiledCsl}. */
    TILED_CSL("tiled-csl", 1, new TiledCslCodec()),
    /** Tiles of 64 x 64, 2 bytes an element, zeros too: for matrices with few of them. See {@link TiledDense}. */
    DENSE("dense", 2, new TiledDenseCodec()),
    /** A bit for every element, and each lane's values in lists of its own. See {@link Bitmap}. */
    BITMAP("bitmap", 3, new BitmapCodec()),
    /** A bit for any two neighbouring columns, and each lane's pairs in a list of its own. See {@link Pairs}. */
    PAIRS("pairs", 4, new PairsCodec());

    private final String id;
    private final int code;
    private final Codec codec;

    Format(String id, int code, Codec codec) {
        this.id = id;
        this.code = code;
        this.codec = codec;
    }

    /**
     * The name used on command lines, in files and in reports.
     *
     * @return such as {@code "tiled-csl"}
     */
    public String id() { return id; }

    /**
     * The format of a name.
     *
     * @param id a name as {@link #id()} gives it
     * @return the format
     * @throws IllegalArgumentException if there is none of that name; the message lists those there are
     */
    public static Format of(String id) {
        StringBuilder known = new StringBuilder();
        for (Format f : values()) {
            if (f.id.equals(id)) {
                return f;
            }
            known.append(known.isEmpty() ? "" : ", ").append(f.id);
        }
        throw new IllegalArgumentException("unknown format '" + id + "'; there is " + known);
    }

    /**
     * Whether it is one of {@link LaneLists}.
     *
     * @return true for {@link #BITMAP} and {@link #PAIRS}
     */
    public boolean hasLaneLists() { return this == BITMAP || this == PAIRS; }

    @Override
    public Format choose(int m, int k, long nonzeros) { return this; }

    /**
     * What a matrix takes in this format, at most: a bound for those who have to have room before they encode.
     *
     * @param m rows, 1 or more
     * @param k columns, 1 or more
     * @param nonzeros how many elements will be stored as such, 0 to M * K; fewer never take more
     * @return bytes of all sections; Long.MAX_VALUE for more than the format holds
     * @throws IllegalArgumentException if M or K is under 1
     */
    public long mostBytes(int m, int k, long nonzeros) { return codec.mostBytes(m, k, nonzeros); }

    /** The number that stands for it in a file; never reused. */
    int code() { return code; }

    Codec codec() { return codec; }

    /** The format of a file's number, null for an unknown one. */
    static Format ofCode(int code) {
        for (Format f : values()) {
            if (f.code == code) {
                return f;
            }
        }
        return null;
    }
}
