package dev.culebra.driver;

import dev.culebra.driver.spi.DriverProvider;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * NVIDIA's driver: one library, of which one symbol is looked up. Where it is looked for: the file that the system
 * property {@code culebra.cuda.driver} or the environment variable {@code CULEBRA_CUDA_DRIVER} names, and then nowhere
 * else; or the names under which drivers are installed.
 */
final class NvidiaDriver implements DriverProvider {

    static final String NAME = "cuda";
    static final String PROPERTY = "culebra.cuda.driver";
    static final String VARIABLE = "CULEBRA_CUDA_DRIVER";

    private static final String SYMBOL = "cuGetProcAddress_v2";

    @Override
    public String name() { return NAME; }

    @Override
    public Result load() {
        List<String> reasons = new ArrayList<>();
        for (String library : candidates()) {
            switch (NativeLibrary.open(library)) {
                case NativeLibrary.Failed failed -> reasons.add(failed.reason());
                case NativeLibrary.Opened opened -> {
                    MemorySegment symbol = opened.symbol(SYMBOL);
                    if (symbol != MemorySegment.NULL) return new Result.Loaded(symbol, opened.name());
                    reasons.add(opened.name() + " has no " + SYMBOL
                            + ": it is not a CUDA driver, or one older than 12.0, the oldest that is supported");
                }
            }
        }
        return new Result.Missing(String.join("; ", reasons));
    }

    private static List<String> candidates() {
        String chosen = System.getProperty(PROPERTY);
        if (chosen == null || chosen.isBlank()) chosen = System.getenv(VARIABLE);
        if (chosen != null && !chosen.isBlank()) return List.of(chosen);
        if (NativeLibrary.WINDOWS) return List.of("nvcuda.dll");
        // The last is where WSL keeps Windows' driver, which not every distribution's loader looks at.
        return List.of("libcuda.so.1", "libcuda.so", "/usr/lib/wsl/lib/libcuda.so.1");
    }
}
