package dev.culebra.driver;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * A shared library that is opened for good. By {@code dlopen} where there is one, since {@code dlerror} tells why it
 * failed and {@link SymbolLookup#libraryLookup} does not.
 */
@SuppressWarnings("restricted") // a driver is native code
final class NativeLibrary {

    static final boolean WINDOWS = System.getProperty("os.name").startsWith("Windows");

    /** {@code RTLD_NOW}: the same number on Linux and macOS. */
    private static final int RTLD_NOW = 2;

    private static final AddressLayout STRING = ValueLayout.ADDRESS
            .withTargetLayout(MemoryLayout.sequenceLayout(Long.MAX_VALUE, ValueLayout.JAVA_BYTE));

    private NativeLibrary() {}

    /** What came of opening a library. */
    sealed interface Opening permits Opened, Failed {}

    /** An open library. */
    record Opened(String name, SymbolLookup symbols) implements Opening {

        /** The symbol's address, or NULL. */
        MemorySegment symbol(String symbol) {
            return symbols.find(symbol).orElse(MemorySegment.NULL);
        }
    }

    /** In the system's words where it has any. */
    record Failed(String reason) implements Opening {}

    static Opening open(String library) {
        SymbolLookup system = Linker.nativeLinker().defaultLookup();
        if (WINDOWS || system.find("dlopen").isEmpty()) return openSilently(library);
        try (Arena arena = Arena.ofConfined()) {
            // Made before the call: looking a symbol up forgets the error that dlerror would tell.
            MethodHandle dlerror = function(system, "dlerror", FunctionDescriptor.of(STRING));
            MemorySegment handle = (MemorySegment) function(system, "dlopen",
                    FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT))
                    .invokeExact(arena.allocateFrom(library), RTLD_NOW);
            if (handle.address() == 0) return new Failed(reason(library, (MemorySegment) dlerror.invokeExact()));
            MethodHandle dlsym = function(system, "dlsym",
                    FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
            return new Opened(library, symbol -> {
                try (Arena names = Arena.ofConfined()) {
                    MemorySegment found = (MemorySegment) dlsym.invokeExact(handle, names.allocateFrom(symbol));
                    return found.address() == 0 ? Optional.empty() : Optional.of(found);
                } catch (Throwable e) {
                    throw new AssertionError("dlsym takes two pointers", e);
                }
            });
        } catch (Throwable e) {
            return new Failed(library + ": " + e);
        }
    }

    private static String reason(String library, MemorySegment text) {
        if (text.address() == 0) return library + ": could not be opened";
        String reason = text.getString(0);
        // The loader names the file in most of its sentences.
        return reason.contains(library) ? reason : library + ": " + reason;
    }

    private static Opening openSilently(String library) {
        try {
            return new Opened(library, SymbolLookup.libraryLookup(library, Arena.global()));
        } catch (IllegalArgumentException e) {
            return new Failed(library + ": not found, or it could not be loaded");
        }
    }

    private static MethodHandle function(SymbolLookup system, String name, FunctionDescriptor descriptor) {
        return Linker.nativeLinker().downcallHandle(system.find(name).orElseThrow(), descriptor);
    }
}
