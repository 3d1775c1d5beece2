package dev.culebra.emulator.driver;

import dev.culebra.bindings.CUDA_MEMCPY2D;
import dev.culebra.bindings.CudaApi;
import java.lang.foreign.MemorySegment;

/**
 * A copy of a rectangle: rows of some bytes, at a distance of their own on each side.
 *
 * @param to where the first row goes, up to the end of the last
 * @param toPitch distance of rows there
 * @param from where the first row comes from, up to the end of the last
 * @param fromPitch distance of rows there
 * @param width bytes of a row
 * @param height rows
 */
record Copy2D(Place to, long toPitch, Place from, long fromPitch, long width,
        long height) implements CopyCalls.Copying {

    static Copy2D read(EmulatedDriver driver, MemorySegment pointer) {
        MemorySegment s = Native.at(pointer, CUDA_MEMCPY2D.sizeof(), "pCopy");
        long width = CUDA_MEMCPY2D.WidthInBytes(s);
        long height = CUDA_MEMCPY2D.Height(s);
        if (width < 0 || height < 0 || height > 0 && width > Long.MAX_VALUE / height) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(), "a rectangle of " + Long.toUnsignedString(height)
                    + " rows of " + Long.toUnsignedString(width) + " bytes is too large");
        }
        Place to = side(driver, "dst", CUDA_MEMCPY2D.dstMemoryType(s), CUDA_MEMCPY2D.dstHost(s).address(),
                CUDA_MEMCPY2D.dstDevice(s), CUDA_MEMCPY2D.dstXInBytes(s), CUDA_MEMCPY2D.dstY(s),
                CUDA_MEMCPY2D.dstPitch(s), width, height);
        Place from = side(driver, "src", CUDA_MEMCPY2D.srcMemoryType(s), CUDA_MEMCPY2D.srcHost(s).address(),
                CUDA_MEMCPY2D.srcDevice(s), CUDA_MEMCPY2D.srcXInBytes(s), CUDA_MEMCPY2D.srcY(s),
                CUDA_MEMCPY2D.srcPitch(s), width, height);
        return new Copy2D(to, CUDA_MEMCPY2D.dstPitch(s), from, CUDA_MEMCPY2D.srcPitch(s), width, height);
    }

    private static Place side(EmulatedDriver driver, String name, int type, long host, long device, long x, long y,
            long pitch, long width, long height) {
        if (x < 0 || y < 0 || pitch < 0 || pitch > Integer.MAX_VALUE || y > Integer.MAX_VALUE
                || height > Integer.MAX_VALUE
                || width > pitch - x && height > 0 && width > 0) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(), name + "Pitch " + Long.toUnsignedString(pitch)
                    + " must be at most 2147483647 and hold " + name + "XInBytes " + Long.toUnsignedString(x) + " and "
                    + Long.toUnsignedString(width) + " bytes of a row");
        }
        if (width == 0 || height == 0) {
            return new Place(MemorySegment.NULL, null);
        }
        long offset = y * pitch + x;
        long span = (height - 1) * pitch + width;
        if (type == CudaApi.CU_MEMORYTYPE_HOST()) {
            return Place.host(driver, host == 0 ? 0 : host + offset, span, name + "Host");
        } else if (type == CudaApi.CU_MEMORYTYPE_DEVICE()) {
            return Place.device(driver, device + offset, span, name + "Device");
        } else if (type == CudaApi.CU_MEMORYTYPE_UNIFIED()) {
            return Place.host(driver, device == 0 ? 0 : device + offset, span, name + "Device");
        }
        throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(), name + "MemoryType is " + type
                + "; accepted: host (1), device (2), unified (4); the emulator has no arrays (3)");
    }

    @Override
    public String label() { return "copy of a rectangle"; }

    @Override
    public boolean fromPageable() { return bytes() > 0 && from.pageable(); }

    @Override
    public boolean toPageable() { return bytes() > 0 && to.pageable(); }

    @Override
    public long bytes() { return width * height; }

    @Override
    public CopyCalls.Copying staged() {
        MemorySegment rows = MemorySegment.ofArray(new byte[Math.toIntExact(bytes())]);
        Place staged = new Place(rows, null);
        rows(from, fromPitch, staged, width);
        return new Copy2D(to, toPitch, staged, width, width, height);
    }

    private void rows(Place source, long sourcePitch, Place target, long targetPitch) {
        for (long row = 0; row < height; row++) {
            Place.copy(source, row * sourcePitch, target, row * targetPitch, width);
        }
    }

    @Override
    public Work work() {
        if (bytes() == 0) {
            return Work.empty(label());
        }
        return new Work(Work.Kind.COPY, label(), from.pageable() + " " + to.pageable() + " 2D",
                () -> rows(from, fromPitch, to, toPitch),
                Place.uses(from, new Rows(from.bytes(), fromPitch, width, height), to,
                        new Rows(to.bytes(), toPitch, width, height)));
    }
}
