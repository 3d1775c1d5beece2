package dev.culebra.driver;

import dev.culebra.bindings.CudaApi;
import java.util.Locale;
import java.util.Map;

/** What a caller can do about an error: the sentences that {@link CudaException} adds to the driver's. */
final class Advice {

    private Advice() {}

    /** Where the code alone says enough. */
    private static final Map<Integer, String> BY_CODE = Map.ofEntries(
            Map.entry(CudaApi.CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES(),
                    "The block wants more registers or shared memory than a multiprocessor has: launch fewer threads a"
                            + " block, or load the module with JitOptions.maxRegisters."),
            Map.entry(CudaApi.CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE(),
                    "All blocks of a cooperative launch must fit on the device at once: at most"
                            + " Kernel.maxActiveBlocks times Device.multiprocessors."),
            Map.entry(CudaApi.CUDA_ERROR_INVALID_CLUSTER_SIZE(),
                    "A cluster's blocks must fit on one part of the device, and the grid must be whole clusters; more"
                            + " than 8 blocks are not portable."),
            Map.entry(CudaApi.CUDA_ERROR_JIT_COMPILER_NOT_FOUND(),
                    "The driver's PTX compiler (libnvidia-ptxjitcompiler) is not installed beside it: containers need"
                            + " the driver capability 'compute'."),
            Map.entry(CudaApi.CUDA_ERROR_NO_DEVICE(),
                    "No GPU is visible: look at nvidia-smi, at CUDA_VISIBLE_DEVICES, and whether the container was"
                            + " given one."),
            Map.entry(CudaApi.CUDA_ERROR_SYSTEM_DRIVER_MISMATCH(),
                    "The driver's library and the kernel module have different versions: restart the machine after a"
                            + " driver update."),
            Map.entry(CudaApi.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED(),
                    "A stream that captures can not wait, be asked or be synchronised: do that before or after."),
            Map.entry(CudaApi.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED(),
                    "An earlier call during the capture was not allowed there: begin the capture again without it."),
            Map.entry(CudaApi.CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED(),
                    "This segment or a part of it is page-locked already: it can be used as it is."),
            Map.entry(CudaApi.CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED(), "Nothing is left to do."),
            Map.entry(CudaApi.CUDA_ERROR_UNKNOWN(),
                    "The driver does not say why. Where every call fails like this the device is lost: look for Xid in"
                            + " the system's log (79 is a device that fell off the bus) and at nvidia-smi."),
            Map.entry(CudaApi.CUDA_ERROR_INVALID_CONTEXT(),
                    "The context was destroyed or reset, perhaps by another library of this process."));

    /** What can be said of a code in general; where to look for the place only if it is not known. */
    static String of(int code, boolean diagnosed) {
        if (CudaException.isSticky(code)) {
            return "A kernel or the device failed, in this call or in work enqueued before it. The context is lost: each"
                    + " later call in it fails alike, and NVIDIA's driver gives this process no other one on the device:"
                    + " start a new process."
                    + (diagnosed
                            ? ""
                            : " To find the place, run the same code on the emulator or under compute-sanitizer.");
        }
        return BY_CODE.getOrDefault(code, "");
    }

    static String outOfMemory(long asked, MemoryInfo info) {
        String free = info == null ? "" : "; " + bytes(info.free()) + " of " + bytes(info.total()) + " are free";
        return "Asked for " + bytes(asked) + free
                + ". Close buffers that are no longer used, or give back what a pool keeps with MemoryPool.trim.";
    }

    static String pinned(int code, long asked) {
        if (code != CudaApi.CUDA_ERROR_OUT_OF_MEMORY()) return "";
        return "Asked to page-lock " + bytes(asked)
                + " of host memory. Page-locked memory can not be swapped out, so it is limited: by the machine's"
                + " memory, by a container's limit, by 'ulimit -l'. Use a PinnedPool with a cap, or less at a time.";
    }

    /** 12040 as 12.4. */
    static String cudaVersion(int version) { return version / 1000 + "." + version % 1000 / 10; }

    /** With the exact count where the rounded one hides it. */
    static String bytes(long bytes) {
        if (bytes < 1024) return bytes + " bytes";
        double value = bytes;
        int unit = -1;
        while (value >= 1024 && unit < 3) {
            value /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %ciB", value, "KMGT".charAt(unit));
    }
}
