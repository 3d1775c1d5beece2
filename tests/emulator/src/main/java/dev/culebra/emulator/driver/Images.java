package dev.culebra.emulator.driver;

import static dev.culebra.bindings.CudaApi.*;

import dev.culebra.emulator.ptx.PtxException;
import dev.culebra.emulator.exec.PtxModule;
import java.lang.foreign.MemorySegment;
import java.util.Locale;

/** What may be handed in as a module: PTX text. Machine code of either container is known and refused. */
final class Images {

    private static final int ELF = 0x464c457f;
    private static final int FATBIN = 0xba55ed50;
    private static final int FATBIN_WRAPPER = 0x466243b1;

    private Images() {}

    static PtxModule parse(Machine device, MemorySegment image, JitOptions jit) {
        int magic = magic(Native.at(image, 4, "image"));
        if (magic == ELF || magic == FATBIN || magic == FATBIN_WRAPPER) {
            throw new CudaError(CUDA_ERROR_NO_BINARY_FOR_GPU(), "the image is "
                    + (magic == ELF ? "a cubin" : "a fat binary") + ": the emulator runs PTX text alone, ship it too");
        }
        String text = Native.string(image, "image");
        if (!text.contains(".version")) {
            throw new CudaError(CUDA_ERROR_INVALID_IMAGE(),
                    "the image is no PTX: it has no .version line" + (text.isEmpty() ? ", it is empty" : ""));
        }
        long start = System.nanoTime();
        try {
            PtxModule module = PtxModule.parse(text, device.computeMajor(), device.computeMinor());
            jit.report(System.nanoTime() - start, info(device, module), "");
            return module;
        } catch (PtxException e) {
            String log = String.join("\n", e.errors());
            jit.report(System.nanoTime() - start, "", log);
            throw new CudaError(switch (e.kind()) {
                case INVALID_PTX -> CUDA_ERROR_INVALID_PTX();
                case UNSUPPORTED_PTX_VERSION -> CUDA_ERROR_UNSUPPORTED_PTX_VERSION();
                // As an H200's driver at 13.0 does: the compiler fails before anybody looks for code of the device.
                case NO_BINARY_FOR_GPU -> CUDA_ERROR_INVALID_PTX();
            }, log);
        }
    }

    /** Byte by byte: an empty text is one byte long, and no more of it may be read. */
    private static int magic(MemorySegment image) {
        int magic = 0;
        for (int i = 0; i < 4; i++) {
            int next = image.get(java.lang.foreign.ValueLayout.JAVA_BYTE, i) & 0xff;
            if (next == 0) {
                return 0;
            }
            magic |= next << 8 * i;
        }
        return magic;
    }

    private static String info(Machine device, PtxModule module) {
        StringBuilder text = new StringBuilder();
        module.kernels()
                .forEach(k -> text.append(String.format(Locale.ROOT,
                        "info    : kernel '%s' for sm_%d%d: about %d registers, %d bytes smem, %d bytes of arguments%n",
                        k.name(), device.computeMajor(), device.computeMinor(), k.registersEstimate(),
                        k.staticSharedBytes(), k.parameterBytes())));
        return text.toString();
    }
}
