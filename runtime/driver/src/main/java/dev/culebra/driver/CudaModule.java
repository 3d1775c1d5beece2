package dev.culebra.driver;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Code that is loaded into a context. May be used from any thread. */
public final class CudaModule implements AutoCloseable {

    private final Context context;
    private final Driver driver;
    private final MemorySegment handle;
    private final String infoLog;
    private final PtxText ptx;
    private final Lifetime lifetime;
    private final Uses uses = new Uses();
    private final Map<String, Kernel> kernels = new ConcurrentHashMap<>();

    private CudaModule(Context context, JitCall.Loaded loaded, PtxText ptx) {
        this.context = context;
        this.driver = context.driver();
        this.handle = loaded.handle();
        this.infoLog = loaded.infoLog();
        this.ptx = ptx;
        this.lifetime = Lifetime.owned(this, "module " + Handles.text(handle), context.lifetime());
    }

    static CudaModule load(Context context, String ptx, JitOptions options) {
        PtxText text = new PtxText(ptx);
        return new CudaModule(context, call(context).ptx(ptx, text, options, context.device()), text);
    }

    static CudaModule loadBinary(Context context, MemorySegment image) {
        return new CudaModule(context, call(context).binary(image, context.device()), null);
    }

    private static JitCall call(Context context) {
        Driver driver = context.driver();
        return new JitCall(driver, DriverFunction.cuModuleLoadDataEx,
                (out, image, count, options, values) -> driver.modules
                        .load(context.raw(), out, image, count, options, values));
    }

    /**
     * A kernel of the module.
     *
     * @param name as the PTX has it
     * @return the kernel, the same on each call
     * @throws CudaException where there is none, with the names that there are
     */
    public Kernel kernel(String name) {
        lifetime.check();
        Kernel known = kernels.get(name);
        if (known != null) return known;
        MemorySegment function = driver.modules.function(context.raw(), handle, name, adviceFor(name));
        Kernel made = new Kernel(name, context, function, this, lifetime, uses, ptx);
        Kernel first = kernels.putIfAbsent(name, made);
        return first == null ? made : first;
    }

    /**
     * The kernels that its PTX has.
     *
     * @return names for {@link #kernel(String)}, in the text's order; empty for code that was loaded without PTX
     */
    public List<String> kernelNames() { return ptx == null ? List.of() : List.copyOf(ptx.kernels().keySet()); }

    private String adviceFor(String name) {
        return ptx == null ? "Asked for '" + name + "'." : adviceFor(name, ptx.kernels().keySet());
    }

    static String adviceFor(String name, Set<String> kernels) {
        return "Asked for '" + name + "'; the PTX has " + (kernels.isEmpty() ? "no kernel" : String.join(", ", kernels))
                + ". C++ names are mangled unless declared extern \"C\".";
    }

    /**
     * A variable of the module, in global or constant memory.
     *
     * @param name as the PTX has it
     * @return its memory, which needs no closing and ends with the module
     * @throws CudaException where there is none
     */
    public DeviceBuffer global(String name) {
        lifetime.check();
        CheckedModules.Global global = driver.modules.global(context.raw(), handle, name, "Asked for '" + name + "'.");
        return DeviceBuffer.view(context, global.address(), global.bytes(), uses, this, lifetime);
    }

    /**
     * What the compiler had to say that was no error.
     *
     * @return its log, most often empty: see {@link JitOptions#withVerboseLog(boolean)}
     */
    public String infoLog() { return infoLog; }

    /**
     * The context it is loaded in.
     *
     * @return the context
     */
    public Context context() { return context; }

    /**
     * The driver's handle, to lend to another library.
     *
     * @return the {@code CUmodule}
     */
    public long handle() { return handle.address(); }

    /**
     * Waits for its kernels that were launched and unloads it. A second call does nothing.
     *
     * @throws IllegalStateException where a graph uses it; nothing is changed then
     * @throws CudaException where a kernel failed; it is closed all the same
     */
    @Override
    public void close() {
        lifetime.close(() -> Lifetime.inTurn(uses::await, () -> driver.modules.unload(context.raw(), handle)));
    }

    @Override
    public String toString() { return lifetime.name(); }
}
