package dev.culebra.sparse;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * Reads or maps {@link SparseFile}s. Nothing is believed before it was held against the file's size: no memory is allocated
 * for a length that the file does not have.
 */
final class SparseFileReader {

    private final FileChannel channel;
    private final boolean map;

    private SparseFileReader(FileChannel channel, boolean map) {
        this.channel = channel;
        this.map = map;
    }

    static boolean isEncoded(Path path) throws IOException {
        // Opening a pipe would wait for a writer.
        if (!Files.isRegularFile(path)) return false;
        try (InputStream in = Files.newInputStream(path)) {
            return Arrays.equals(in.readNBytes(SparseFile.MAGIC.length), SparseFile.MAGIC);
        }
    }

    /** The matrix, its sections in memory of their own or mapped. */
    static SparseMatrix open(Path path, boolean map) throws IOException {
        if (Files.exists(path) && !Files.isRegularFile(path)) throw new FormatException(path + ": not a regular file");
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            return new SparseFileReader(channel, map).read();
        } catch (FormatException e) {
            FormatException named = new FormatException(path + ": " + e.getMessage());
            named.setStackTrace(e.getStackTrace());
            throw named;
        }
    }

    private SparseMatrix read() throws IOException {
        long size = channel.size();
        if (size < SparseFile.headerBytes(0)) {
            throw new FormatException("an encoded matrix begins with a header of " + SparseFile.headerBytes(0)
                    + " bytes or more; the file has " + size);
        }
        ByteBuffer fixed = readFully(0, SparseFile.FIXED_BYTES);
        byte[] magic = new byte[SparseFile.MAGIC.length];
        fixed.get(magic);
        if (!Arrays.equals(magic, SparseFile.MAGIC)) {
            throw new FormatException("no encoded matrix: the first 8 bytes are "
                    + HexFormat.ofDelimiter(" ").formatHex(magic) + ", not "
                    + HexFormat.ofDelimiter(" ").formatHex(SparseFile.MAGIC));
        }
        int version = fixed.getInt();
        if (version != SparseFile.VERSION) {
            throw new FormatException("file version " + Integer.toUnsignedString(version)
                    + " at byte 8; this program reads version " + SparseFile.VERSION);
        }
        int headerBytes = fixed.getInt();
        long fileBytes = fixed.getLong();
        int formatCode = fixed.getInt();
        Format format = Format.ofCode(formatCode);
        if (format == null) {
            throw new FormatException("unknown format " + Integer.toUnsignedString(formatCode)
                    + " at byte 24; known are 1 (tiled-csl), 2 (dense), 3 (bitmap) and 4 (pairs)");
        }
        int typeCode = fixed.getInt();
        ValueType type = ValueType.ofCode(typeCode);
        if (type == null) {
            throw new FormatException("unknown type of values " + Integer.toUnsignedString(typeCode)
                    + " at byte 28; known are 1 (f16) and 2 (bf16)");
        }
        int m = fixed.getInt();
        int k = fixed.getInt();
        if (m < 1 || k < 1) {
            throw new FormatException("shape " + Integer.toUnsignedString(m) + " x " + Integer.toUnsignedString(k)
                    + " at byte 32; M and K are 1 to " + Integer.MAX_VALUE);
        }
        long nonzeros = fixed.getLong();
        int sections = fixed.getInt();
        List<String> names = format.codec().sectionNames();
        if (sections != names.size()) {
            throw new FormatException(Integer.toUnsignedString(sections) + " sections at byte 48; " + format.id()
                    + " has " + names.size() + ": " + String.join(", ", names));
        }
        if (headerBytes != SparseFile.headerBytes(sections)) {
            throw new FormatException("the header gives itself " + Integer.toUnsignedString(headerBytes)
                    + " bytes at byte 12; with " + sections + " sections it has " + SparseFile.headerBytes(sections));
        }
        if (fileBytes != size) {
            throw new FormatException("the header gives the file " + Long.toUnsignedString(fileBytes)
                    + " bytes at byte 16; it has " + size + (size < fileBytes ? ": truncated" : ""));
        }
        if (headerBytes > size) {
            throw new FormatException("the header has " + headerBytes + " bytes; the file has " + size);
        }
        ByteBuffer header = readFully(0, headerBytes);
        int announced = header.getInt(headerBytes - SparseFile.CHECKSUM_BYTES);
        int found = Checksum.of(header.slice(0, headerBytes - SparseFile.CHECKSUM_BYTES));
        if (announced != found) {
            throw new FormatException("the header is damaged: " + checksums(announced, found));
        }
        List<SparseFile.Entry> table = table(header.position(SparseFile.FIXED_BYTES), names, headerBytes, size);
        format.codec().checkSizes(m, k, type, nonzeros, table.stream().mapToLong(SparseFile.Entry::bytes).toArray());

        SparseMatrix matrix = new SparseMatrix(m, k, type, format, nonzeros, 0, sections(table, size));
        matrix.validate();
        return matrix;
    }

    /** The sections, whose checksums are right. */
    private List<Section> sections(List<SparseFile.Entry> table, long size) throws IOException {
        Arena arena = Arena.ofAuto();
        MemorySegment file = map ? channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena) : null;
        List<Section> sections = new ArrayList<>();
        for (SparseFile.Entry e : table) {
            MemorySegment bytes = map ? file.asSlice(e.offset(), e.bytes()) : readSection(e, arena);
            int found = Checksum.of(bytes);
            if (found != e.checksum()) {
                throw new FormatException("section '" + e.name() + "' is damaged: " + checksums(e.checksum(), found));
            }
            sections.add(new Section(e.name(), bytes.asReadOnly()));
        }
        return sections;
    }

    private static List<SparseFile.Entry> table(ByteBuffer b, List<String> names, long headerBytes, long size)
            throws FormatException {
        List<SparseFile.Entry> table = new ArrayList<>();
        long free = headerBytes; // the first byte that is nobody's
        for (String expected : names) {
            int at = b.position();
            byte[] raw = new byte[SparseFile.NAME_BYTES];
            b.get(raw);
            String name = new String(raw, StandardCharsets.ISO_8859_1).replaceFirst("\0+$", "");
            if (!name.equals(expected)) {
                throw new FormatException(
                        "the section at byte " + at + " has another name; expected is '" + expected + "'");
            }
            SparseFile.Entry e = new SparseFile.Entry(name, b.getLong(), b.getLong(), b.getInt());
            b.getInt();
            String where = "section '" + name + "', offset " + Long.toUnsignedString(e.offset()) + ", length "
                    + Long.toUnsignedString(e.bytes()) + " (table entry at byte " + at + "): ";
            if (e.offset() < 0 || e.bytes() < 0 || e.offset() > size || e.bytes() > size - e.offset()) {
                throw new FormatException(where + "runs past the end of the file of " + size + " bytes");
            }
            if (e.offset() % SparseFile.ALIGNMENT != 0) {
                throw new FormatException(where + "offsets are multiples of " + SparseFile.ALIGNMENT);
            }
            if (e.offset() < free) {
                throw new FormatException(where + "overlaps what ends at byte " + free);
            }
            free = e.offset() + e.bytes();
            table.add(e);
        }
        if (free != size) {
            throw new FormatException("the last section ends at byte " + free + "; the file has " + size);
        }
        return table;
    }

    private MemorySegment readSection(SparseFile.Entry e, Arena arena) throws IOException {
        MemorySegment bytes = arena.allocate(e.bytes(), SparseFile.ALIGNMENT);
        for (long done = 0; done < e.bytes(); done += SparseFile.CHUNK) {
            long length = Math.min(SparseFile.CHUNK, e.bytes() - done);
            readFully(e.offset() + done, bytes.asSlice(done, length).asByteBuffer());
        }
        return bytes;
    }

    private ByteBuffer readFully(long at, int bytes) throws IOException {
        ByteBuffer b = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        readFully(at, b);
        return b.flip();
    }

    private void readFully(long at, ByteBuffer to) throws IOException {
        while (to.hasRemaining()) {
            int n = channel.read(to, at);
            if (n < 0) {
                throw new EOFException("the file became shorter while it was read");
            }
            at += n;
        }
    }

    private static String checksums(int announced, int found) {
        return String.format("its CRC32C is %08x, the file says %08x", found, announced);
    }
}
