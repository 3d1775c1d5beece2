package dev.culebra.examples;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.Stream;
import java.lang.foreign.MemorySegment;

/** 03: a kernel of one's own, from PTX in a string: y = a * x + y. The argument is a provider. */
public final class Example03Launch {

    private static final String PTX = """
            .version 7.0
            .target sm_80
            .address_size 64
            .visible .entry axpy(.param .u64 x, .param .u64 y, .param .f32 a, .param .u32 n) {
                .reg .pred %p;
                .reg .b32 %i, %block, %threads, %thread, %n;
                .reg .f32 %a, %xi, %yi;
                .reg .b64 %x, %y, %offset;
                mov.u32 %block, %ctaid.x;
                mov.u32 %threads, %ntid.x;
                mov.u32 %thread, %tid.x;
                mad.lo.u32 %i, %block, %threads, %thread;
                ld.param.u32 %n, [n];
                setp.ge.u32 %p, %i, %n;
                @%p bra DONE;
                ld.param.u64 %x, [x];
                ld.param.u64 %y, [y];
                ld.param.f32 %a, [a];
                mul.wide.u32 %offset, %i, 4;
                add.u64 %x, %x, %offset;
                add.u64 %y, %y, %offset;
                ld.global.f32 %xi, [%x];
                ld.global.f32 %yi, [%y];
                fma.rn.f32 %yi, %a, %xi, %yi;
                st.global.f32 [%y], %yi;
            DONE:
                ret;
            }
            """;

    private static final int COUNT = 1000;

    private Example03Launch() {}

    /**
     * Launches, and checks the result.
     *
     * @param args a provider's name, {@code cuda} where it is left out
     */
    public static void main(String[] args) {
        Cuda cuda = Cuda.open(args.length > 0 ? args[0] : "cuda");
        float[] numbers = new float[COUNT];
        for (int i = 0; i < COUNT; i++) numbers[i] = i;
        try (Context context = cuda.device(0).context();
                Stream stream = context.newStream();
                CudaModule module = context.load(PTX);
                DeviceBuffer x = context.allocate((long) COUNT * Float.BYTES);
                DeviceBuffer y = context.allocate((long) COUNT * Float.BYTES)) {
            x.upload(MemorySegment.ofArray(numbers));
            y.upload(MemorySegment.ofArray(numbers));
            module.kernel("axpy").launch(stream, LaunchConfig.covering(COUNT, 128), x, y, 2f, COUNT);
            float[] result = new float[COUNT];
            y.download(MemorySegment.ofArray(result)); // waits for the kernel, which used the buffer
            for (int i = 0; i < COUNT; i++) {
                if (result[i] != 3f * i) throw new AssertionError("y[" + i + "] is " + result[i]);
            }
            System.out.println("y = 2 x + y on " + cuda.device(0) + ": y[999] = " + result[999]);
        }
    }
}
