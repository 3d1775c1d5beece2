package dev.culebra.sparse;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * An [M, K] matrix of weights in the form in which a device reads it. Immutable and thread-safe; its sections lie in
 * native memory that lives as long as something refers to it. The JVM counts that memory against
 * {@code -XX:MaxDirectMemorySize}, by default the size of the heap, and throws {@link OutOfMemoryError} past it.
 *
 * <p>
 * Values keep their bits: NaNs, infinities and subnormals survive encoding and decoding, NaN payloads included, where the
 * source has the values' own type. FP32 is rounded once, to the nearest, ties to even. -0.0 counts as zero and comes back as
 * +0, unless {@link EncodeOptions#keepNegativeZero} says otherwise.
 */
public final class SparseMatrix {

    private final int m;
    private final int k;
    private final ValueType valueType;
    private final Format format;
    private final long nonzeros;
    private final long overflowed;
    private final List<Section> sections;

    SparseMatrix(int m, int k, ValueType valueType, Format format, long nonzeros, long overflowed,
            List<Section> sections) {
        this.m = m;
        this.k = k;
        this.valueType = valueType;
        this.format = format;
        this.nonzeros = nonzeros;
        this.overflowed = overflowed;
        this.sections = List.copyOf(sections);
    }

    /**
     * Encodes a dense matrix.
     *
     * @param dense [M, K] row-major, little-endian, packed; on or off heap, any alignment; read by several threads, and not
     *        kept
     * @param type the elements' type
     * @param m rows, 1 or more
     * @param k columns, 1 or more
     * @param values the type to store; that of the elements, unless those are F32
     * @param options how
     * @return the encoded matrix
     * @throws IllegalArgumentException if the shape does not fit the segment, the types do not fit each other, or the
     *         matrix is more than the format holds (Tiled-CSL: 64 GiB; bitmap and pairs: 2^24 columns)
     */
    public static SparseMatrix encode(MemorySegment dense, DenseType type, int m, int k, ValueType values,
            EncodeOptions options) {
        return encode(new DenseSource(dense, type, m, k, values), options);
    }

    /**
     * Encodes a CSR matrix. An entry of value zero is dropped.
     *
     * @param csr the matrix; not kept
     * @param options how
     * @return the encoded matrix
     * @throws IllegalArgumentException if the matrix is more than the format holds (Tiled-CSL: 64 GiB; bitmap and pairs: 2^24
     *         columns)
     */
    public static SparseMatrix encode(Csr csr, EncodeOptions options) { return encode(new CsrSource(csr), options); }

    /**
     * Encodes a dense fp32 matrix as F16, rounded to the nearest, ties to even, in the format of fewer bytes. See
     * {@link #overflowed()}. No device is asked here: one that is to multiply fast, such as a CPU, for which few matrices are
     * sparse enough not to be dense, names the format for {@link #encode}: {@code EncodeOptions.DEFAULT.withFormat(
     * device.fastestFormat())}.
     *
     * @param dense [M, K] row-major
     * @param m rows, 1 or more
     * @param k columns, 1 or more
     * @return the encoded matrix
     * @throws IllegalArgumentException if the shape does not fit the array
     */
    public static SparseMatrix of(float[] dense, int m, int k) {
        return encode(MemorySegment.ofArray(dense), DenseType.F32, m, k, ValueType.F16, EncodeOptions.DEFAULT);
    }

    /**
     * Encodes a dense matrix of 16-bit values, bit for bit, in the format of fewer bytes (see {@link #of(float[], int, int)} for a
     * device's own choice).
     *
     * @param bits [M, K] row-major
     * @param type F16 or BF16
     * @param m rows, 1 or more
     * @param k columns, 1 or more
     * @return the encoded matrix
     * @throws IllegalArgumentException if the shape does not fit the array, or the type is F32
     */
    public static SparseMatrix of(short[] bits, DenseType type, int m, int k) {
        ValueType values = switch (type) {
            case F16 -> ValueType.F16;
            case BF16 -> ValueType.BF16;
            case F32 -> throw new IllegalArgumentException("type F32 for an array of short; give F16 or BF16");
        };
        return encode(MemorySegment.ofArray(bits), type, m, k, values, EncodeOptions.DEFAULT);
    }

    /**
     * Encodes a CSR matrix, in the format of fewer bytes (see {@link #of(float[], int, int)} for a device's own choice).
     *
     * @param csr the matrix; not kept
     * @return the encoded matrix
     */
    public static SparseMatrix of(Csr csr) { return encode(csr, EncodeOptions.DEFAULT); }

    private static SparseMatrix encode(ValueSource source, EncodeOptions options) {
        if (options.format() instanceof Format fixed) {
            Codec.Encoding encoding = fixed.codec().encoding(source, options);
            return encoded(source, fixed, encoding, progress(source, options, encoding.passes()));
        }
        // Tiled-CSL counts before it fills; what is counted serves every format's choice
        TiledCslEncoder counting = new TiledCslEncoder(source, options);
        Progress progress = progress(source, options, counting.passes());
        long nonzeros = counting.count(progress);
        Format chosen = Objects.requireNonNull(options.format().choose(source.m(), source.k(), nonzeros),
                "the choice of a format chose null");
        if (chosen == Format.TILED_CSL) {
            return encoded(source, chosen, counting, progress);
        }
        Codec.Encoding encoding = chosen.codec().encoding(source, options);
        progress.follow(encoding.passes());
        return encoded(source, chosen, encoding, progress);
    }

    private static Progress progress(ValueSource source, EncodeOptions options, int passes) {
        return new Progress(options.progress(), (long) source.m() * source.k(), passes);
    }

    private static SparseMatrix encoded(ValueSource source, Format format, Codec.Encoding encoding, Progress progress) {
        Codec.Encoded e = encoding.encode(progress);
        return new SparseMatrix(source.m(), source.k(), source.type(), format, e.nonzeros(), e.overflowed(),
                e.sections());
    }

    /**
     * Reads the file form. Nothing in it is trusted: sizes are held against the file's, checksums and the whole structure
     * are checked, so that what comes back is as valid as an encoder's result.
     *
     * @param path a file made by {@link #write(Path)}
     * @return the matrix; the file is closed and not needed any more
     * @throws FormatException if the file is no valid encoded matrix
     * @throws IOException if it can not be read
     */
    public static SparseMatrix read(Path path) throws IOException { return SparseFileReader.open(path, false); }

    /**
     * Maps the file form instead of reading it: no memory is allocated for the sections, and processes that map the same
     * file share its pages. Everything is checked that {@link #read} checks: header, sizes, checksums and the whole
     * structure, on all processors, so that each page is read once here.
     *
     * <p>
     * The file stays mapped as long as something refers to the matrix or to one of its sections. It must not be written to in
     * that time: what was checked would not hold any more, and a read past the end of a file that became shorter is an
     * {@link InternalError} or ends the process. {@link #write(Path)} to the same path does no harm, since it puts another
     * file in the place of this one; but Windows refuses to replace or to delete a file that is mapped.
     *
     * @param path a file made by {@link #write(Path)}
     * @return the matrix; as valid as an encoder's result
     * @throws FormatException if the file is no valid encoded matrix
     * @throws IOException if it can not be read or mapped
     */
    public static SparseMatrix map(Path path) throws IOException { return SparseFileReader.open(path, true); }

    /**
     * Writes the file form: beside the target first, then renamed, so that the target is the old file or the whole new one.
     *
     * @param path where to; a file that is there is replaced
     * @throws IOException if it can not be written; then nothing is left behind
     */
    public void write(Path path) throws IOException { SparseFile.write(this, path); }

    /**
     * Writes the file form to wherever the caller wants it, from the first byte to the last.
     *
     * @param channel blocking, such as a file opened for writing; not closed, not forced to the disk
     * @throws IOException if it can not be written; a part may have been
     */
    public void write(WritableByteChannel channel) throws IOException { SparseFile.writeTo(this, channel); }

    /**
     * Whether a file claims to be the file form of a matrix: by its first bytes, not by its name. {@link #read} finds out
     * whether it is.
     *
     * @param path any path
     * @return whether it is a regular file that begins as {@link #write(Path)} begins one
     * @throws IOException if it can not be read
     */
    public static boolean isEncoded(Path path) throws IOException { return SparseFileReader.isEncoded(path); }

    /**
     * Rows.
     *
     * @return M
     */
    public int m() { return m; }

    /**
     * Columns.
     *
     * @return K
     */
    public int k() { return k; }

    /**
     * The type of the values.
     *
     * @return the type
     */
    public ValueType valueType() { return valueType; }

    /**
     * The format.
     *
     * @return the format
     */
    public Format format() { return format; }

    /**
     * How many nonzeros it has.
     *
     * @return their number; neither padding nor zeros that a dense format stores count
     */
    public long nonzeros() { return nonzeros; }

    /**
     * The share of zeros.
     *
     * @return 1 - nonzeros / (M * K), from 0 to 1
     */
    public double sparsity() { return 1 - (double) nonzeros / ((double) m * k); }

    /**
     * How many finite FP32 values became infinite when they were rounded: worth a warning where it is not 0.
     *
     * @return their number; 0 for a matrix read from a file, where it is not recorded
     */
    public long overflowed() { return overflowed; }

    /**
     * What a device reads: values, places, offsets and padding, whatever of these the format has.
     *
     * @return bytes of all sections
     */
    public long encodedBytes() { return sections.stream().mapToLong(s -> s.bytes().byteSize()).sum(); }

    /**
     * What is uploaded.
     *
     * @return the sections, in the format's order; unmodifiable
     */
    public List<Section> sections() { return sections; }

    /**
     * One of the sections.
     *
     * @param name its name
     * @return the section
     * @throws IllegalArgumentException if there is none of that name; the message lists those there are
     */
    public Section section(String name) {
        for (Section s : sections) {
            if (s.name().equals(name)) {
                return s;
            }
        }
        throw new IllegalArgumentException("no section '" + name + "' in " + format.id() + "; there is "
                + String.join(", ", sections.stream().map(Section::name).toList()));
    }

    /**
     * The matrix by rows.
     *
     * @return a CSR matrix with the same nonzeros
     * @throws IllegalStateException if there are more nonzeros than an array holds
     */
    public Csr toCsr() { return format.codec().toCsr(this); }

    /**
     * Writes the dense matrix.
     *
     * @param denseOut [M, K] row-major, elements of {@code valueType().dense()}, little-endian, packed; every byte is
     *        written
     * @throws IllegalArgumentException if its size does not fit
     */
    public void decode(MemorySegment denseOut) {
        valueType.dense().checkSize(denseOut, m, k);
        format.codec().decode(this, denseOut);
    }

    /**
     * Checks the whole structure. A matrix that an encoder made or {@link #read} returned passes.
     *
     * @throws FormatException if a rule of the format is broken; the message says which, and where
     */
    public void validate() throws FormatException { format.codec().validate(this); }

    @Override
    public String toString() {
        return m + " x " + k + " " + valueType.id() + ", " + nonzeros + " nonzeros, " + format.id();
    }
}
