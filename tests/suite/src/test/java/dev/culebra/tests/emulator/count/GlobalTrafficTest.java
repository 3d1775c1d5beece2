package dev.culebra.tests.emulator.count;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.culebra.driver.spi.LaunchCounters;
import dev.culebra.driver.spi.LaunchCounters.Bytes;
import dev.culebra.driver.spi.LaunchCounters.MemorySpace;
import dev.culebra.driver.spi.LaunchCounters.Sectors;
import dev.culebra.driver.spi.LaunchCounters.Wavefronts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sectors of global memory and bytes of every space, each worked out by hand. The buffer begins at a multiple of 256. */
class GlobalTrafficTest {

    /** {@code %x} becomes the buffer's address {@code + (lane >> shift) * step + offset}. */
    private static String address(int shift, int step, int offset) {
        return "shr.u32 %a, %lane, " + shift + "; mad.wide.u32 %x, %a, " + step + ", %g; add.u64 %x, %x, " + offset
                + ";\n";
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            # one behind another: 128 bytes, 4 sectors
            ld.global.u32 %b                   | 0 | 4   | 0  | 4  | 4  | 4
            ld.global.nc.u32 %b                | 0 | 4   | 0  | 4  | 4  | 4
            # off by a word: the 128 bytes touch a fifth sector; off by a sector: they do not
            ld.global.u32 %b                   | 0 | 4   | 4  | 5  | 4  | 4
            ld.global.u32 %b                   | 0 | 4   | 32 | 4  | 4  | 4
            # every second word, every eighth word
            ld.global.u32 %b                   | 0 | 8   | 0  | 8  | 4  | 4
            ld.global.u32 %b                   | 0 | 32  | 0  | 32 | 4  | 4
            ld.global.u32 %b                   | 0 | 512 | 0  | 32 | 4  | 4
            # one word for all; one for two
            ld.global.u32 %b                   | 0 | 0   | 0  | 1  | 1  | 4
            ld.global.u32 %b                   | 1 | 4   | 0  | 2  | 2  | 4
            # bytes, halves, 8 and 16 bytes
            ld.global.u8 %h                    | 0 | 1   | 0  | 1  | 1  | 1
            ld.global.u16 %h                   | 0 | 2   | 0  | 2  | 2  | 2
            ld.global.u16 %h                   | 0 | 2   | 30 | 3  | 2  | 2
            ld.global.u64 %y                   | 0 | 8   | 0  | 8  | 8  | 8
            ld.global.v4.u32 {%t0,%t1,%t2,%t3} | 0 | 16  | 0  | 16 | 16 | 16
            ld.global.v4.u32 {%t0,%t1,%t2,%t3} | 0 | 64  | 0  | 32 | 16 | 16
            ld.global.v4.u32 {%t0,%t1,%t2,%t3} | 0 | 16  | 16 | 17 | 16 | 16
            """)
    void loads(String load, int shift, int step, int offset, int sectors, int fewest, int bytes) {
        LaunchCounters c = Counted.snippet(address(shift, step, offset) + load + ", [%x];");
        assertEquals(new Sectors(sectors, fewest), c.global());
        assertEquals(new Bytes(32 * bytes, 0), c.bytes(MemorySpace.GLOBAL));
        assertEquals(new Wavefronts(0, 0), c.shared());
    }

    /** Which lane has which address does not matter. */
    @Test
    void backwards() {
        LaunchCounters c = Counted
                .snippet("sub.u32 %a, 31, %lane; mad.wide.u32 %x, %a, 4, %g; ld.global.u32 %b, [%x];");
        assertEquals(new Sectors(4, 4), c.global());
        // Lanes 0 to 15 in one order, 16 to 31 the same words in the other: 16 words, 2 sectors.
        c = Counted.snippet("sub.u32 %a, 31, %lane; min.u32 %a, %a, %lane; mad.wide.u32 %x, %a, 4, %g;"
                + "ld.global.u32 %b, [%x];");
        assertEquals(new Sectors(2, 2), c.global());
        assertEquals(new Bytes(128, 0), c.bytes(MemorySpace.GLOBAL));
    }

    @Test
    void someLanes() {
        String odd = "and.b32 %a, %lane, 1; setp.eq.u32 %p, %a, 1;";
        LaunchCounters c = Counted.snippet(odd + address(0, 4, 0) + "@%p ld.global.u32 %b, [%x];");
        assertEquals(new Sectors(4, 2), c.global());
        assertEquals(new Bytes(64, 0), c.bytes(MemorySpace.GLOBAL));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            st.global.u32 [%x], 0            | 4  | 4  | 4  | 0   | 128
            st.global.v4.u32 [%x], {0,0,0,0} | 16 | 16 | 16 | 0   | 512
            st.global.u8 [%x], 0             | 32 | 32 | 1  | 0   | 32
            atom.global.add.u32 %b, [%x], 1  | 4  | 4  | 4  | 128 | 128
            red.global.add.u32 [%x], 1       | 0  | 1  | 1  | 128 | 128
            red.global.add.u64 [%x], 1       | 8  | 8  | 8  | 256 | 256
            """)
    void stores(String store, int step, int sectors, int fewest, int read, int written) {
        LaunchCounters c = Counted.snippet(address(0, step, 0) + store + ";");
        assertEquals(new Sectors(sectors, fewest), c.global());
        assertEquals(new Bytes(read, written), c.bytes(MemorySpace.GLOBAL));
    }

    /** A copy that is committed and waited for: read from global memory, written to shared memory, when it is asked for. */
    @Test
    void asynchronousCopies() {
        String wait = "cp.async.commit_group; cp.async.wait_group 0;";
        LaunchCounters c = Counted.snippet(address(0, 16, 0)
                + "shl.b32 %a, %lane, 4; add.u32 %a, %a, %base; cp.async.cg.shared.global [%a], [%x], 16;" + wait);
        assertEquals(new Sectors(16, 16), c.global());
        assertEquals(new Wavefronts(0, 0), c.shared());
        assertEquals(new Bytes(512, 0), c.bytes(MemorySpace.GLOBAL));
        assertEquals(new Bytes(0, 512), c.bytes(MemorySpace.SHARED));
        // Of every second lane nothing is read: zeros are written, 128 bytes apart, so the four of a quarter take turns.
        c = Counted.snippet(address(0, 16, 0)
                + "and.b32 %b, %lane, 1; shl.b32 %b, %b, 4; shl.b32 %a, %lane, 6; add.u32 %a, %a, %base;"
                + "cp.async.cg.shared.global [%a], [%x], 16, %b;" + wait);
        assertEquals(new Sectors(16, 8), c.global());
        assertEquals(new Wavefronts(16, 4), c.shared());
        assertEquals(new Bytes(256, 0), c.bytes(MemorySpace.GLOBAL));
        assertEquals(new Bytes(0, 512), c.bytes(MemorySpace.SHARED));
        c = Counted.snippet(address(0, 4, 0) + "shl.b32 %a, %lane, 2; add.u32 %a, %a, %base;"
                + "cp.async.ca.shared.global [%a], [%x], 4;" + wait);
        assertEquals(new Sectors(4, 4), c.global());
        assertEquals(new Wavefronts(1, 1), c.shared());
    }

    /** One lane asks for 272 bytes from an odd sector on: 9 sectors, 3 rows of 128 bytes. The barrier's word is traffic of its own. */
    @Test
    void bulkCopies() {
        String barrier = """
                setp.eq.u32 %p, %lane, 0; add.u32 %b, %base, 8192;
                @%p mbarrier.init.shared.b64 [%b], 1;
                fence.mbarrier_init.release.cluster; bar.warp.sync -1; fence.proxy.async.shared::cta; add.u64 %x, %g, 32;
                @%p mbarrier.arrive.expect_tx.shared.b64 _, [%b], 272;
                """;
        String copy = "@%p cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [smem], [%x], 272, [%b];";
        String wait = "again: mbarrier.try_wait.parity.shared.b64 %q, [%b], 0; @!%q bra again;";
        LaunchCounters with = Counted.snippet(barrier + copy + wait);
        LaunchCounters without = Counted.snippet(barrier.replace("expect_tx", "noComplete").replace(", 272", ", 1")
                .replace("mbarrier.arrive.noComplete.shared.b64 _, [%b], 1;", "mbarrier.arrive.shared.b64 _, [%b];")
                + wait);
        assertEquals(new Sectors(9, 9), with.global());
        assertEquals(new Bytes(272, 0), with.bytes(MemorySpace.GLOBAL));
        assertEquals(272, with.bytes(MemorySpace.SHARED).written() - without.bytes(MemorySpace.SHARED).written());
        assertEquals(3, with.shared().wavefronts() - without.shared().wavefronts());
        assertEquals(1, with.instructions(dev.culebra.driver.spi.InstructionClass.ASYNC_COPY));
    }

    /** Parameters and constants are one space; local memory is a thread's own, and no traffic of global memory. */
    @Test
    void otherSpaces() {
        LaunchCounters c = Counted.snippet("ld.param.u64 %x, [buffer]; ld.param.u32 %b, [buffer+4];");
        assertEquals(new Bytes(32 * (8 + 4), 0), c.bytes(MemorySpace.CONSTANT));
        c = Counted.snippet(".local .align 4 .b32 mine[4]; st.local.u32 [mine], %lane; st.local.u32 [mine+4], %lane;"
                + "ld.local.u32 %b, [mine];");
        assertEquals(new Bytes(128, 256), c.bytes(MemorySpace.LOCAL));
        assertEquals(new Sectors(0, 0), c.global());
    }
}
