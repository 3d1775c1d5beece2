package dev.culebra.sparse;

import java.io.IOException;
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
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The file form, version 1, and how it is written; {@link SparseFileReader} reads it. All numbers little-endian.
 *
 * <pre>
 * offset  bytes
 *      0      8  magic: 89 'C' 'U' 'L' 'E' 'B' 'R' 'A'
 *      8      4  version, 1
 *     12      4  bytes of the header: 60 + 40 a section
 *     16      8  bytes of the file
 *     24      4  format: 1 tiled-csl, 2 dense, 3 bitmap, 4 pairs
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
 * The sections follow in the order of the table, zeros between them.
 */
final class SparseFile {

    static final int VERSION = 1;
    static final byte[] MAGIC = {(byte) 0x89, 'C', 'U', 'L', 'E', 'B', 'R', 'A'};
    static final int FIXED_BYTES = 56;
    static final int TABLE_ENTRY_BYTES = 40;
    static final int NAME_BYTES = 16;
    static final int CHECKSUM_BYTES = 4;
    static final int ALIGNMENT = 256;
    /** How much goes through one buffer: a ByteBuffer can not show more than 2 GiB of a segment. */
    static final long CHUNK = 64 << 20;

    private SparseFile() {}

    record Entry(String name, long offset, long bytes, int checksum) {}

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
            table.add(new Entry(s.name(), at, s.bytes().byteSize(), Checksum.of(s.bytes())));
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
        b.putInt(Checksum.of(b.duplicate().flip()));
        return b.flip();
    }

    private static void writeFully(WritableByteChannel channel, ByteBuffer from) throws IOException {
        while (from.hasRemaining()) {
            channel.write(from);
        }
    }

    static int headerBytes(int sections) { return FIXED_BYTES + TABLE_ENTRY_BYTES * sections + CHECKSUM_BYTES; }

    private static long aligned(long offset) { return (offset + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }
}
