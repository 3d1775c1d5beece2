package dev.culebra.jmh.peer;

import dev.culebra.driver.Context;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.Kernel;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.PreparedLaunch;
import dev.culebra.driver.Stream;

/** Turns fp16 matrices on the device, for a library that likes another layout than ours. One thread. */
public final class HalfTranspose implements AutoCloseable {

    /** A thread an element, in the order of what is written: matrices of activations are small beside weights. */
    private static final String PTX = """
            .version 7.0
            .target sm_80
            .address_size 64
            .visible .entry transpose(.param .u64 from, .param .u64 to, .param .u32 rows, .param .u32 columns)
            {
                .reg .pred %p;
                .reg .b16 %h;
                .reg .b32 %r<7>;
                .reg .b64 %a<4>;
                mov.u32 %r0, %ctaid.x;
                mov.u32 %r1, %ntid.x;
                mov.u32 %r2, %tid.x;
                mad.lo.u32 %r0, %r0, %r1, %r2; // where it goes
                ld.param.u32 %r1, [rows];
                ld.param.u32 %r2, [columns];
                mul.lo.u32 %r3, %r1, %r2;
                setp.ge.u32 %p, %r0, %r3;
                @%p ret;
                div.u32 %r4, %r0, %r1; // its column
                rem.u32 %r5, %r0, %r1; // its row
                mad.lo.u32 %r6, %r5, %r2, %r4;
                ld.param.u64 %a0, [from];
                ld.param.u64 %a1, [to];
                mad.wide.u32 %a2, %r6, 2, %a0;
                mad.wide.u32 %a3, %r0, 2, %a1;
                ld.global.b16 %h, [%a2];
                st.global.b16 [%a3], %h;
                ret;
            }
            """;

    private final CudaModule module;
    private final Kernel kernel;

    /**
     * Compiles it.
     *
     * @param context where
     */
    public HalfTranspose(Context context) {
        module = context.load(PTX);
        kernel = module.kernel("transpose");
    }

    /**
     * Makes a launch ready.
     *
     * @param stream where it is enqueued each time
     * @param from address of fp16 [rows, columns] row-major
     * @param rows of it
     * @param columns of it; with the rows fewer than 2^31 elements
     * @param to address of fp16 [columns, rows] row-major
     * @return enqueues it, and never waits
     */
    public Runnable of(Stream stream, long from, int rows, int columns, long to) {
        PreparedLaunch launch = kernel.prepare(LaunchConfig.covering(Math.multiplyExact(rows, columns), 256))
                .set(0, from).set(1, to).set(2, rows).set(3, columns);
        return () -> launch.launch(stream);
    }

    /** Waits for its launches and unloads it. */
    @Override
    public void close() { module.close(); }
}
