package dev.culebra.spmm;

import dev.culebra.driver.DeviceBuffer;
import dev.culebra.kernel.KernelCatalog;
import dev.culebra.sparse.DenseType;
import java.util.Objects;

/** What is checked of buffers before a kernel is given their addresses. Allocates nothing where all is well. */
final class CudaArguments {

    private CudaArguments() {}

    static int flags(Epilogue<?> e) { return KernelCatalog.flags(e.activation(), e.output(), e.accumulate()); }

    static void check(CudaWeights a, DeviceBuffer x, int n, int ldx, DeviceBuffer y, DeviceBuffer residual,
            DenseType output) {
        Objects.requireNonNull(x, "x");
        Objects.requireNonNull(y, "y");
        long xBytes = (long) n * ldx * a.valueType().bits() / 8;
        if (x.bytes() < xBytes || x.address() % 16 != 0) {
            throw new IllegalArgumentException("x has " + x.bytes() + " bytes at 0x" + Long.toHexString(x.address())
                    + "; [N, ldx] = [" + n + ", " + ldx + "] takes " + xBytes + " at a multiple of 16");
        }
        check("y", y, n, a.m(), output);
        if (residual != null) {
            check("the residual", residual, n, a.m(), output);
        }
    }

    static void checkBias(CudaWeights a, DeviceBuffer bias) {
        long bytes = (long) a.m() * Float.BYTES;
        if (bias != null && (bias.bytes() < bytes || bias.address() % Float.BYTES != 0)) {
            throw new IllegalArgumentException("the bias has " + bias.bytes() + " bytes at 0x"
                    + Long.toHexString(bias.address()) + "; [M] = [" + a.m() + "] of F32 takes " + bytes
                    + " at a multiple of " + Float.BYTES);
        }
    }

    private static void check(String name, DeviceBuffer buffer, int n, int m, DenseType type) {
        long elements = (long) n * m; // by division: as bytes they may pass 2^63
        if (buffer.bytes() / type.bytes() < elements || buffer.address() % type.bytes() != 0) {
            throw new IllegalArgumentException(name + " has " + buffer.bytes() + " bytes at 0x"
                    + Long.toHexString(buffer.address()) + "; [N, M] = [" + n + ", " + m + "] of " + type + " takes "
                    + elements + " elements of " + type.bytes() + " bytes at a multiple of " + type.bytes());
        }
    }
}
