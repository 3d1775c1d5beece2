package dev.culebra.sparse;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;

/** CRC32C of large memory, in parts on several threads. */
final class Checksum {

    /** Long enough to be worth a thread; and a ByteBuffer can not show more than 2 GiB of a segment. */
    private static final long PART = 16 << 20;
    /** The polynomial, the highest power in the lowest bit, without x^32. */
    private static final int POLYNOMIAL = 0x82f63b78;

    private Checksum() {}

    static int of(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    /** The checksum of memory that all threads can read. */
    static int of(MemorySegment bytes) {
        if (bytes.byteSize() <= PART) {
            return of(bytes.asByteBuffer());
        }
        int[] parts = new int[Math.toIntExact((bytes.byteSize() + PART - 1) / PART)];
        AtomicInteger next = new AtomicInteger();
        Workers.run(Math.min(Runtime.getRuntime().availableProcessors(), parts.length), () -> {
            for (int i = next.getAndIncrement(); i < parts.length; i = next.getAndIncrement()) {
                parts[i] = of(bytes.asSlice(i * PART, Math.min(PART, bytes.byteSize() - i * PART)).asByteBuffer());
            }
        });
        int all = parts[0];
        int whole = power(PART);
        for (int i = 1; i < parts.length - 1; i++) {
            all = multiply(whole, all) ^ parts[i];
        }
        return multiply(power(bytes.byteSize() - (parts.length - 1) * PART), all) ^ parts[parts.length - 1];
    }

    /**
     * x^(8 bytes) modulo the polynomial. A CRC is linear: that of A followed by B is that of A, multiplied by what moves it
     * over B's length, plus that of B; what CRC32C begins and ends with cancels out.
     */
    private static int power(long bytes) {
        int square = 1 << 31 - 8; // x^8
        int product = 1 << 31; // 1
        for (long left = bytes; left != 0; left >>>= 1) {
            if ((left & 1) != 0) {
                product = multiply(square, product);
            }
            square = multiply(square, square);
        }
        return product;
    }

    /** The product of two polynomials modulo the polynomial; x^0 is the highest bit. */
    private static int multiply(int a, int b) {
        int product = 0;
        int shifted = b; // b x^i
        for (int i = 31; i >= 0; i--) {
            product ^= shifted & -(a >>> i & 1);
            shifted = shifted >>> 1 ^ POLYNOMIAL & -(shifted & 1);
        }
        return product;
    }
}
