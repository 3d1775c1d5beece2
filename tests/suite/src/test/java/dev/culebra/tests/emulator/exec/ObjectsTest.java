package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.emulator.exec.DeviceFault;
import dev.culebra.emulator.ptx.PtxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What nvcc makes of C++ with objects, pointers to functions, a heap and a stack: {@code corpus/objects.cu}, two ways compiled. */
class ObjectsTest {

    private static final int N = 64;
    /** {@code in[i] & 15} and {@code % 12} take all their values. */
    private static final int[] IN = IntStream.range(0, N).map(i -> (i * 7 + 3) % 23).toArray();

    /** A debug build copies padding and bytes of empty structs that nobody wrote: that is no fault of the kernel's. */
    private static Rig rig(String file) {
        Rig rig = Rig.corpus(file);
        rig.spec = file.contains("debug") ? rig.spec.withChecks(Set.of()) : rig.spec;
        return rig;
    }

    private static void check(String file, String kernel, IntUnaryOperator expected, Object... more)
            throws DeviceFault {
        Rig rig = rig(file);
        long out = rig.zeros(4 * N);
        Object[] args = new Object[2 + more.length];
        args[0] = rig.upload(IN);
        args[1] = out;
        System.arraycopy(more, 0, args, 2, more.length);
        rig.launch(kernel, Rig.dim(1), Rig.dim(N), 0, args);
        assertArrayEquals(IntStream.range(0, N).map(expected).toArray(), rig.ints(out), kernel);
    }

    private static int fibonacci(int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

    private static int nested(int x) { return x != 0 ? x * 3 : 7; }

    private static int sum(int[] a, double d, int s, int c, float f) {
        return Arrays.stream(a).sum() + (int) d + s + c + (int) f;
    }

    @ParameterizedTest
    @ValueSource(strings = {"objects.ptx", "objects-debug.ptx"})
    void runs(String file) throws DeviceFault {
        check(file, "virtuals", i -> switch (IN[i] % 3) {
            case 0 -> IN[i] + 1;
            case 1 -> IN[i] * 5;
            default -> IN[i] - 3 + IN[i] * 3;
        });
        check(file, "heap",
                i -> IntStream.range(0, 4 * (i + 1)).map(k -> IN[i] + k).sum() + ((i & 1) != 0 ? 3 : 14));
        check(file, "pointers", i -> switch (IN[i] % 3) {
            case 0 -> IN[i] + 1 + 100 * nested(IN[i]);
            case 1 -> IN[i] * 2 + 100 * IN[i] * 2;
            default -> nested(IN[i]) + 100 * (IN[i] + 1);
        });
        check(file, "recursion", i -> fibonacci(IN[i] % 12));
        check(file, "stack", i -> IN[i] * IntStream.rangeClosed(0, IN[i] & 7).sum());
        check(file, "variadic", i -> IN[i] + 5);
        int[] given = IntStream.range(0, 20).map(i -> i * i - 5).toArray();
        ByteBuffer block = ByteBuffer.allocate(88).order(ByteOrder.LITTLE_ENDIAN);
        Arrays.stream(given).forEach(block::putInt);
        block.putDouble(77.5);
        check(file, "structs", i -> {
            int[] b = IntStream.range(0, 20).map(k -> IN[i] + k).toArray();
            b[IN[i] & 15] = given[i & 7];
            return sum(b, IN[i] * .5, IN[i], IN[i], IN[i] * .25f) + sum(given, 77.5, 1, 2, 3);
        }, block.array());
    }

    @Test
    void theHeapEndsAndIsWatched() throws DeviceFault {
        Rig.onlyEmulated("wants a fault");
        Rig rig = rig("objects.ptx");
        long out = rig.zeros(8);
        rig.launch("exhausted", Rig.dim(1), Rig.dim(1), 0, out);
        assertEquals(1, rig.ints(out)[0]);
        DeviceFault f = assertThrows(DeviceFault.class, () -> rig.launch("freed", Rig.dim(1), Rig.dim(1), 0, out));
        assertEquals(DeviceFault.ILLEGAL_ADDRESS, f.cudaError());
    }

    @ParameterizedTest
    @ValueSource(strings = {"objects.ptx", "objects-debug.ptx"})
    void aWildCallIsAFault(String file) {
        Rig.onlyEmulated("wants a fault");
        Rig rig = rig(file);
        DeviceFault f = assertThrows(DeviceFault.class,
                () -> rig.launch("wild", Rig.dim(1), Rig.dim(32), 0, 0x1234L, rig.zeros(4)));
        assertEquals(DeviceFault.INVALID_PC, f.cudaError());
        assertTrue(f.diagnostic().contains("0x1234"), f.diagnostic());
    }

    @ParameterizedTest
    @ValueSource(strings = {"objects.ptx", "objects-debug.ptx"})
    void prints(String file) throws DeviceFault {
        Rig.onlyEmulated("looks at what is printed");
        Rig rig = rig(file);
        StringBuilder text = new StringBuilder();
        rig.spec = rig.spec.withOutput(text::append);
        rig.workers = 2;
        rig.launch("printing", Rig.dim(3), Rig.dim(2), 0, rig.upload(IN));
        StringBuilder expected = new StringBuilder();
        for (int i = 0; i < 6; i++) {
            int v = IN[i];
            // C's %g of these values is the shortest text of thousandths; %e has two digits of exponent as Java's has.
            expected.append(String.format("%d of %d: %5.2f|text|%c|0x1234|%d|%x|%%|%e|%s|%08X|%-6d|%+d%n", i % 2, i / 2,
                    v * 1.5, 'a' + i, (long) v << 33, v, v * 1e10, thousandths(v), v, v, v).replace("\r", ""));
        }
        assertEquals(expected.toString(), text.toString());
    }

    private static String thousandths(int v) {
        return java.math.BigDecimal.valueOf(v, 3).stripTrailingZeros().toPlainString();
    }

    @Test
    void whatIsTooMuchToPrintIsLostAndCounted() throws DeviceFault {
        Rig.onlyEmulated("looks at what is printed");
        Rig rig = rig("objects.ptx");
        StringBuilder text = new StringBuilder();
        rig.spec = rig.spec.withOutput(text::append);
        rig.launch("flood", Rig.dim(1), Rig.dim(32), 0, 500); // 16000 lines of 71 characters, where 2^20 fit
        int kept = (1 << 20) / 71;
        assertEquals(kept + 1, text.toString().lines().count());
        assertTrue(text.toString().contains(16000 - kept + " more calls of printf were lost"),
                text.substring(kept * 71));
    }

    @ParameterizedTest
    @ValueSource(strings = {"objects.ptx", "objects-debug.ptx"})
    void anAssertionSaysWhatAndWhere(String file) throws DeviceFault {
        Rig.onlyEmulated("wants a fault");
        Rig rig = rig(file);
        long in = rig.upload(IN);
        rig.launch("asserting", Rig.dim(2), Rig.dim(N), 0, in, 23);
        DeviceFault f = assertThrows(DeviceFault.class,
                () -> rig.launch("asserting", Rig.dim(2), Rig.dim(N), 0, in, 22));
        assertEquals(DeviceFault.ASSERT, f.cudaError());
        int first = IntStream.range(0, N).filter(i -> IN[i] == 22).findFirst().orElseThrow();
        assertTrue(
                f.diagnostic().contains("objects.cu:")
                        && f.diagnostic().contains("Assertion `in[threadIdx.x] < most` failed"),
                f.diagnostic());
        assertEquals(first, f.thread().x());
    }

    @Test
    void aliasesPrototypesAndDebugSections() throws DeviceFault {
        Rig rig = new Rig(
                """
                        .version 8.0
                        .target sm_90
                        .address_size 64
                        	.file	1 "a.cu"
                        .func (.param .b32 r) work(.param .b32 x) { .reg .b32 %v; ld.param.b32 %v, [x]; add.s32 %v, %v, 40; st.param.b32 [r], %v; ret; }
                        .visible .func (.param .b32 r) other(.param .b32 x);
                        .alias other, work;
                        .visible .entry k(.param .u64 out) {
                        .reg .b64 %p, %f; .reg .b32 %a; .loc 1 3 0
                        ld.param.u64 %p, [out]; mov.u64 %f, work;
                        targets: .calltargets work;
                        { .param .b32 a; .param .b32 b; st.param.b32 [a], 1; call (b), other, (a); ld.param.b32 %a, [b]; st.global.b32 [%p], %a; }
                        { .param .b32 a; .param .b32 b; st.param.b32 [a], 2; call (b), %f, (a), targets; ld.param.b32 %a, [b]; st.global.b32 [%p+4], %a; }
                        ret; }
                        	.section	.debug_abbrev
                        {
                        .b8 1
                        .b8 17
                        	}
                        """);
        long out = rig.zeros(8);
        rig.launch("k", Rig.dim(1), Rig.dim(1), 0, out);
        assertArrayEquals(new int[]{41, 42}, rig.ints(out));
    }

    @Test
    void callsThatDoNotFitAreRefused() {
        PtxException e = Rig.refusal(Rig.HEADER
                + """
                        .func (.param .b32 r) work(.param .b32 x) { .reg .b32 %v; ld.param.b32 %v, [x]; st.param.b32 [r], %v; ret; }
                        .extern .func missing(.param .b32 x);
                        .extern .func (.param .b64 r) vprintf(.param .b64 f, .param .b64 a);
                        .visible .entry k() { .reg .b64 %f; .param .b32 a; .param .b64 b, c; mov.u64 %f, work;
                        call work, (a);
                        call missing, (a);
                        call (b), vprintf, (b, c);
                        call (a), %f, (a);
                        ret; }""");
        String all = e.getMessage();
        assertTrue(
                all.contains(
                        "ptx line 8: the call does not fit the function's parameters and results in 'call work, (a);'"),
                all);
        assertTrue(all.contains("ptx line 9: function 'missing' is declared but not defined"), all);
        assertTrue(all.contains("ptx line 10: the call does not fit the device's function vprintf"), all);
        assertTrue(all.contains("ptx line 11: a call through a register names a .callprototype"), all);
    }
}
