package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.emulator.exec.DeviceFault;
import dev.culebra.emulator.exec.PtxModule;
import dev.culebra.emulator.ptx.PtxException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * mma.sp against dense products in double precision. Fragments are laid out here from the PTX ISA's sections on sparse m16n8k16 and
 * m16n8k32; values are small whole numbers, whose sums are exact in any order.
 */
class SparseProductTest {

    private static final Random RANDOM = new Random(24);

    /** What stands for groups of four columns of a row: two values, and the places that they are said to have. */
    private record Stored(double[][] values, int[][] nibbles) {

        /** Groups of a matrix of 16 rows, their nibbles drawn from some. */
        static Stored random(int k, int... nibbles) {
            double[][] values = new double[16][k / 2];
            int[][] places = new int[16][k / 4];
            for (int r = 0; r < 16; r++) {
                Arrays.setAll(values[r], i -> RANDOM.nextInt(-8, 9));
                Arrays.setAll(places[r], i -> nibbles[RANDOM.nextInt(nibbles.length)]);
            }
            return new Stored(values, places);
        }

        /** The matrix that it stands for; values of one place are added up. */
        double[][] dense() {
            double[][] all = new double[16][2 * values[0].length];
            for (int r = 0; r < 16; r++) {
                for (int i = 0; i < values[r].length; i++) {
                    int nibble = nibbles[r][i / 2];
                    all[r][i / 2 * 4 + (i % 2 == 0 ? nibble & 3 : nibble >> 2)] += values[r][i];
                }
            }
            return all;
        }
    }

    private static int bits(String type, double v) {
        return switch (type) {
            case "f16" -> Float.floatToFloat16((float) v) & 0xffff;
            case "bf16" -> Float.floatToRawIntBits((float) v) >>> 16;
            default -> Float.floatToRawIntBits((float) v);
        };
    }

    private static double value(String type, int bits) {
        return type.equals("f16") ? Float.float16ToFloat((short) bits) : Float.intBitsToFloat(bits);
    }

    private static String names(String prefix, int n) {
        StringBuilder s = new StringBuilder("{");
        for (int i = 0; i < n; i++) s.append(i == 0 ? "%" : ", %").append(prefix).append(i);
        return s + "}";
    }

    private static String instruction(String spelling, int k, String t, String out, int selector) {
        int nc = out.equals("f16") ? 2 : 4;
        return "mma." + spelling + ".sync.aligned.m16n8k" + k + ".row.col." + out + "." + t + "." + t + "." + out + " "
                + names("d", nc) + ", " + names("a", k / 8) + ", " + names("b", k / 8) + ", " + names("c", nc)
                + ", %e, "
                + selector + ";";
    }

    private static String kernel(String version, String target, int k, int nc, String instruction) {
        StringBuilder code = new StringBuilder(".version " + version + "\n.target " + target + "\n.address_size 64\n"
                + """
                        .visible .entry k(.param .u64 p) { .reg .b64 %p, %o; .reg .b32 %t, %a<4>, %b<4>, %c<4>, %d<4>, %e;
                        ld.param.u64 %p, [p]; mov.u32 %t, %laneid; mul.wide.u32 %o, %t, 4; add.u64 %p, %p, %o;
                        """);
        int at = 0;
        for (String r : (names("a", k / 8) + names("b", k / 8) + names("c", nc) + "%e").split("[{}, ]+")) {
            if (!r.isEmpty())
                code.append("ld.global.u32 ").append(r).append(", [%p+").append(128 * at++).append("];\n");
        }
        code.append(instruction).append('\n');
        for (int i = 0; i < nc; i++) code.append("st.global.u32 [%p+" + 128 * i + "], %d" + i + ";\n");
        return code + "ret; }";
    }

    /** D of one warp, [16][8]. Lanes whose metadata are not asked for have others'. */
    private static double[][] multiply(String spelling, String t, String out, int selector, Stored a, double[][] b,
            double[][] c) throws DeviceFault {
        int k = b.length;
        int nc = out.equals("f16") ? 2 : 4;
        int[] in = new int[32 * (k / 4 + nc + 1)];
        for (int lane = 0; lane < 32; lane++) {
            int g = lane >> 2;
            int thread = lane % 4;
            int at = lane;
            for (int i = 0; i < k / 8; i++, at += 32) { // a0, a2: row g; a1, a3: row g + 8; a2, a3: four groups on
                int row = i % 2 == 0 ? g : g + 8;
                int group = i < 2 ? thread : thread + 4;
                in[at] = bits(t, a.values[row][2 * group]) | bits(t, a.values[row][2 * group + 1]) << 16;
            }
            for (int q = 0; q < k / 8; q++, at += 32) { // rows 2 t + 8 q and the next of column g
                in[at] = bits(t, b[2 * thread + 8 * q][g]) | bits(t, b[2 * thread + 8 * q + 1][g]) << 16;
            }
            for (int i = 0; i < 4; i++) {
                double v = c[i < 2 ? g : g + 8][2 * thread + i % 2];
                if (nc == 4) in[at + 32 * i] = bits(out, v);
                else in[at + 32 * (i / 2)] |= bits(out, v) << 16 * (i % 2);
            }
            at += 32 * nc;
            in[at] = RANDOM.nextInt();
            // Groups 0 to 3 are in the first lane that the selector names, 4 to 7 (of 32 columns) in the second.
            int base = k == 16 ? selector : 2 * selector;
            int part = thread - base;
            if (part >= 0 && part < k / 16) {
                in[at] = 0;
                for (int j = 0; j < 4; j++) {
                    in[at] |= a.nibbles[g][4 * part + j] << 4 * j | a.nibbles[g + 8][4 * part + j] << 16 + 4 * j;
                }
            }
        }
        Rig rig = new Rig(kernel("8.5", "sm_80", k, nc, instruction(spelling, k, t, out, selector)));
        long p = rig.upload(in);
        rig.launch("k", Rig.dim(1), Rig.dim(32), 0, p);
        int[] got = rig.ints(p);
        double[][] d = new double[16][8];
        for (int lane = 0; lane < 32; lane++) {
            for (int i = 0; i < 4; i++) {
                int raw = got[32 * (nc == 4 ? i : i / 2) + lane];
                d[(lane >> 2) + (i < 2 ? 0 : 8)][2 * (lane % 4) + i % 2] = value(out,
                        nc == 4 ? raw : raw >>> 16 * (i % 2));
            }
        }
        return d;
    }

    private static double[][] whole(int rows) {
        double[][] m = new double[rows][8];
        for (double[] row : m) Arrays.setAll(row, i -> RANDOM.nextInt(-8, 9));
        return m;
    }

    private static void check(String spelling, String t, String out, int selector, Stored a, int k) throws DeviceFault {
        double[][] b = whole(k);
        double[][] c = whole(16);
        double[][] dense = a.dense();
        double[][] d = multiply(spelling, t, out, selector, a, b, c);
        for (int i = 0; i < 16; i++) {
            for (int j = 0; j < 8; j++) {
                double want = c[i][j]; // at most 8 + 16 * 64 in size: whole numbers up to 2048 are exact in f16 too
                for (int e = 0; e < k; e++) want += dense[i][e] * b[e][j];
                assertEquals(want, d[i][j], 0, spelling + " row " + i + ", column " + j);
            }
        }
    }

    /** Rising pairs: 01, 02, 03, 12, 13, 23, the first in the lower two bits. */
    private static final int[] RISING = {0b0100, 0b1000, 0b1100, 0b1001, 0b1101, 0b1110};

    @ParameterizedTest
    @CsvSource({"16, f16, f32", "16, bf16, f32", "16, f16, f16", "32, f16, f32", "32, bf16, f32", "32, f16, f16"})
    void layoutsAndSums(int k, String t, String out) throws DeviceFault {
        for (String spelling : new String[]{"sp", "sp::ordered_metadata"}) {
            for (int selector = 0; selector < (k == 16 ? 4 : 2); selector++) {
                check(spelling, t, out, selector, Stored.random(k, RISING), k);
            }
        }
    }

    /** An H200 (driver 580.159.04, 2026-11-20) multiplied each value with the row that its own two bits name, whatever the other's. */
    @ParameterizedTest
    @CsvSource({"16", "32"})
    void anyPairOfPlaces(int k) throws DeviceFault {
        int[] all = java.util.stream.IntStream.range(0, 16).toArray();
        for (int nibble : all) check("sp", "f16", "f32", 0, Stored.random(k, nibble), k);
        for (int i = 0; i < 4; i++) check("sp", "bf16", "f32", 1, Stored.random(k, all), k);
    }

    @Test
    void orderedMetadataMustRise() throws DeviceFault {
        Rig.onlyEmulated("wants a fault");
        for (int nibble = 0; nibble < 16; nibble++) {
            Stored a = Stored.random(32, RISING);
            a.nibbles[11][6] = nibble; // row 8 + 3, group 4 + 2: lane 4 * 3 + 2 * 1 + 1, bits 16 + 4 * 2
            if ((nibble & 3) < nibble >> 2) {
                check("sp::ordered_metadata", "f16", "f32", 1, a, 32);
                continue;
            }
            DeviceFault f = assertThrows(DeviceFault.class,
                    () -> check("sp::ordered_metadata", "f16", "f32", 1, a, 32));
            assertTrue(
                    f.diagnostic().contains("its bits 24 to 27 name columns " + (nibble & 3) + " and " + (nibble >> 2)
                            + " of four, and must name two in rising order"),
                    f.diagnostic());
            assertTrue(f.diagnostic().contains("thread (15,0,0)"), f.diagnostic());
        }
    }

    @Test
    void aSumIsRoundedOnceAndNoNumberIsLost() throws DeviceFault {
        Rig.onlyEmulated("rounds once, where hardware cuts off");
        Stored a = Stored.random(32, 0b1110);
        a.values[5][14] = 1; // group 7, place 2
        a.values[5][15] = 0x1p-24;
        double[][] b = new double[32][8];
        b[30][3] = 1;
        b[31][3] = 1;
        double[][] c = new double[16][8];
        c[5][3] = 0x1p24;
        assertEquals(0x1p24 + 2, multiply("sp", "f16", "f32", 0, a, b, c)[5][3],
                "2^24 + 1 + 2^-24 lies above the tie, so it rounds up; adding in fp32 would lose it");
        a.values[5][14] = 0;
        b[30][3] = Double.POSITIVE_INFINITY;
        b[28][3] = Double.NaN; // nobody names it
        assertTrue(Double.isNaN(multiply("sp", "f16", "f32", 0, a, b, c)[5][3]), "0 times infinity");
        b[30][3] = 0;
        assertEquals(0x1p24, multiply("sp", "f16", "f32", 0, a, b, c)[5][3], "what is not named does not count");
    }

    @Test
    void sumsMayReplaceWhatTheyWereMadeOf() throws DeviceFault {
        // D in the registers of C, turned round, and in those of A, B and the metadata.
        String in = "{%a0, %a1, %a2, %a3}, {%b0, %b1, %b2, %b3}, ";
        String straight = kernel("8.5", "sm_80", 32, 4, instruction("sp", 32, "bf16", "f32", 0));
        int[] data = RANDOM.ints(32 * 13).map(v -> v & 0x3fff3fff).toArray();
        int[] want = run(straight, data);
        for (String d : new String[]{"{%c3, %c2, %c1, %c0}", "{%a0, %b0, %e, %c0}"}) {
            String[] to = d.substring(1, d.length() - 1).split(", ");
            String moves = "";
            for (int i = 0; i < 4; i++) moves += "mov.b32 %d" + i + ", " + to[i] + "; ";
            int[] got = run(
                    kernel("8.5", "sm_80", 32, 4, "mma.sp.sync.aligned.m16n8k32.row.col.f32.bf16.bf16.f32 " + d + ", "
                            + in + "{%c0, %c1, %c2, %c3}, %e, 0; " + moves),
                    data);
            assertEquals(Arrays.toString(Arrays.copyOf(want, 128)), Arrays.toString(Arrays.copyOf(got, 128)), d);
        }
    }

    private static int[] run(String ptx, int[] data) throws DeviceFault {
        Rig rig = new Rig(ptx);
        long p = rig.upload(data);
        rig.launch("k", Rig.dim(1), Rig.dim(32), 0, p);
        return rig.ints(p);
    }

    @Test
    void byAPartOfAWarpItIsIllegal() {
        Rig.onlyEmulated("wants a fault");
        Rig rig = new Rig(kernel("8.5", "sm_80", 16, 4, instruction("sp", 16, "f16", "f32", 0)));
        long p = rig.upload(new int[32 * 9]);
        DeviceFault f = assertThrows(DeviceFault.class, () -> rig.launch("k", Rig.dim(1), Rig.dim(31), 0, p));
        assertTrue(f.diagnostic().contains("mma.sp.sync by lanes 0x7fffffff alone"), f.diagnostic());
    }

    /** As ptxas 13.0, but for selectors 2 and 3 of m16n8k32: it takes them, the ISA names 0 and 1. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            7.0 | sm_80 | sp                   | 32 | f16  | 0   | needs .version 7.1
            7.1 | sm_75 | sp                   | 32 | f16  | 0   | needs .target sm_80
            8.4 | sm_80 | sp::ordered_metadata | 32 | f16  | 0   | needs .version 8.5
            8.5 | sm_80 | sp                   | 32 | f16  | 2   | the sparsity selector, must be a constant from 0 to 1
            8.5 | sm_80 | sp                   | 16 | bf16 | 4   | the sparsity selector, must be a constant from 0 to 3
            8.5 | sm_80 | sp                   | 16 | f16  | -1  | the sparsity selector, must be a constant from 0 to 3
            8.5 | sm_80 | sp                   | 16 | tf32 | 0   | this sparse matrix product is not supported
            8.5 | sm_80 | sp                   | 8  | f16  | 0   | this sparse matrix product is not supported
            """)
    void refused(String version, String target, String spelling, int k, String t, int selector, String why) {
        String code = kernel(version, target, Math.min(k, 32), 4, instruction(spelling, k, t, "f32", selector));
        String said = Rig.refusal(code).getMessage();
        assertTrue(said.startsWith("ptx line ") && said.contains(why), said);
    }

    @Test
    void selectorAndMetadataAreOfTheirKind() throws PtxException {
        String good = kernel("7.1", "sm_80", 32, 4, instruction("sp", 32, "f16", "f32", 1));
        PtxModule.parse(good, 9, 0);
        assertTrue(
                Rig.refusal(good.replace("%e, 1;", "%e, %t;")).getMessage().contains("must be a constant from 0 to 1"));
        assertTrue(
                Rig.refusal(good.replace("%e, 1;", "7, 1;")).getMessage().contains("the metadata, must be a register"));
        assertTrue(Rig.refusal(good.replace(", %e, 1;", ";")).getMessage().contains("4 operands where 6 are wanted"));
    }
}
