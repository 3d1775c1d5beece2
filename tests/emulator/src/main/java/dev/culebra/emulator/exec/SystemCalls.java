package dev.culebra.emulator.exec;

import dev.culebra.emulator.memory.Allocation;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/**
 * Functions that a module declares and the device has: {@code vprintf}, {@code malloc}, {@code free} and what a failed
 * {@code assert} calls. A module's own function of such a name goes first.
 */
final class SystemCalls {

    /** Characters of a text that are looked at: one without an end must not take the host's memory. */
    private static final int LONGEST_TEXT = 1 << 16;

    private SystemCalls() {}

    /** What a system function does for one lane. */
    private interface Body {
        /**
         * Does it.
         *
         * @param w the warp
         * @param lane the lane
         * @param arguments its arguments, each in 64 bits
         * @return the result, of which as many bytes are used as the function returns
         */
        long run(Warp w, int lane, long[] arguments);
    }

    /**
     * A function of the system.
     *
     * @param signature what it takes and returns
     * @param body what it does
     */
    private record Known(Calls.Signature signature, Body body) {}

    private static final Map<String, Known> KNOWN = Map.of(
            "vprintf", known(4, SystemCalls::print, 8, 8),
            "malloc", known(8, (w, l, a) -> w.block.launch.memory.heapAllocate(a[0], 16), 8),
            "__nv_aligned_device_malloc", known(8, (w, l, a) -> w.block.launch.memory.heapAllocate(a[0], a[1]), 8, 8),
            "free", known(0, SystemCalls::free, 8),
            "__assertfail", known(0, SystemCalls::assertionFailed, 8, 8, 4, 8, 8));

    private static Known known(int result, Body body, int... parameters) {
        return new Known(new Calls.Signature(result == 0 ? new int[0] : new int[]{result}, parameters), body);
    }

    /** Emits the call when the name is one of the system's and the module does not define it. */
    static boolean call(Decoding x, String name, int[] results, int[] arguments, Calls.Signature given) {
        Known known = KNOWN.get(name);
        if (known == null || x.assembler.defines(name)) {
            return false;
        }
        if (!Arrays.equals(known.signature.results(), given.results())
                || !Arrays.equals(known.signature.parameters(), given.parameters())) {
            throw x.refuse("the call does not fit the device's function " + name);
        }
        x.emit(new SystemCall(known, results, arguments));
        return true;
    }

    private static final class SystemCall extends Op {
        private final Known known;
        private final int[] results;
        private final int[] arguments;

        SystemCall(Known known, int[] results, int[] arguments) {
            this.known = known;
            this.results = results;
            this.arguments = arguments;
        }

        @Override
        void execute(Warp w, int mask) {
            long[] values = new long[arguments.length];
            for (int l = 0; l < 32; l++) {
                if ((mask >>> l & 1) == 0) {
                    continue;
                }
                int base = l * w.stackBytes + w.frame.localBase;
                for (int i = 0; i < values.length; i++) {
                    values[i] = MemoryOps.read(w.local, base + arguments[i], known.signature.parameters()[i]);
                }
                long result = known.body.run(w, l, values);
                if (results.length > 0) {
                    MemoryOps.write(w.local, base + results[0], known.signature.results()[0], result);
                    if (w.localWritten != null) {
                        Unwritten.mark(w.localWritten, base + results[0], known.signature.results()[0]);
                    }
                }
            }
        }
    }

    /** A byte at a generic address. */
    private static byte read(Warp w, int lane, long address) {
        long window = address & MoveOps.WINDOW_BITS;
        long at = address - window;
        if (window == MoveOps.SHARED_WINDOW) {
            Block holder = SharedWindow.holder(w, lane, at);
            return in(holder.shared, 0, holder.shared.length, at - holder.window, lane, "shared");
        } else if (window == MoveOps.LOCAL_WINDOW) {
            return in(w.local, lane * w.stackBytes, w.stackBytes, at, lane, "local");
        } else if (window == MoveOps.PARAM_WINDOW) {
            return in(w.block.launch.params, 0, w.block.launch.params.length, at, lane, "parameter");
        }
        Allocation a = MemoryAccess.global(w, lane, address, 1);
        return a.bytes.get(java.lang.foreign.ValueLayout.JAVA_BYTE, address - a.base);
    }

    private static byte in(byte[] memory, int base, int size, long at, int lane, String what) {
        if (at < 0 || at >= size) {
            throw new Fault(DeviceFault.ILLEGAL_ADDRESS, lane, "illegal " + what + " address 0x" + Long.toHexString(at)
                    + ", where " + size + " bytes are");
        }
        return memory[base + (int) at];
    }

    private static long read(Warp w, int lane, long address, int bytes) {
        long v = 0;
        for (int i = 0; i < bytes; i++) {
            v |= (read(w, lane, address + i) & 0xffL) << 8 * i;
        }
        return v;
    }

    private static byte[] text(Warp w, int lane, long address) {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        for (int i = 0; i < LONGEST_TEXT; i++) {
            byte b = read(w, lane, address + i);
            if (b == 0) {
                break;
            }
            text.write(b);
        }
        return text.toByteArray();
    }

    private static String words(Warp w, int lane, long address) {
        return address == 0 ? "?" : new String(text(w, lane, address), StandardCharsets.UTF_8);
    }

    private static long print(Warp w, int lane, long[] a) {
        if (a[0] == 0) {
            return -1; // as CUDA's printf says of a format that is null
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int arguments = PrintFormat.format(text(w, lane, a[0]), out, new PrintFormat.Arguments() {
            private long at = a[1];

            @Override
            public long next(int bytes) {
                at = at + bytes - 1 & -bytes;
                at += bytes;
                return read(w, lane, at - bytes, bytes);
            }

            @Override
            public byte[] text(long address) { return SystemCalls.text(w, lane, address); }
        });
        w.block.launch.output.print(w.block.index, out.toByteArray());
        return arguments;
    }

    private static long free(Warp w, int lane, long[] a) {
        String wrong = a[0] == 0 ? null : w.block.launch.memory.heapFree(a[0]);
        if (wrong != null) {
            throw new Fault(DeviceFault.LAUNCH_FAILED, lane,
                    "free of 0x" + Long.toHexString(a[0]) + ", which the device's malloc did not give: it is " + wrong);
        }
        return 0;
    }

    private static long assertionFailed(Warp w, int lane, long[] a) {
        throw new Fault(DeviceFault.ASSERT, lane, "a device-side assertion failed: " + words(w, lane, a[1]) + ":"
                + (int) a[2] + ": " + words(w, lane, a[3]) + ": Assertion `" + words(w, lane, a[0]) + "` failed");
    }
}
