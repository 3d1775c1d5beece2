package dev.culebra.jmh.peer;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** A shared library that is opened for good: what is unloaded under a CUDA context takes the process with it. */
@SuppressWarnings("restricted") // a peer is native code
final class SharedLibrary {

    static final AddressLayout STRING = ValueLayout.ADDRESS
            .withTargetLayout(MemoryLayout.sequenceLayout(Long.MAX_VALUE, ValueLayout.JAVA_BYTE));

    /** {@code RTLD_NOW}. */
    private static final int RTLD_NOW = 2;

    private static final Linker LINKER = Linker.nativeLinker();

    private final String file;
    private final MemorySegment handle;

    private SharedLibrary(String file, MemorySegment handle) {
        this.file = file;
        this.handle = handle;
    }

    /** Why a file was not opened, in the loader's words. */
    static final class NotLoaded extends Exception {

        private static final long serialVersionUID = 1;

        NotLoaded(String message) { super(message); }
    }

    /**
     * Opens it by {@code dlopen}, whose {@code dlerror} tells why not.
     *
     * @param file a path, or a name for the loader to find
     */
    static SharedLibrary open(String file) throws NotLoaded {
        if (LINKER.defaultLookup().find("dlopen").isEmpty()) {
            throw new NotLoaded("this system has no dlopen, by which libraries to compare with are opened");
        }
        try (Arena arena = Arena.ofConfined()) {
            // Made before the call: looking a symbol up forgets the error that dlerror would tell.
            MethodHandle dlerror = system("dlerror", FunctionDescriptor.of(STRING));
            MemorySegment handle = (MemorySegment) system("dlopen",
                    FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT))
                    .invokeExact(arena.allocateFrom(file), RTLD_NOW);
            if (handle.address() == 0) {
                MemorySegment text = (MemorySegment) dlerror.invokeExact();
                throw new NotLoaded(text.address() == 0 ? file + ": could not be opened" : text.getString(0));
            }
            return new SharedLibrary(file, handle);
        } catch (NotLoaded e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("dlopen takes a string and a number", e);
        }
    }

    /** As it was given to {@link #open}. */
    String file() { return file; }

    /** A function of it. */
    MethodHandle function(String name, FunctionDescriptor descriptor) throws NotLoaded {
        MemorySegment symbol = symbol(name);
        if (symbol.address() == 0) throw new NotLoaded(file + " has no function " + name);
        return LINKER.downcallHandle(symbol, descriptor);
    }

    /** Whether this version has it. */
    boolean has(String name) { return symbol(name).address() != 0; }

    private MemorySegment symbol(String name) {
        try (Arena arena = Arena.ofConfined()) {
            return (MemorySegment) system("dlsym",
                    FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.ADDRESS))
                    .invokeExact(handle, arena.allocateFrom(name));
        } catch (Throwable e) {
            throw new AssertionError("dlsym takes two pointers", e);
        }
    }

    private static MethodHandle system(String name, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(LINKER.defaultLookup().find(name).orElseThrow(), descriptor);
    }
}
