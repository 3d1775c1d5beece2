package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import dev.culebra.emulator.memory.Allocation;
import dev.culebra.emulator.memory.Range;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * One end of a copy: bytes of a range that devices know, or of the host's ordinary, pageable memory.
 *
 * @param bytes the bytes
 * @param range the range they are in, or null for pageable memory
 */
record Place(MemorySegment bytes, Range range) {

    /** A place that must be in device memory or in page-locked memory. */
    static Place device(EmulatedDriver driver, long address, long length, String name) {
        Range range = driver.memory.find(address, length);
        if (range == null || range.condemned()) {
            Range at = driver.memory.at(address);
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                    length + " bytes at " + name + " 0x" + Long.toHexString(address) + ", which is "
                            + (at != null && at.condemned()
                                    ? "in " + at.label() + ", whose freeing is on a stream already"
                                    : driver.memory.explain(address)));
        }
        return new Place(range.allocation().bytes.asSlice(address - range.base(), length), range);
    }

    /** A place at an address of the host, page-locked or not; a device's address will do as well. */
    static Place host(EmulatedDriver driver, long address, long length, String name) {
        if (address == 0) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(), name + " is null");
        }
        if (driver.memory.at(address) != null || driver.memory.isDeviceAddress(address)) {
            return device(driver, address, length, name);
        }
        return new Place(Native.at(address, length), null);
    }

    /** Copies between two places that are live; what nobody has written stays so on a device, and is poison on the host. */
    static void copy(Place from, long fromOffset, Place to, long toOffset, long length) {
        Allocation.copy(from.allocation(), from.live().asSlice(fromOffset, length), to.allocation(),
                to.live().asSlice(toOffset, length));
    }

    /** Says that all of it has been written. */
    void filled() {
        if (range != null) {
            range.allocation().wrote(bytes.address() - range.allocation().bytes.address(), bytes.byteSize());
        }
    }

    private Allocation allocation() { return range == null ? null : range.allocation(); }

    /** What a copy reaches, where it is memory that devices know. */
    static List<Use> uses(Place from, Rows read, Place to, Rows written) {
        List<Use> uses = new ArrayList<>();
        if (!from.pageable()) {
            uses.add(new Use(from.range, read, Use.Way.READ));
        }
        if (!to.pageable()) {
            uses.add(new Use(to.range, written, Use.Way.WRITE));
        }
        return uses;
    }

    /** All of it, written to. */
    List<Use> written() { return List.of(new Use(range, Rows.of(bytes), Use.Way.WRITE)); }

    boolean pageable() { return range == null; }

    /** Called when the copy or fill runs: the memory may have gone meanwhile, freed on another stream. */
    MemorySegment live() {
        if (range != null && range.allocation().freed()) {
            throw new CudaError(CudaApi.CUDA_ERROR_ILLEGAL_ADDRESS(), range.label()
                    + " was freed before it ran: what freed it did not wait for the stream that uses it");
        }
        return bytes;
    }
}
