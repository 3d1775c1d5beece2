package dev.culebra.cli;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;

/**
 * Gives standard error back to the command. The JVM writes a line about incubator modules to it before any code of ours
 * runs, and has no switch against that; so the launcher starts the JVM with a filter as its standard error and the real one
 * as another descriptor, which is made standard error again here. The filter then sees the end of its input and goes.
 */
final class StandardError {
    /** Set by the launcher: the number of the descriptor that is the real standard error. */
    static final String PROPERTY = "culebra.stderr";

    private static final int STANDARD_ERROR = 2;

    private StandardError() {}

    /** Does nothing where the launcher was not there; leaves the filter in place where the system will not have it. */
    @SuppressWarnings("restricted")
    static void reclaim() {
        Integer real = Integer.getInteger(PROPERTY);
        if (real == null) return;
        try {
            var linker = Linker.nativeLinker();
            var dup2 = linker.downcallHandle(linker.defaultLookup().find("dup2").orElseThrow(),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
            int ignored = (int) dup2.invokeExact(real.intValue(), STANDARD_ERROR);
        } catch (Throwable e) {
            // Everything still arrives, through the filter.
        }
    }
}
