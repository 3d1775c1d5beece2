package dev.culebra.jmh.peer;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;

/** A function of a library that answers with a status, 0 for success. */
final class StatusFunction {

    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    static final ValueLayout PTR = ValueLayout.ADDRESS;

    private static final MemorySegment NO_NAME = Arena.global().allocateFrom("a status without a name");

    private final String name;
    private final MethodHandle handle;
    private final MethodHandle statusName;

    private StatusFunction(String name, MethodHandle handle, MethodHandle statusName) {
        this.name = name;
        this.handle = handle;
        this.statusName = statusName;
    }

    /** The functions of one library. */
    static final class Of {

        private final SharedLibrary library;
        private final MethodHandle statusName;

        /**
         * The library's functions.
         *
         * @param statusName the one that gives a status its name, where this version has it
         */
        Of(SharedLibrary library, String statusName) throws SharedLibrary.NotLoaded {
            this.library = library;
            this.statusName = library.has(statusName)
                    ? library.function(statusName, FunctionDescriptor.of(SharedLibrary.STRING, INT))
                    : MethodHandles.dropArguments(MethodHandles.constant(MemorySegment.class, NO_NAME), 0, int.class);
        }

        /** A function by its name and its arguments' types in C. */
        StatusFunction of(String name, MemoryLayout... arguments) throws SharedLibrary.NotLoaded {
            return new StatusFunction(name, library.function(name, FunctionDescriptor.of(INT, arguments)), statusName);
        }
    }

    /** For calls whose cost matters; its answer is to be given to {@link #check}. */
    MethodHandle exact() {
        return handle;
    }

    /** Calls it, for what is not timed. */
    void call(Object... arguments) { check(status(arguments)); }

    /** Calls it with a place for a handle before the other arguments, and gives back what was written there. */
    MemorySegment make(Object... others) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
            Object[] arguments = new Object[others.length + 1];
            arguments[0] = out;
            System.arraycopy(others, 0, arguments, 1, others.length);
            call(arguments);
            return out.get(ValueLayout.ADDRESS, 0);
        }
    }

    /** Calls it where a refusal is an answer. */
    int status(Object... arguments) {
        try {
            return (int) handle.invokeWithArguments(arguments);
        } catch (Throwable e) {
            throw new AssertionError(name + " takes " + handle.type(), e);
        }
    }

    void check(int status) {
        if (status == 0) return;
        String text;
        try {
            text = ((MemorySegment) statusName.invokeExact(status)).getString(0);
        } catch (Throwable e) {
            text = "a status without a name";
        }
        throw new PeerException(name + " failed: " + text + " (" + status + ")");
    }
}
