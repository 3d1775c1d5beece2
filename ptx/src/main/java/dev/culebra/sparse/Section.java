package dev.culebra.sparse;

import java.lang.foreign.MemorySegment;

/**
 * A contiguous part of an encoded matrix, as it is uploaded to a device: read-only native memory, aligned to 256 bytes,
 * little-endian. It lives as long as something refers to it. A section can be empty (a matrix of zeros has no entries).
 *
 * @param name what it holds, unique in a matrix, such as {@code "entries"}
 * @param bytes its contents
 */
public record Section(String name, MemorySegment bytes) {}
