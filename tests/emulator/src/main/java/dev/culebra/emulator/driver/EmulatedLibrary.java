package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import dev.culebra.emulator.exec.PtxModule;
import dev.culebra.emulator.memory.Range;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** PTX that belongs to no context: loaded into one when a kernel of it is first used there. */
final class EmulatedLibrary {

    final EmulatedDriver driver;
    final long handle;
    private final PtxModule ptx;
    private final Map<EmulatedContext, EmulatedModule> modules = new HashMap<>();
    /** One set for all its modules, since they share the code, and what that remembers of where it was. */
    private final Set<Range> reached = ConcurrentHashMap.newKeySet();

    /** A kernel of a library. */
    record Kernel(EmulatedLibrary library, String name) {
        EmulatedFunction in(EmulatedContext context) { return library.module(context).function(name); }
    }

    private final Map<String, Long> handles = new HashMap<>();

    EmulatedLibrary(EmulatedDriver driver, PtxModule ptx) {
        this.driver = driver;
        this.ptx = ptx;
        this.handle = driver.handles.add(this);
    }

    synchronized long kernel(String name) {
        if (ptx.kernel(name) == null) {
            throw new CudaError(CudaApi.CUDA_ERROR_NOT_FOUND(), "the library has no kernel " + name);
        }
        return handles.computeIfAbsent(name, n -> driver.handles.add(new Kernel(this, n)));
    }

    private synchronized EmulatedModule module(EmulatedContext context) {
        EmulatedModule module = modules.get(context);
        if (module == null || !context.modules.contains(module)) {
            module = new EmulatedModule(context, ptx, reached);
            modules.put(context, module);
        }
        return module;
    }

    synchronized void unload() {
        driver.handles.remove(handle);
        handles.values().forEach(driver.handles::remove);
        modules.values().forEach(m -> {
            if (m.context.modules.contains(m)) {
                m.context.drain();
                m.unload();
            }
        });
    }
}
