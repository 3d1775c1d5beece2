package dev.culebra.tests.emulator.count;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.spi.InstructionClass;
import dev.culebra.driver.spi.LaunchCounters;
import dev.culebra.driver.spi.LaunchCounters.Bytes;
import dev.culebra.driver.spi.LaunchCounters.MemorySpace;
import dev.culebra.driver.spi.LaunchCounters.Wavefronts;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Wavefronts of shared memory, each worked out by hand, by rules that an H200's counters keep to: 32 banks of 4 bytes, 128 bytes a wavefront, halves and quarters of the
 * warp for 8 and 16 bytes a lane.
 */
class SharedTrafficTest {

    /** {@code %a} becomes {@code smem + (lane >> shift) * step + offset}. */
    private static String address(int shift, int step, int offset) {
        return "shr.u32 %a, %lane, " + shift + "; mad.lo.u32 %a, %a, " + step + ", " + offset
                + "; add.u32 %a, %a, %base;\n";
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            # 4 bytes a lane: a bank has the words that are equal modulo 32
            ld.shared.u32 %b                          | 0 | 4   | 1  | 1
            ld.shared.u32 %b                          | 0 | 8   | 2  | 1
            ld.shared.u32 %b                          | 0 | 12  | 1  | 1
            ld.shared.u32 %b                          | 0 | 16  | 4  | 1
            ld.shared.u32 %b                          | 0 | 64  | 16 | 1
            ld.shared.u32 %b                          | 0 | 128 | 32 | 1
            ld.shared.u32 %b                          | 0 | 132 | 1  | 1
            # all want one word, or pairs do, or eight do
            ld.shared.u32 %b                          | 0 | 0   | 1  | 1
            ld.shared.u32 %b                          | 1 | 4   | 1  | 1
            ld.shared.u32 %b                          | 3 | 128 | 4  | 1
            # parts of words: two halves or four bytes of a word are one word
            ld.shared.u16 %h                          | 0 | 2   | 1  | 1
            ld.shared.u8 %h                           | 0 | 1   | 1  | 1
            ld.shared.u8 %h                           | 0 | 5   | 2  | 1
            ld.shared.u16 %h                          | 0 | 64  | 16 | 1
            # 8 bytes: halves of the warp
            ld.shared.v2.u32 {%t0,%t1}                | 0 | 8   | 2  | 2
            ld.shared.u64 %x                          | 0 | 8   | 2  | 2
            ld.shared.u64 %x                          | 0 | 16  | 4  | 2
            ld.shared.u64 %x                          | 0 | 24  | 2  | 2
            ld.shared.u64 %x                          | 0 | 128 | 32 | 2
            # pairs of lanes with one address: both halves at once
            ld.shared.u64 %x                          | 0 | 0   | 1  | 1
            ld.shared.u64 %x                          | 1 | 8   | 1  | 1
            # 16 bytes: quarters
            ld.shared.v4.u32 {%t0,%t1,%t2,%t3}        | 0 | 16  | 4  | 4
            ld.shared.v2.u64 {%x,%y}                  | 0 | 16  | 4  | 4
            ld.shared.v4.u32 {%t0,%t1,%t2,%t3}        | 0 | 32  | 8  | 4
            ld.shared.v4.u32 {%t0,%t1,%t2,%t3}        | 0 | 48  | 4  | 4
            ld.shared.v4.u32 {%t0,%t1,%t2,%t3}        | 0 | 128 | 32 | 4
            ld.shared.v4.u32 {%t0,%t1,%t2,%t3}        | 0 | 0   | 2  | 2
            ld.shared.v4.u32 {%t0,%t1,%t2,%t3}        | 1 | 16  | 2  | 2
            ld.shared.v4.u32 {%t0,%t1,%t2,%t3}        | 3 | 16  | 2  | 2
            """)
    void loads(String load, int shift, int step, int wavefronts, int fewest) {
        LaunchCounters c = Counted.snippet(address(shift, step, 0) + load + ", [%a];");
        assertEquals(new Wavefronts(wavefronts, fewest), c.shared());
        assertEquals(wavefronts - fewest, c.shared().conflicts());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            st.shared.u32 [%a], 0            | 4   | 1  | 1  | 4
            st.shared.u32 [%a], 0            | 8   | 2  | 1  | 4
            st.shared.u32 [%a], 0            | 128 | 32 | 1  | 4
            st.shared.u16 [%a], 0            | 2   | 1  | 1  | 2
            st.shared.u16 [%a], 0            | 128 | 32 | 1  | 2
            st.shared.v2.u32 [%a], {0, 0}    | 8   | 2  | 2  | 8
            st.shared.v2.u32 [%a], {0, 0}    | 16  | 4  | 2  | 8
            st.shared.v4.u32 [%a], {0,0,0,0} | 16  | 4  | 4  | 16
            st.shared.v4.u32 [%a], {0,0,0,0} | 32  | 8  | 4  | 16
            st.shared.v4.u32 [%a], {0,0,0,0} | 144 | 4  | 4  | 16
            """)
    void stores(String store, int step, int wavefronts, int fewest, int bytes) {
        LaunchCounters c = Counted.snippet(address(0, step, 0) + store + ";");
        assertEquals(new Wavefronts(wavefronts, fewest), c.shared());
        assertEquals(new Bytes(0, 32 * bytes), c.bytes(MemorySpace.SHARED));
    }

    /** Lanes that are off want nothing; a quarter of them takes no turn. */
    @Test
    void someLanes() {
        String first = "setp.lt.u32 %p, %lane, 8;";
        LaunchCounters c = Counted
                .snippet(first + address(0, 16, 0) + "@%p ld.shared.v4.u32 {%t0,%t1,%t2,%t3}, [%a];");
        assertEquals(new Wavefronts(1, 1), c.shared());
        assertEquals(new Bytes(8 * 16, 0), c.bytes(MemorySpace.SHARED));
        c = Counted.snippet(first + address(0, 128, 0) + "@%p ld.shared.u32 %b, [%a];");
        assertEquals(new Wavefronts(8, 1), c.shared());
        c = Counted.snippet("setp.gt.u32 %p, %lane, 99; @%p ld.shared.u32 %b, [smem];");
        assertEquals(new Wavefronts(0, 0), c.shared());
        assertEquals(Bytes.NONE, c.bytes(MemorySpace.SHARED));
    }

    /** Lanes that update one word take turns, those of different banks do not. */
    @ParameterizedTest
    @CsvSource({"4, 1, 1", "0, 32, 1", "128, 32, 1", "8, 2, 1"})
    void atomicUpdates(int step, int wavefronts, int fewest) {
        LaunchCounters c = Counted
                .snippet(address(0, step, 0) + "atom.shared.add.u32 %b, [%a], 1; st.global.u32 [%g], %b;");
        assertEquals(new Wavefronts(wavefronts, fewest), c.shared());
        assertEquals(new Bytes(128, 128), c.bytes(MemorySpace.SHARED));
        c = Counted.snippet(address(0, step, 0) + "red.shared.add.u32 [%a], 2;");
        assertEquals(new Wavefronts(wavefronts, fewest), c.shared());
        c = Counted.snippet(address(0, step, 0) + "atom.shared.cas.b32 %b, [%a], 0, 1;");
        assertEquals(new Wavefronts(2 * wavefronts, 2 * fewest), c.shared());
    }

    /** Where 1 is added and the old value is not wanted, lanes of one word take one turn: with a result that nobody reads, too. */
    @ParameterizedTest
    @CsvSource({"4, 1", "0, 1", "128, 32", "8, 2"})
    void lanesThatAreCounted(int step, int wavefronts) {
        for (String count : new String[]{"red.shared.add.u32 [%a], 1;", "atom.shared.add.u32 %b, [%a], 1;",
            "atom.shared.inc.u32 _, [%a], 0xffffffff;"}) {
            assertEquals(new Wavefronts(wavefronts, 1), Counted.snippet(address(0, step, 0) + count).shared(), count);
        }
    }

    /** Copies through the cache take turns at a word, those past it none but for lanes that get zeros. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            cp.async.ca.shared.global [%a], [%g], 4;  | 0 | 4   | 1  | 1
            cp.async.ca.shared.global [%a], [%g], 4;  | 0 | 0   | 32 | 1
            cp.async.ca.shared.global [%a], [%g], 4;  | 1 | 4   | 2  | 1
            cp.async.ca.shared.global [%a], [%g], 8;  | 0 | 8   | 2  | 2
            cp.async.ca.shared.global [%a], [%g], 8;  | 1 | 8   | 4  | 2
            cp.async.ca.shared.global [%a], [%g], 16; | 0 | 16  | 4  | 4
            cp.async.ca.shared.global [%a], [%g], 16; | 0 | 128 | 32 | 4
            cp.async.ca.shared.global [%a], [%g], 16; | 1 | 16  | 8  | 4
            cp.async.cg.shared.global [%a], [%g], 16; | 0 | 16  | 0  | 0
            cp.async.cg.shared.global [%a], [%g], 16; | 0 | 128 | 0  | 0
            and.b32 %b, %lane, 1; shl.b32 %b, %b, 4; cp.async.cg.shared.global [%a], [%g], 16, %b; | 0 | 16  | 4  | 4
            and.b32 %b, %lane, 1; shl.b32 %b, %b, 4; cp.async.cg.shared.global [%a], [%g], 16, %b; | 0 | 512 | 16 | 4
            """)
    void asynchronousCopies(String copy, int shift, int step, int wavefronts, int fewest) {
        assertEquals(new Wavefronts(wavefronts, fewest),
                Counted.unchecked(address(shift, step, 0) + copy + "cp.async.wait_all;").shared());
    }

    /** Through generic addresses it is the same memory. */
    @Test
    void genericAddresses() {
        LaunchCounters c = Counted.snippet("mov.u32 %a, smem; cvt.u64.u32 %x, %a; cvta.shared.u64 %x, %x; "
                + "mul.wide.u32 %y, %lane, 8; add.u64 %x, %x, %y; ld.u32 %b, [%x];");
        assertEquals(new Wavefronts(2, 1), c.shared());
        assertEquals(new Bytes(128, 0), c.bytes(MemorySpace.SHARED));
        assertEquals(Bytes.NONE, c.bytes(MemorySpace.GLOBAL));
        assertEquals(0, c.global().asked());
    }

    /**
     * Eight rows of 16 bytes are a wavefront when no two of them share banks. Rows one behind another are 128 bytes. Rows
     * that are 128 bytes apart (64 halves) begin in one bank: eight turns a matrix. With the usual swizzle, row i's 16-byte
     * piece j kept at piece j ^ (i % 8), the eight pieces of a column lie in eight different groups of banks.
     */
    @ParameterizedTest
    @CsvSource({"x1, 1", "x2, 2", "x4, 4"})
    void matrices(String count, int fewest) {
        String registers = switch (count) {
            case "x1" -> "{%t0}";
            case "x2" -> "{%t0, %t1}";
            default -> "{%t0, %t1, %t2, %t3}";
        };
        String load = "ldmatrix.sync.aligned.m8n8." + count + ".shared.b16 " + registers + ", [%a];";
        LaunchCounters packed = Counted.snippet(address(0, 16, 0) + load);
        assertEquals(new Wavefronts(fewest, fewest), packed.shared());
        assertEquals(new Bytes(128 * fewest, 0), packed.bytes(MemorySpace.SHARED));
        assertEquals(new Wavefronts(8 * fewest, fewest), Counted.snippet(address(0, 128, 0) + load).shared());
        assertEquals(new Wavefronts(4 * fewest, fewest), Counted.snippet(address(0, 64, 0) + load).shared());
        assertEquals(new Wavefronts(fewest, fewest), Counted.snippet(address(0, 144, 0) + load).shared());
        String swizzled = "and.b32 %a, %lane, 7; shl.b32 %b, %lane, 7; shl.b32 %a, %a, 4; add.u32 %a, %a, %b; add.u32 %a, %a, %base;";
        assertEquals(new Wavefronts(fewest, fewest), Counted.snippet(swizzled + load).shared());
        String store = "mov.b32 %t0, 0; mov.b32 %t1, 0; mov.b32 %t2, 0; mov.b32 %t3, 0;"
                + "stmatrix.sync.aligned.m8n8." + count + ".shared.b16 [%a], " + registers + ";";
        assertEquals(new Wavefronts(fewest, fewest), Counted.snippet(address(0, 16, 0) + store).shared());
        LaunchCounters strided = Counted.snippet(address(0, 128, 0) + store);
        assertEquals(new Wavefronts(8 * fewest, fewest), strided.shared());
        assertEquals(new Bytes(0, 128 * fewest), strided.bytes(MemorySpace.SHARED));
    }

    /** A warpgroup reads A (64 x 16) and B (16 x N) once, all four warps together. */
    @ParameterizedTest
    @CsvSource({"8, true", "8, false", "64, true", "64, false", "256, false"})
    void productsOfWarpgroups(int n, boolean registers) {
        String d = "{" + String.join(", ", IntStream.range(0, n / 2).mapToObj(i -> "%d" + i).toList()) + "}";
        String product = "wgmma.mma_async.sync.aligned.m64n" + n + "k16.f32.bf16.bf16 " + d + ", "
                + (registers ? "{%a0, %a1, %a2, %a3}" : "%x") + ", %x, 0, 1, 1, 0" + (registers ? "" : ", 0") + ";\n";
        String text = """
                .version 8.0
                .target sm_90a
                .address_size 64
                .shared .align 1024 .b8 sm[8192];
                .visible .entry k(.param .u64 buffer) { .reg .pred %p; .reg .b64 %x; .reg .b32 %t, %s, %e, %a<4>, %d<128>;
                mov.u32 %t, %tid.x; mov.u32 %s, sm; add.u32 %e, %s, 8192; cvt.u64.u32 %x, %s; mad.lo.u32 %s, %t, 16, %s;
                F: st.shared.v4.b32 [%s], {0, 0, 0, 0}; add.u32 %s, %s, 2048; setp.lt.u32 %p, %s, %e; @%p bra F;
                shr.u64 %x, %x, 4; add.u64 %x, %x, 0x1000080000; fence.proxy.async; bar.sync 0; wgmma.fence.sync.aligned;
                PRODUCTS wgmma.commit_group.sync.aligned; wgmma.wait_group.sync.aligned 0; ret; }
                """;
        LaunchConfig warpgroup = LaunchConfig.of(1, 128);
        LaunchCounters with = Counted.of(Counted.EMULATOR, text.replace("PRODUCTS", product + product), "k", warpgroup);
        LaunchCounters without = Counted.of(Counted.EMULATOR, text.replace("PRODUCTS", ""), "k", warpgroup);
        int bytes = 2 * (2 * 16 * n + (registers ? 0 : 2 * 64 * 16));
        assertEquals(bytes, with.bytes(MemorySpace.SHARED).read());
        assertEquals(bytes / 128, with.shared().wavefronts() - without.shared().wavefronts());
        assertEquals(bytes / 128, with.shared().fewest() - without.shared().fewest());
        assertEquals(2 * 4, with.instructions(InstructionClass.MATRIX));
        assertEquals(with.warpInstructions(), without.warpInstructions() + 2 * 4);
        assertEquals(4 * 4, with.instructions(InstructionClass.FENCE),
                "fence.proxy.async, wgmma.fence, commit_group, wait_group");
    }
}
