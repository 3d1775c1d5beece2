package dev.culebra.sparse;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.zip.CRC32C;

/**
 * The file form, version 1; all numbers little-endian.
 *
 * <pre>
 * offset  bytes
 *      0      8  magic: 89 'C' 'U' 'L' 'E' 'B' 'R' 'A'
 *      8      4  version, 1
 *     12      4  bytes of the header: 60 + 40 a section
 *     16      8  bytes of the file
 *     24      4  format: 1 tiled-csl, 2 dense
 *     28      4  type of the values: 1 f16, 2 bf16
 *     32      4  M
 *     36      4  K
 *     40      8  nonzeros
 *     48      4  number of sections
 *     52      4  0
 *     56     40  for each section: name (16 bytes of ASCII, filled up with 0), offset in the file (8; a multiple of 256),
 *                bytes (8), CRC32C of its bytes (4), 0 (4)
 *   last      4  CRC32C of the header's bytes before it
 * </pre>
 *
 * The sections follow in the order of the table, zeros between them. Nothing is believed before it was held against the
 * file's size: no memory is allocated for a length that the file does not have.
 */
final class SparseFile {

    static final int VERSION = 1;
    private static final byte[] MAGIC = {(byte) 0x89, 'C', 'U', 'L', 'E', 'B', 'R', 'A'};
    private static final int FIXED_BYTES = 56;
    private static final int TABLE_ENTRY_BYTES = 40;
    private static final int NAME_BYTES = 16;
    private static final int CHECKSUM_BYTES = 4;
    private static final int ALIGNMENT = 256;
    /** How much goes through one buffer: a ByteBuffer can not show more than 2 GiB of a segment. */
    private static final long CHUNK = 64 << 20;

    private SparseFile() {}

    private record Entry(String name, long offset, long bytes, int checksum) {}

    // ---- writing

    static void write(SparseMatrix matrix, Path path) throws IOException {
        Path target = path.toAbsolutePath();
        Path beside = target.resolveSibling(
                "." + target.getFileName() + "." + Long.toHexString(ThreadLocalRandom.current().nextLong()) + ".tmp");
        try {
            try (FileChannel channel = FileChannel.open(beside, StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.WRITE)) {
                writeTo(matrix, channel);
                channel.force(true);
            }
            try {
                Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE);
            } catch (AtomicMoveNotSupportedException e) {
                Files.move(beside, target, StandardCopyOption.REPLACE_EXISTING);
            }
        } finally {
            Files.deleteIfExists(beside);
        }
    }

    static void writeTo(SparseMatrix matrix, WritableByteChannel channel) throws IOException {
        List<Entry> table = new ArrayList<>();
        long at = headerBytes(matrix.sections().size());
        for (Section s : matrix.sections()) {
            at = aligned(at);
            table.add(new Entry(s.name(), at, s.bytes().byteSize(), checksum(s.bytes())));
            at += s.bytes().byteSize();
        }
        ByteBuffer header = header(matrix, table, at);
        long written = header.remaining();
        writeFully(channel, header);
        for (int i = 0; i < table.size(); i++) {
            MemorySegment bytes = matrix.sections().get(i).bytes();
            writeFully(channel, ByteBuffer.allocate((int) (table.get(i).offset - written))); // less than ALIGNMENT
            for (long done = 0; done < bytes.byteSize(); done += CHUNK) {
                writeFully(channel, bytes.asSlice(done, Math.min(CHUNK, bytes.byteSize() - done)).asByteBuffer());
            }
            written = table.get(i).offset + bytes.byteSize();
        }
    }

    private static ByteBuffer header(SparseMatrix matrix, List<Entry> table, long fileBytes) {
        ByteBuffer b = ByteBuffer.allocate(headerBytes(table.size())).order(ByteOrder.LITTLE_ENDIAN);
        b.put(MAGIC).putInt(VERSION).putInt(b.capacity()).putLong(fileBytes);
        b.putInt(matrix.format().code()).putInt(matrix.valueType().code()).putInt(matrix.m()).putInt(matrix.k());
        b.putLong(matrix.nonzeros()).putInt(table.size()).putInt(0);
        for (Entry e : table) {
            byte[] name = new byte[NAME_BYTES];
            byte[] ascii = e.name.getBytes(StandardCharsets.US_ASCII);
            System.arraycopy(ascii, 0, name, 0, ascii.length);
            b.put(name).putLong(e.offset).putLong(e.bytes).putInt(e.checksum).putInt(0);
        }
        b.putInt(checksum(b.duplicate().flip()));
        return b.flip();
    }

    private static void writeFully(WritableByteChannel channel, ByteBuffer from) throws IOException {
        while (from.hasRemaining()) {
            channel.write(from);
        }
    }

    // ---- reading

    static boolean isEncoded(Path path) throws IOException {
        // Opening a pipe would wait for a writer.
        if (!Files.isRegularFile(path)) return false;
        try (InputStream in = Files.newInputStream(path)) {
            return Arrays.equals(in.readNBytes(MAGIC.length), MAGIC);
        }
    }

    static SparseMatrix read(Path path) throws IOException { return open(path, false); }

    static SparseMatrix map(Path path) throws IOException { return open(path, true); }

    private static SparseMatrix open(Path path, boolean map) throws IOException {
        if (Files.exists(path) && !Files.isRegularFile(path)) throw new FormatException(path + ": not a regular file");
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            return readFrom(channel, map);
        } catch (FormatException e) {
            FormatException named = new FormatException(path + ": " + e.getMessage());
            named.setStackTrace(e.getStackTrace());
            throw named;
        }
    }

    private static SparseMatrix readFrom(FileChannel channel, boolean map) throws IOException {
        long size = channel.size();
        if (size < FIXED_BYTES + CHECKSUM_BYTES) {
            throw new FormatException("an encoded matrix begins with a header of " + (FIXED_BYTES + CHECKSUM_BYTES)
                    + " bytes or more; the file has " + size);
        }
        ByteBuffer fixed = readFully(channel, 0, FIXED_BYTES);
        byte[] magic = new byte[MAGIC.length];
        fixed.get(magic);
        if (!Arrays.equals(magic, MAGIC)) {
            throw new FormatException("no encoded matrix: the first 8 bytes are "
                    + java.util.HexFormat.ofDelimiter(" ").formatHex(magic) + ", not "
                    + java.util.HexFormat.ofDelimiter(" ").formatHex(MAGIC));
        }
        int version = fixed.getInt();
        if (version != VERSION) {
            throw new FormatException("file version " + Integer.toUnsignedString(version)
                    + " at byte 8; this program reads version " + VERSION);
        }
        int headerBytes = fixed.getInt();
        long fileBytes = fixed.getLong();
        int formatCode = fixed.getInt();
        Format format = Format.ofCode(formatCode);
        if (format == null) {
            throw new FormatException("unknown format " + Integer.toUnsignedString(formatCode)
                    + " at byte 24; known are 1 (tiled-csl) and 2 (dense)");
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
        if (headerBytes != headerBytes(sections)) {
            throw new FormatException("the header gives itself " + Integer.toUnsignedString(headerBytes)
                    + " bytes at byte 12; with " + sections + " sections it has " + headerBytes(sections));
        }
        if (fileBytes != size) {
            throw new FormatException("the header gives the file " + Long.toUnsignedString(fileBytes)
                    + " bytes at byte 16; it has " + size + (size < fileBytes ? ": truncated" : ""));
        }
        if (headerBytes > size) {
            throw new FormatException("the header has " + headerBytes + " bytes; the file has " + size);
        }
        ByteBuffer header = readFully(channel, 0, headerBytes);
        int announced = header.getInt(headerBytes - CHECKSUM_BYTES);
        int found = checksum(header.slice(0, headerBytes - CHECKSUM_BYTES));
        if (announced != found) {
            throw new FormatException("the header is damaged: " + checksums(announced, found));
        }
        List<Entry> table = table(header.position(FIXED_BYTES), names, headerBytes, size);
        format.codec().checkSizes(m, k, type, nonzeros, table.stream().mapToLong(Entry::bytes).toArray());

        Arena arena = Arena.ofAuto();
        MemorySegment file = map ? channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena) : null;
        List<Section> contents = new ArrayList<>();
        for (Entry e : table) {
            MemorySegment bytes = map ? file.asSlice(e.offset, e.bytes) : readSection(channel, e, arena);
            int there = checksum(bytes);
            if (there != e.checksum) {
                throw new FormatException("section '" + e.name + "' is damaged: " + checksums(e.checksum, there));
            }
            contents.add(new Section(e.name, bytes.asReadOnly()));
        }
        SparseMatrix matrix = new SparseMatrix(m, k, type, format, nonzeros, 0, contents);
        matrix.validate();
        return matrix;
    }

    private static List<Entry> table(ByteBuffer b, List<String> names, long headerBytes, long size)
            throws FormatException {
        List<Entry> table = new ArrayList<>();
        long free = headerBytes; // the first byte that is nobody's
        for (String expected : names) {
            int at = b.position();
            byte[] raw = new byte[NAME_BYTES];
            b.get(raw);
            String name = new String(raw, StandardCharsets.ISO_8859_1).replaceFirst("\0+$", "");
            if (!name.equals(expected)) {
                throw new FormatException(
                        "the section at byte " + at + " has another name; expected is '" + expected + "'");
            }
            Entry e = new Entry(name, b.getLong(), b.getLong(), b.getInt());
            b.getInt();
            String where = "section '" + name + "', offset " + Long.toUnsignedString(e.offset) + ", length "
                    + Long.toUnsignedString(e.bytes) + " (table entry at byte " + at + "): ";
            if (e.offset < 0 || e.bytes < 0 || e.offset > size || e.bytes > size - e.offset) {
                throw new FormatException(where + "runs past the end of the file of " + size + " bytes");
            }
            if (e.offset % ALIGNMENT != 0) {
                throw new FormatException(where + "offsets are multiples of " + ALIGNMENT);
            }
            if (e.offset < free) {
                throw new FormatException(where + "overlaps what ends at byte " + free);
            }
            free = e.offset + e.bytes;
            table.add(e);
        }
        if (free != size) {
            throw new FormatException("the last section ends at byte " + free + "; the file has " + size);
        }
        return table;
    }

    private static MemorySegment readSection(FileChannel channel, Entry e, Arena arena) throws IOException {
        MemorySegment bytes = arena.allocate(e.bytes, ALIGNMENT);
        for (long done = 0; done < e.bytes; done += CHUNK) {
            long length = Math.min(CHUNK, e.bytes - done);
            readFully(channel, e.offset + done, bytes.asSlice(done, length).asByteBuffer());
        }
        return bytes;
    }

    private static ByteBuffer readFully(FileChannel channel, long at, int bytes) throws IOException {
        ByteBuffer b = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        readFully(channel, at, b);
        return b.flip();
    }

    private static void readFully(FileChannel channel, long at, ByteBuffer to) throws IOException {
        while (to.hasRemaining()) {
            int n = channel.read(to, at);
            if (n < 0) {
                throw new EOFException("the file became shorter while it was read");
            }
            at += n;
        }
    }

    // ---- both

    private static int headerBytes(int sections) { return FIXED_BYTES + TABLE_ENTRY_BYTES * sections + CHECKSUM_BYTES; }

    private static long aligned(long offset) { return (offset + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

    private static int checksum(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    private static int checksum(MemorySegment bytes) {
        CRC32C crc = new CRC32C();
        for (long done = 0; done < bytes.byteSize(); done += CHUNK) {
            crc.update(bytes.asSlice(done, Math.min(CHUNK, bytes.byteSize() - done)).asByteBuffer());
        }
        return (int) crc.getValue();
    }

    private static String checksums(int announced, int found) {
        return String.format("its CRC32C is %08x, the file says %08x", found, announced);
    }
}
