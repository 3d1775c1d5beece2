package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.emulator.memory.Allocation;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** Constant expressions in initialisers and operands (PTX ISA 4.5), and addresses in initialisers (5.4.4). */
class ConstantsTest {

    private static long[] table(String type, String values) {
        Rig rig = new Rig(Rig.HEADER + ".global " + type + " a[] = {" + values + "};");
        return rig.variable("a").bytes.toArray(ValueLayout.JAVA_LONG);
    }

    /** The expected values are those that ptxas 13.0 puts into its cubin. */
    @Test
    void integers() {
        String values = """
                1?2:3, (.s64)-1>0, -1>0U, -7/2, -7% 4, 7-2-1, 1+2*3, -8>>1, 0xfabc123400000000>>60, !3, ~0>>63, 5&6|1, 1==2||3!=4,
                1<2==1, 2+3<<1, -1/2U, 1?-1:2U, 7&3==3, 1^3&2, -1>>70, 1<<70, WARP_SZ*2, 1.5<2.5, 010+0b11, -(2+3)*2, 0?1:0?2:3,
                (.u64)-8>>1""";
        long[] wanted = {2, 0, 1, -3, 1, 4, 7, -4, 15, 0, 1, 5, 1, 1, 10, 9223372036854775807L, -1, 1, 3, -1, 64, 64, 1,
            11,
            -10, 3, 9223372036854775804L};
        assertArrayEquals(wanted, table(".u64", values));
    }

    @Test
    void floatingPoint() {
        long[] wanted = {Double.doubleToRawLongBits(1.0 / 3.0), Double.doubleToRawLongBits(-3.5)};
        assertArrayEquals(wanted, table(".f64", "1.0/3.0, 1.5-2.5*2.0"));
        assertTrue(Rig.refusal(Rig.HEADER + ".global .f64 a = 1.5/3;").getMessage().contains("mixes"));
        assertTrue(Rig.refusal(Rig.HEADER + ".global .f64 a = 1;").getMessage().contains("an integer constant"));
        assertTrue(
                Rig.refusal(Rig.HEADER + ".global .u32 a = 1.5;").getMessage().contains("a floating-point constant"));
        assertTrue(Rig.refusal(Rig.HEADER + ".global .u32 a = 7/(3-3);").getMessage().contains("divided by zero"));
    }

    @Test
    void operands() {
        int[] got = Rig.ints("""
                mov.u32 %t0, smem; mad.lo.u32 %t0, %tid, 2*(1+1), %t0;
                st.shared.u32 [%t0+(4*2)-4], %tid; bar.sync 0; ld.shared.u32 %d, [%t0+(1<<2)];
                add.u32 %d, %d, 5 > 3 ? 7 << 4 : 8; setp.eq.u32 %p, %tid, 1|2; @!%p add.u32 %d, %d, !0;""", new int[1]);
        for (int l = 0; l < 32; l++) {
            assertEquals(l + 112 + (l == 3 ? 0 : 1), got[l], "lane " + l);
        }
    }

    @Test
    void addresses() {
        Rig rig = new Rig(Rig.HEADER + """
                .global .align 8 .b64 b[4];
                .global .u64 p[] = {b, b+4*2, generic(b)+16, generic(b)-8};
                .global .u8 m[] = {0xff(b+1), 0xff00(b+1), 0xff0000(generic(b)+1), 0xff00000000(b), 0xFF00(0x1234+1)};
                """);
        long b = rig.variable("b").base;
        assertArrayEquals(new long[]{b, b + 8, b + 16, b - 8}, rig.variable("p").bytes.toArray(ValueLayout.JAVA_LONG));
        Allocation m = rig.variable("m");
        byte[] wanted = {(byte) (b + 1), (byte) (b + 1 >> 8), (byte) (b + 1 >> 16), (byte) (b >> 32), 0x12};
        assertArrayEquals(wanted, m.bytes.toArray(ValueLayout.JAVA_BYTE));
        assertTrue(Rig.refusal(Rig.HEADER + ".global .u32 b; .global .u8 m[] = {0xff8(b)};").getMessage()
                .contains("takes no one byte"));
        assertTrue(
                Rig.refusal(Rig.HEADER + ".global .u32 b; .global .u8 m = b;").getMessage().contains("needs 64 bits"));
    }
}
