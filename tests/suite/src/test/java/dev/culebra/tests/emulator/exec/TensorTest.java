package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Fragment layouts of mma.sync and ldmatrix, written down a second time from the PTX ISA's sections on each shape: groupID is
 * laneid / 4, threadID_in_group laneid % 4, and every element a_i, b_i, c_i has its row and column given by cases of i.
 */
class TensorTest {

    private interface Place {
        int of(int group, int thread, int i);
    }

    /** Registers of a fragment, element by element; 16-bit elements two a register, the lower index in the lower half. */
    private static int[][] fragment(int elements, int perRegister, Place index, int[] bits) {
        int[][] registers = new int[elements / perRegister][32];
        for (int lane = 0; lane < 32; lane++) {
            for (int i = 0; i < elements; i++) {
                int width = 32 / perRegister;
                int v = bits[index.of(lane >> 2, lane % 4, i)];
                registers[i / perRegister][lane] |= perRegister == 1
                        ? v
                        : (v & (1 << width) - 1) << width * (i % perRegister);
            }
        }
        return registers;
    }

    private static int bits(String type, float v) {
        return switch (type) {
            case "f16" -> Float.floatToFloat16(v) & 0xffff;
            case "bf16" -> Float.floatToRawIntBits(v) >>> 16;
            case "tf32", "f32" -> Float.floatToRawIntBits(v);
            default -> (int) v;
        };
    }

    @ParameterizedTest
    @CsvSource({"f16,16,f32", "bf16,16,f32", "f16,8,f32", "bf16,8,f32", "tf32,8,f32", "tf32,4,f32", "f16,16,f16",
        "f16,8,f16", "s8,32,s32", "s8,16,s32"})
    void layoutsAndSums(String type, int k, String out) {
        Random random = new Random(k);
        float[] a = values(random, 16 * k);
        float[] b = values(random, k * 8);
        float[] c = values(random, 16 * 8);
        int[] ab = map(type, a);
        int[] bb = map(type, b);
        int[] cb = map(out.equals("s32") ? "int" : out, c);
        int per = type.equals("tf32") ? 1 : type.equals("s8") ? 4 : 2;
        Place rowA = switch (per) {
            // "row = groupID for a0 and a2, groupID + 8 for a1 and a3"; "col = threadID_in_group, + 4 for i >= 2"
            case 1 -> (g, t, i) -> (i % 2 == 0 ? g : g + 8) * k + t + (i < 2 ? 0 : 4);
            // "row = groupID for 0 <= i < 2 || 4 <= i < 6, else groupID + 8"; "col = threadID_in_group * 2 + (i & 1), + 8 for i >= 4"
            case 2 -> (g, t, i) -> (i < 2 || i >= 4 && i < 6 ? g : g + 8) * k + t * 2 + (i & 1) + (i < 4 ? 0 : 8);
            // "row = groupID for 0 <= i < 4 || 8 <= i < 12"; "col = threadID_in_group * 4 + (i & 3), + 16 for i >= 8"
            default -> (g, t, i) -> (i < 4 || i >= 8 && i < 12 ? g : g + 8) * k + t * 4 + (i & 3) + (i < 8 ? 0 : 16);
        };
        Place atB = switch (per) {
            case 1 -> (g, t, i) -> (t + (i == 0 ? 0 : 4)) * 8 + g;
            case 2 -> (g, t, i) -> (t * 2 + (i & 1) + (i < 2 ? 0 : 8)) * 8 + g;
            default -> (g, t, i) -> (t * 4 + (i & 3) + (i < 4 ? 0 : 16)) * 8 + g;
        };
        // "row = groupID for c0 and c1, groupID + 8 for c2 and c3"; "col = threadID_in_group * 2 + (i & 1)"
        Place atC = (g, t, i) -> (i < 2 ? g : g + 8) * 8 + t * 2 + (i & 1);
        int[][] fa = fragment(16 * k / 32, per, rowA, ab);
        int[][] fb = fragment(8 * k / 32, per, atB, bb);
        int perC = out.equals("f16") ? 2 : 1;
        int[][] fc = fragment(4, perC, atC, cb);
        int[][] fd = run("mma.sync.aligned.m16n8k" + k + ".row.col." + out + "." + type + "." + type + "." + out, fa,
                fb, fc);
        for (int lane = 0; lane < 32; lane++) {
            for (int i = 0; i < 4; i++) {
                int place = atC.of(lane >> 2, lane % 4, i);
                float sum = c[place];
                for (int j = 0; j < k; j++) {
                    sum += a[place / 8 * k + j] * b[j * 8 + place % 8]; // small integers: exact in any order
                }
                int raw = fd[i / perC][lane];
                float got = switch (out) {
                    case "f16" -> Float.float16ToFloat((short) (raw >>> 16 * (i & 1)));
                    case "f32" -> Float.intBitsToFloat(raw);
                    default -> raw;
                };
                assertEquals(sum, got, type + " k " + k + " lane " + lane + " element " + i);
            }
        }
    }

    private static float[] values(Random random, int n) {
        float[] v = new float[n];
        for (int i = 0; i < n; i++) {
            v[i] = random.nextInt(-6, 7);
        }
        return v;
    }

    private static int[] map(String type, float[] v) {
        int[] bits = new int[v.length];
        for (int i = 0; i < v.length; i++) {
            bits[i] = bits(type, v[i]);
        }
        return bits;
    }

    /** One warp, fragments from memory and back. */
    private static int[][] run(String instruction, int[][] a, int[][] b, int[][] c) {
        StringBuilder code = new StringBuilder(Rig.HEADER + """
                .visible .entry k(.param .u64 p) { .reg .b64 %p, %o; .reg .b32 %t, %a<4>, %b<4>, %c<4>, %d<4>;
                ld.param.u64 %p, [p]; mov.u32 %t, %laneid; mul.wide.u32 %o, %t, 4; add.u64 %p, %p, %o;
                """);
        int at = 0;
        String[] names = {"%a", "%b", "%c"};
        int[] data = new int[16 * 32];
        int[][][] all = {a, b, c};
        for (int f = 0; f < 3; f++) {
            for (int i = 0; i < all[f].length; i++, at += 32) {
                code.append("ld.global.u32 ").append(names[f]).append(i).append(", [%p+").append(4 * at).append("];\n");
                System.arraycopy(all[f][i], 0, data, at, 32);
            }
        }
        code.append(instruction).append(list("%d", c.length)).append(",").append(list("%a", a.length)).append(",")
                .append(list("%b", b.length)).append(",").append(list("%c", c.length)).append(";\n");
        for (int i = 0; i < c.length; i++) {
            code.append("st.global.u32 [%p+").append(128 * i).append("], %d").append(i).append(";\n");
        }
        Rig rig = new Rig(code + "ret; }");
        long p = rig.upload(data);
        try {
            rig.launch("k", Rig.dim(1), Rig.dim(32), 0, p);
        } catch (dev.culebra.emulator.exec.DeviceFault e) {
            throw new AssertionError(e);
        }
        int[][] d = new int[c.length][];
        for (int i = 0; i < d.length; i++) {
            d[i] = java.util.Arrays.copyOfRange(rig.ints(p), 32 * i, 32 * i + 32);
        }
        return d;
    }

    private static String list(String name, int n) {
        StringBuilder s = new StringBuilder(" {");
        for (int i = 0; i < n; i++) {
            s.append(i == 0 ? "" : ", ").append(name).append(i);
        }
        return s + "}";
    }

    @Test
    void onlyOneRoundingAndNoNumberIsLost() {
        int[][] a = new int[4][32];
        int[][] b = new int[2][32];
        int[][] c = new int[4][32];
        a[0][0] = 0x3c00 | 0x0001 << 16; // row 0: 1, 2^-24
        b[0][0] = 0x3c00 | 0x3c00 << 16; // column 0: 1, 1
        c[0][0] = Rig.f(0x1p24f);
        assertEquals(0x1p24f + 2,
                Float.intBitsToFloat(run("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32", a, b, c)[0][0]),
                "2^24 + 1 + 2^-24 lies above the tie, so it rounds up; adding in fp32 would lose it");
        a[0][0] = 0x0000 | 0x3c00 << 16;
        b[0][0] = 0x7c00; // 0 times infinity
        assertEquals(0x7fffffff, run("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32", a, b, c)[0][0]);
    }

    @ParameterizedTest
    @ValueSource(strings = {"x1", "x2", "x4", "x1.trans", "x2.trans", "x4.trans"})
    void ldmatrix(String form) {
        int n = form.charAt(1) - '0';
        boolean trans = form.endsWith("trans");
        // Shared memory: matrix m's row r lies at 16 * (8 m + (r ^ 3)); half h of lane l's 64 bytes has the value 32 l + h.
        StringBuilder code = new StringBuilder("mov.u32 %t0, smem; shl.b32 %t1, %tid, 4; add.u32 %t1, %t0, %t1;\n");
        for (int w = 0; w < 4; w++) {
            code.append("mad.lo.u32 %t2, %tid, 8, ").append(2 * w)
                    .append("; add.u32 %t3, %t2, 1; shl.b32 %t3, %t3, 16; or.b32 %t2, %t2, %t3;")
                    .append("st.shared.u32 [%t1+").append(4 * w).append("], %t2;\n");
        }
        code.append("bar.warp.sync -1; xor.b32 %t1, %tid, 3; shl.b32 %t1, %t1, 4; add.u32 %t1, %t0, %t1;\n");
        code.append("ldmatrix.sync.aligned.m8n8.").append(form).append(".shared.b16 {");
        for (int i = 0; i < n; i++) {
            code.append(i == 0 ? "" : ", ").append("%t").append(4 + i);
        }
        code.append("}, [%t1];\n");
        for (int m = 0; m < n; m++) {
            int[] got = Rig.ints(code + "mov.u32 %d, %t" + (4 + m) + ";", new int[]{0});
            for (int lane = 0; lane < 32; lane++) {
                for (int h = 0; h < 2; h++) {
                    int row = trans ? lane % 4 * 2 + h : lane / 4;
                    int column = trans ? lane / 4 : lane % 4 * 2 + h;
                    int value = 8 * (8 * m + row ^ 3) + column;
                    assertEquals(value, got[lane] >>> 16 * h & 0xffff,
                            form + " matrix " + m + " lane " + lane + " half " + h);
                }
            }
        }
    }

    @Test
    void stmatrixAndMovmatrixUndoAndTranspose() {
        int[] got = Rig.ints("""
                mov.u32 %t0, smem; shl.b32 %t1, %tid, 4; add.u32 %t1, %t0, %t1;
                stmatrix.sync.aligned.m8n8.x1.trans.shared.b16 [%t1], {%a};
                bar.warp.sync -1;
                ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%t2}, [%t1];
                movmatrix.sync.aligned.m8n8.trans.b16 %t3, %a;
                xor.b32 %d, %t2, %t3; setp.eq.u32 %p, %t2, %a; @%p add.u32 %d, %d, 1;""",
                new Random(3).ints(32).toArray());
        for (int v : got) {
            assertEquals(0, v, "stored transposed and loaded is moved transposed");
        }
    }
}
