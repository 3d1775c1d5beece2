package dev.culebra.driver;

import java.lang.foreign.MemorySegment;

/**
 * Code that belongs to no context: its kernels can be had in each context of the driver. May be used from any thread.
 */
public final class CudaLibrary implements AutoCloseable {

    private final Context context;
    private final Driver driver;
    private final MemorySegment handle;
    private final String infoLog;
    private final String errorLog;
    private final PtxText ptx;
    private final Lifetime lifetime;
    private final Uses uses = new Uses();

    private CudaLibrary(Context context, JitCall.Loaded loaded, PtxText ptx) {
        this.context = context;
        this.driver = context.driver();
        this.handle = loaded.handle();
        this.infoLog = loaded.infoLog();
        this.errorLog = loaded.errorLog();
        this.ptx = ptx;
        this.lifetime = Lifetime.owned(this, "library " + Handles.text(handle), context.lifetime());
    }

    static CudaLibrary load(Context context, String ptx, JitOptions options) {
        Driver driver = context.driver();
        PtxText text = new PtxText(ptx);
        JitCall call = new JitCall(driver, DriverFunction.cuLibraryLoadData,
                (out, image, count, names, values) -> driver.modules.loadLibrary(context.raw(), out, image, count,
                        names,
                        values));
        return new CudaLibrary(context, call.ptx(ptx, text, options, context.device()), text);
    }

    /**
     * A kernel of the library.
     *
     * @param in the context to launch it in, which must stay open as long as it is used
     * @param name as the PTX has it
     * @return the kernel
     * @throws CudaException where there is none, with the names that there are; or where the PTX could not be compiled and
     *         the driver tells only now, with the compiler's log
     */
    public Kernel kernel(Context in, String name) {
        lifetime.check();
        in.lifetime().check();
        MemorySegment function = driver.modules.libraryFunction(in.raw(), handle, name,
                CudaModule.adviceFor(name, ptx.kernels().keySet()), errorLog);
        return new Kernel(name, in, function, this, lifetime, uses, ptx);
    }

    /**
     * What the compiler had to say that was no error.
     *
     * @return its log, most often empty; empty too where the driver compiles later
     */
    public String infoLog() { return infoLog; }

    /**
     * The driver's handle, to lend to another library.
     *
     * @return the {@code CUlibrary}
     */
    public long handle() { return handle.address(); }

    /**
     * Waits for its kernels that were launched and unloads it. A second call does nothing.
     *
     * @throws IllegalStateException where a graph uses it; nothing is changed then
     */
    @Override
    public void close() {
        lifetime.close(() -> Lifetime.inTurn(uses::await, () -> driver.modules.unloadLibrary(context.raw(), handle)));
    }

    @Override
    public String toString() { return lifetime.name(); }
}
