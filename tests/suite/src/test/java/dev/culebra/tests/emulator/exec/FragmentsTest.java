package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.culebra.emulator.exec.DeviceFault;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Products of every type but those of {@code TensorTest}. Matrices are put into fragments here by the layouts of the PTX ISA's
 * section on mma; values are whole numbers or of few bits, so that results are exact in any order of summation.
 */
class FragmentsTest {

    private static final Random RANDOM = new Random(11);

    /** An element's bits and its value. */
    private static double value(String type, long bits) {
        return switch (type) {
            case "f64" -> Double.longBitsToDouble(bits);
            case "f32", "tf32" -> Float.intBitsToFloat((int) bits);
            case "f16" -> Float.float16ToFloat((short) bits);
            case "bf16" -> Float.intBitsToFloat((int) bits << 16);
            case "e4m3" -> FormatsTest.value((int) bits, 4);
            case "e5m2" -> FormatsTest.value((int) bits, 5);
            case "s8" -> (byte) bits;
            case "s4" -> (int) bits << 28 >> 28;
            default -> bits;
        };
    }

    private static long random(String type) {
        return switch (type) {
            case "f64" -> Double.doubleToRawLongBits(RANDOM.nextInt(2001) - 1000);
            case "f32", "tf32" -> Float.floatToRawIntBits(RANDOM.nextInt(17) - 8);
            case "f16" -> Float.floatToFloat16(RANDOM.nextInt(17) - 8) & 0xffff;
            case "bf16" -> Float.floatToRawIntBits(RANDOM.nextInt(17) - 8) >>> 16;
            case "e4m3" -> RANDOM.nextInt(2) << 7 | 0x28 + RANDOM.nextInt(0x20); // 2^-2 to 2^2
            case "e5m2" -> RANDOM.nextInt(2) << 7 | 0x34 + RANDOM.nextInt(0x10);
            case "s8", "u8" -> RANDOM.nextInt(256);
            case "s4", "u4" -> RANDOM.nextInt(16);
            default -> RANDOM.nextInt(2);
        };
    }

    private static int bits(String type) {
        return switch (type) {
            case "f64" -> 64;
            case "f32", "s32", "tf32" -> 32;
            case "f16", "bf16" -> 16;
            case "s4", "u4" -> 4;
            case "b1" -> 1;
            default -> 8;
        };
    }

    private static String names(String prefix, int n) {
        return IntStream.range(0, n).mapToObj(i -> "%" + prefix + i).collect(Collectors.joining(", ", "{", "}"));
    }

    @ParameterizedTest
    @CsvSource({"8, 4, f64, f64, f64", "16, 4, f64, f64, f64", "16, 8, f64, f64, f64", "16, 16, f64, f64, f64",
        "16, 32, e4m3, e4m3, f32", "16, 32, e5m2, e4m3, f32", "16, 32, e4m3, e5m2, f16", "16, 16, e5m2, e5m2, f32",
        "8, 16, s8, u8, s32", "8, 32, s4, u4, s32", "16, 32, u4, s4, s32", "16, 64, s4, s4, s32",
        "8, 128, b1, b1, s32", "16, 128, b1, b1, s32", "16, 256, b1, b1, s32"})
    void products(int m, int k, String ta, String tb, String tc) throws DeviceFault {
        long[][] a = new long[m][k];
        long[][] b = new long[k][8];
        for (int i = 0; i < m; i++) {
            for (int e = 0; e < k; e++) {
                a[i][e] = random(ta);
            }
        }
        for (int e = 0; e < k; e++) {
            for (int j = 0; j < 8; j++) {
                b[e][j] = random(tb);
            }
        }
        boolean wide = ta.equals("f64");
        int per = wide ? 1 : 32 / bits(ta);
        int na = m * k / 32 / per;
        int nb = 8 * k / 32 / per;
        int nc = m * 8 / 32 / (tc.equals("f16") ? 2 : 1);
        long[] in = new long[32 * (na + nb + nc)];
        for (int l = 0; l < 32; l++) {
            int g = l >> 2;
            int t = l & 3;
            for (int i = 0; i < na; i++) {
                int row = m == 16 ? g + 8 * (i % 2) : g;
                int column = per * t + 4 * per * (m == 16 ? i / 2 : i);
                for (int j = 0; j < per; j++) {
                    in[l * (na + nb + nc) + i] |= a[row][column + j] << j * (wide ? 0 : bits(ta));
                }
            }
            for (int i = 0; i < nb; i++) {
                for (int j = 0; j < per; j++) {
                    in[l * (na + nb + nc) + na + i] |= b[per * t + 4 * per * i + j][g] << j * (wide ? 0 : bits(tb));
                }
            }
        }
        String r = wide ? "f64" : "b32";
        StringBuilder code = new StringBuilder(".version 9.0\n.target sm_90\n.address_size 64\n")
                .append(".visible .entry k(.param .u64 in, .param .u64 out) { .reg .b64 %in, %out; .reg .b32 %t; ")
                .append(".reg ." + r
                        + " %a<8>, %b<8>, %c<4>, %d<4>; .reg .b64 %w; ld.param.u64 %in, [in]; ld.param.u64 %out, [out];\n")
                .append("mov.u32 %t, %tid.x; mad.wide.u32 %in, %t, " + 8 * (na + nb + nc)
                        + ", %in; mad.wide.u32 %out, %t, "
                        + 8 * nc + ", %out;\n");
        for (int i = 0; i < na + nb + nc; i++) {
            String to = i < na ? "%a" + i : i < na + nb ? "%b" + (i - na) : "%c" + (i - na - nb);
            code.append("ld.global." + r + " " + to + ", [%in+" + 8 * i + "];\n");
        }
        String bit = ta.equals("b1") ? ".xor.popc" : "";
        code.append("mma.sync.aligned.m" + m + "n8k" + k + ".row.col." + tc + "." + ta + "." + tb + "." + tc + bit + " "
                + names("d", nc) + ", " + names("a", na) + ", " + names("b", nb) + ", " + names("c", nc) + ";\n");
        for (int i = 0; i < nc; i++) {
            code.append("st.global." + r + " [%out+" + 8 * i + "], %d" + i + ";\n");
        }
        Rig rig = new Rig(code.append("ret; }").toString());
        long out = rig.zeros(32 * 8 * nc);
        rig.launch("k", Rig.dim(1), Rig.dim(32), 0, rig.upload(in), out);
        long[] got = rig.longs(out);
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < 8; j++) {
                double want = 0;
                double sizes = 0;
                for (int e = 0; e < k; e++) {
                    sizes += ta.equals("b1") ? 0 : Math.abs(value(ta, a[i][e]) * value(tb, b[e][j]));
                    want += ta.equals("b1") ? a[i][e] ^ b[e][j] : value(ta, a[i][e]) * value(tb, b[e][j]);
                }
                int lane = (i & 7) * 4 + j / 2;
                boolean pair = tc.equals("f16");
                long v = got[lane * nc + (pair ? i / 8 : i / 8 * 2 + j % 2)];
                double is = tc.equals("s32") ? (int) v : value(tc, pair ? v >>> 16 * (j % 2) : v);
                double expected = pair ? Float.float16ToFloat(Float.floatToFloat16((float) want)) : want;
                // An H200 cuts sums of f16 off where they are rounded here, and twice in 32 terms: two steps of f16's 11 bits
                // at the largest that a sum on the way can be.
                double step = pair && RigDevice.wanted() ? Math.scalb(2, Math.getExponent(sizes) - 10) : 0;
                assertEquals(expected, is, step, "row " + i + ", column " + j);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"f16, 16, 16, 16, f32", "bf16, 8, 32, 16, f32", "s8, 32, 8, 16, s32", "u8, 8, 32, 16, s32",
        "f64, 8, 8, 4, f64",
        "tf32, 16, 16, 8, f32", "s4, 8, 8, 32, s32"})
    void wmma(String type, int m, int n, int k, String sums) throws DeviceFault {
        long[] a = new long[m * k];
        long[] b = new long[k * n]; // by columns
        java.util.Arrays.setAll(a, i -> random(type));
        java.util.Arrays.setAll(b, i -> random(type));
        Rig rig = Rig.corpus("fragments.ptx");
        long out = rig.zeros(m * n * bits(sums) / 8);
        rig.launch(type, Rig.dim(1), Rig.dim(32), 0, rig.upload(pack(a, bits(type))), rig.upload(pack(b, bits(type))),
                out);
        ByteBuffer got = ByteBuffer.wrap(rig.byteArray(out)).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                double want = 0;
                for (int e = 0; e < k; e++) {
                    want += value(type, a[i * k + e]) * value(type, b[j * k + e]);
                }
                double is = switch (sums) {
                    case "f64" -> got.getDouble();
                    case "f32" -> got.getFloat();
                    default -> got.getInt();
                };
                assertEquals(want, is, 0, "row " + i + ", column " + j);
            }
        }
    }

    private static byte[] pack(long[] v, int bits) {
        byte[] all = new byte[v.length * bits / 8];
        for (int i = 0; i < v.length; i++) {
            for (int j = 0; j < bits; j += Math.min(8, bits)) {
                all[(i * bits + j) / 8] |= (byte) (v[i] >>> j << (i * bits & 7));
            }
        }
        return all;
    }
}
