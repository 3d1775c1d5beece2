package dev.culebra.driver;

import dev.culebra.bindings.CudaApi;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What to say of code that could not be loaded. */
final class LoadAdvice {

    private LoadAdvice() {}

    /** The PTX text is null for code that was compiled elsewhere. */
    static String of(int code, PtxText ptx, Device device, int driverVersion) {
        if (ptx == null) {
            return code == CudaApi.CUDA_ERROR_NO_BINARY_FOR_GPU() || code == CudaApi.CUDA_ERROR_INVALID_IMAGE()
                    ? "The image has no code for compute capability " + device.computeCapability()
                            + ", or is no cubin or fatbin: load PTX, which is compiled for the device, or compile for it."
                    : "";
        }
        if (code == CudaApi.CUDA_ERROR_UNSUPPORTED_PTX_VERSION()) {
            return "The PTX says .version " + ptx.version() + "; this driver, for CUDA "
                    + Advice.cudaVersion(driverVersion) + ", reads PTX up to " + latestPtx(driverVersion)
                    + ". Update the driver, or lower the .version line to what the code needs: compilers write their"
                    + " own latest version whatever it needs.";
        }
        if (code == CudaApi.CUDA_ERROR_INVALID_IMAGE()) {
            return "The text is no PTX, which begins with .version; a cubin or fatbin is loaded with loadBinary.";
        }
        // Drivers answer a target that is too new with the one code or, H200's at 13.0, with the other.
        if (code == CudaApi.CUDA_ERROR_NO_BINARY_FOR_GPU()
                || code == CudaApi.CUDA_ERROR_INVALID_PTX() && isTooNew(ptx.target(), device)) {
            return "The PTX says .target " + ptx.target() + "; the device's compute capability is "
                    + device.computeCapability()
                    + ". PTX runs on its target and on later ones, and with an 'a' behind the target on that one alone.";
        }
        if (code == CudaApi.CUDA_ERROR_INVALID_PTX()) return "The compiler's log says where:";
        return "";
    }

    /** Whether a target such as {@code sm_100a} is of a later generation than the device. */
    private static boolean isTooNew(String target, Device device) {
        Matcher number = Pattern.compile("sm_(\\d+)").matcher(target);
        ComputeCapability has = device.computeCapability();
        return number.find() && Integer.parseInt(number.group(1)) > 10 * has.major() + has.minor();
    }

    /** From the PTX manual's release notes: the ISA version that each CUDA version introduced. */
    static String latestPtx(int driverVersion) {
        int major = driverVersion / 1000;
        int minor = driverVersion % 1000 / 10;
        if (major == 12) {
            // 12.0 to 12.5 count alike; 12.6 brought none, so from there on PTX is one behind.
            return "8." + (minor <= 5 ? minor : minor - 1);
        }
        return major == 13 ? "9." + minor : "a version that this library does not know";
    }
}
