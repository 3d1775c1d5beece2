package dev.culebra.tests.emulator.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.bindings.*;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What can be seen of a wrong argument block: at the launch where it is certain, behind a fault's address where it is not. */
class ArgumentTest {

    /** Stores 77 to word n - 1 of an array that is promised to be a multiple of 16, for n > 0. */
    private static final String DECLARED = Ptx.HEAD + """
            .visible .entry declared(.param .u64 .ptr .global .align 16 out, .param .u32 n)
            {
                .reg .pred %p;
                .reg .b32 %r<3>;
                .reg .b64 %rd<4>;
                ld.param.u64 %rd1, [out];
                ld.param.u32 %r1, [n];
                setp.eq.u32 %p, %r1, 0;
                @%p bra DONE;
                mov.u32 %r2, 77;
                mul.wide.u32 %rd2, %r1, 4;
                add.s64 %rd3, %rd1, %rd2;
                st.global.u32 [%rd3+-4], %r2;
            DONE:
                ret;
            }
            """;

    private final RawDriver d = RawDriver.started();
    private final MemorySegment declared = d.function(d.load(DECLARED), "declared");
    private final long array = d.alloc(64);

    @AfterEach
    void close() { d.close(); }

    private int launch(long out, int n) { return d.launch(declared, 1, 1, 0, RawDriver.NULL, out, n); }

    private void says(String... parts) {
        for (String part : parts) {
            assertTrue(d.provider.lastDiagnostic().contains(part), () -> part + " in: " + d.provider.lastDiagnostic());
        }
    }

    private int withExtra(long bytes) {
        MemorySegment block = d.arena.allocate(32, 8);
        block.set(ValueLayout.JAVA_LONG, 0, array);
        block.set(ValueLayout.JAVA_INT, 8, 1);
        MemorySegment size = d.out();
        size.set(ValueLayout.JAVA_LONG, 0, bytes);
        MemorySegment extra = d.arena.allocateFrom(ValueLayout.JAVA_LONG, 1, block.address(), 2, size.address(), 0);
        return PFN_cuLaunchKernel_v4000.invoke(d.f("cuLaunchKernel", 4000), declared, 1, 1, 1, 1, 1, 1, 0,
                RawDriver.NULL, RawDriver.NULL, extra);
    }

    @Test
    void aBlockOfTheWrongSize() {
        d.ok(withExtra(12));
        d.fails(CudaApi.CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES(), withExtra(16)); // as sizeof says of a C struct of the two
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), withExtra(8));
        says("has 8 bytes", "takes 12, without what a C struct");
        d.fails(CudaApi.CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES(), withExtra(20));
        says("has 20 bytes");
        d.ok(d.synchronize());
        assertEquals(77, d.readInts(array, 1)[0]);
    }

    @Test
    void pointersToArgumentsThatAreNull() {
        MemorySegment call = d.f("cuLaunchKernel", 4000);
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuLaunchKernel_v4000.invoke(call, declared, 1, 1, 1, 1, 1, 1, 0,
                RawDriver.NULL, RawDriver.NULL, RawDriver.NULL));
        says("kernelParams of kernel declared, which has 2 parameters, is null");
        MemorySegment arguments = d.arguments(array, 1);
        arguments.setAtIndex(ValueLayout.ADDRESS, 1, RawDriver.NULL);
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuLaunchKernel_v4000.invoke(call, declared, 1, 1, 1, 1, 1, 1, 0,
                RawDriver.NULL, arguments, RawDriver.NULL));
        says("the pointer to argument 1 of kernel declared is null");
    }

    @Test
    void whatIsDeclaredAPointerMustBeAnAddress() {
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), launch(5, 1));
        says("parameter 0 of kernel declared ('out') is 0x5, declared a pointer, which is null or almost so");
        MemorySegment pageable = d.arena.allocate(64, 64);
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), launch(pageable.address(), 1));
        says("not an address of a device, nor in pinned memory", "page-locked memory of the host");
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), launch(array + 4, 1));
        says("aligned to 16 bytes, which this is not");
        d.ok(launch(array + 16, 1));
        d.ok(launch(d.pinned(64).address(), 1));
        d.ok(launch(0, 0)); // nobody follows it
        d.ok(d.synchronize());
        assertEquals(77, d.readInts(array, 5)[4]);
    }

    /** A stale address is refused only where it is followed: with n = 0 there is nothing wrong. */
    @Test
    void aStaleAddressIsToldWhereItIsFollowed() {
        long gone = d.alloc(64);
        d.ok(d.free(gone));
        d.ok(launch(gone, 0));
        d.ok(d.synchronize());
        d.ok(launch(gone, 3));
        d.fails(CudaApi.CUDA_ERROR_ILLEGAL_ADDRESS(), d.synchronize());
        says("of 64 bytes, which was freed", "parameter 0 ('out') is 0x" + Long.toHexString(gone) + ", 8 bytes before");
    }

    @Test
    void argumentsInTheWrongOrderAreTold() {
        MemorySegment scale = d.function(d.load(Ptx.SCALE), "scale");
        d.ok(d.launch(scale, 1, 1, 0, RawDriver.NULL, array, 9L, 1, 1, 1));
        d.fails(CudaApi.CUDA_ERROR_MISALIGNED_ADDRESS(), d.synchronize());
        d.ok(d.release(0));
        d.ok(d.setCurrent(d.retain(0)));
        scale = d.function(d.load(Ptx.SCALE), "scale");
        long mine = d.alloc(64);
        d.ok(d.launch(scale, 1, 1, 0, RawDriver.NULL, mine, 8L, 1, 1, 1));
        d.fails(CudaApi.CUDA_ERROR_ILLEGAL_ADDRESS(), d.synchronize());
        says("0x8", "null or almost so", "parameter 1 ('in') is 0x8");
    }
}
