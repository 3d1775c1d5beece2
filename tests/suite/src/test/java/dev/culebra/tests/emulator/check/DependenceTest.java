package dev.culebra.tests.emulator.check;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaException;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Dim3;
import dev.culebra.driver.Graph;
import dev.culebra.driver.GraphExec;
import dev.culebra.driver.Kernel;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.Stream;
import dev.culebra.emulator.EmulatorOptions;
import dev.culebra.emulator.EmulatorProvider;
import dev.culebra.emulator.check.Check;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a kernel that may begin before the one in front of it has ended must not touch before it waits. */
class DependenceTest {

    /** Threads a block; each has a word of each array. */
    private static final int THREADS = 64;

    private static final int BLOCKS = 3;
    private static final int N = THREADS * BLOCKS;

    private static final LaunchConfig PLAIN = LaunchConfig.of(BLOCKS, THREADS);
    private static final LaunchConfig EARLY = PLAIN.withProgrammatic(true);

    private static final String WAIT = "griddepcontrol.wait;\n";
    private static final String TRIGGER = "griddepcontrol.launch_dependents;\n";
    private static final String READ_X = "ld.global.u32 %v, [%x];\n";
    private static final String READ_W = "ld.global.u32 %v, [%w];\n";
    private static final String WRITE_Y = "st.global.u32 [%y], %v;\n";
    private static final String TO_SHARED = "cp.async.ca.shared.global [%s], [%x], 4; cp.async.wait_all; ld.shared.u32 %v, [%s];\n";

    /** Copies its block's part of x by one bulk copy, for which all wait; the mbarrier is made first. */
    private static final String BULK = """
            setp.ne.u32 %p, %t, 0;
            @!%p mbarrier.init.shared.b64 [bar], 1;
            bar.sync 0;
            @%p bra ASKED;
            mbarrier.arrive.expect_tx.shared.b64 _, [bar], 256;
            cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [smem], [%x], 256, [bar];
            ASKED: mbarrier.try_wait.parity.shared.b64 %q, [bar], 0;
            @!%q bra ASKED;
            ld.shared.u32 %v, [%s];
            """;

    /** Writes smem to its block's part of y by one bulk copy. */
    private static final String BULK_STORE = """
            st.shared.u32 [%s], %t; fence.proxy.async.shared::cta; bar.sync 0;
            setp.ne.u32 %p, %t, 0; @%p bra DONE;
            cp.async.bulk.global.shared::cta.bulk_group [%y], [smem], 256;
            cp.async.bulk.commit_group; cp.async.bulk.wait_group 0;
            DONE:
            """;

    private final Opened opened = new Opened();
    private Context context;
    private Stream stream;
    private DeviceBuffer arena;

    /** Held back for so long that only what waits for work starts it. */
    private void start(Set<Check> checks) {
        context = open(Cuda.open(new EmulatorProvider(
                EmulatorOptions.DEFAULT.withChecks(checks).withWorkers(2).withHoldMillis(60_000))).device(0).context());
        stream = open(context.newStream());
        arena = open(context.allocate(4 * 4 * N));
        stream.fill32(arena, 7);
    }

    private <T extends AutoCloseable> T open(T t) { return opened.add(t); }

    @AfterEach
    void close() { opened.close(); }

    /** A kernel: %x, %y and %w are the addresses of the thread's words of its arguments, %v is 1, %s its word of smem. */
    private Kernel kernel(String name, String body) { return open(context.load("""
            .version 8.0
            .target sm_90
            .address_size 64
            .visible .entry NAME(.param .u64 x, .param .u64 y, .param .u64 w) {
            .shared .align 16 .b8 smem[256]; .shared .align 8 .b64 bar;
            .reg .b64 %x, %y, %w, %o; .reg .b32 %t, %i, %n, %v, %s, %a; .reg .pred %p, %q;
            ld.param.u64 %x, [x]; ld.param.u64 %y, [y]; ld.param.u64 %w, [w]; mov.u32 %v, 1;
            mov.u32 %t, %tid.x; mov.u32 %i, %ctaid.x; mov.u32 %n, %ntid.x; mad.lo.u32 %i, %i, %n, %t;
            mul.wide.u32 %o, %i, 4; add.u64 %x, %x, %o; add.u64 %y, %y, %o; add.u64 %w, %w, %o;
            shl.b32 %s, %t, 2; mov.u32 %a, smem; add.u32 %s, %s, %a;
            """.replace("NAME", name) + body + "ret; }\n")).kernel(name); }

    /** All arrays are parts of one allocation. */
    private DeviceBuffer array(int number) {
        return arena.slice(4L * N * number, 4 * N);
    }

    /** Runs a kernel that reads arrays x and w and writes y. */
    private void launch(LaunchConfig config, String name, String body, int x, int y, int w) {
        launch(config, kernel(name, body), x, y, w);
    }

    private void launch(LaunchConfig config, Kernel kernel, int x, int y, int w) {
        kernel.launch(stream, config, array(x), array(y), array(w));
    }

    /** Writes array 1. */
    private void before() { launch(PLAIN, "before", READ_X + WRITE_Y, 0, 1, 0); }

    private String fault() {
        String said = assertThrows(CudaException.class, stream::synchronize).diagnostic();
        assertTrue(said.startsWith("race: "), said);
        return said;
    }

    /** What is found where the body runs early behind a kernel that writes array 1: it has that as x, and w is written by nobody. */
    private String found(String body) {
        start(Check.ALL);
        before();
        launch(EARLY, "after", body, 1, 2, 3);
        String said = fault();
        close();
        return said;
    }

    private void read(String body) {
        String said = found(body);
        assertTrue(said.contains("is read before griddepcontrol.wait, and kernel before, which comes"), said);
    }

    private void written(String body) {
        String said = found(body);
        assertTrue(said.contains("is written before griddepcontrol.wait, and kernel before, which comes"), said);
    }

    private void right(String body) { right(Check.ALL, EARLY, body); }

    private void right(Set<Check> checks, LaunchConfig config, String body) {
        start(checks);
        before();
        launch(config, "after", body, 1, 2, 3);
        stream.synchronize();
        close();
    }

    @Test
    void aReadOfWhatTheKernelBeforeWrites() {
        String said = found(READ_X + WAIT + WRITE_Y);
        assertTrue(said.contains("global address 0x")
                && said.contains("is read before griddepcontrol.wait, and kernel before, "
                        + "which comes before in the stream and may still run, writes it; this thread must wait first, or come behind "
                        + "a barrier with one that has, at 'ld.global.u32 %v, [%x];' in kernel after, ptx line 11, block (0,0,0), "
                        + "thread (0,0,0)"),
                said);
        right(WAIT + READ_X + WRITE_Y);
        right(TRIGGER + WAIT + READ_X + WRITE_Y);
        // To let the next one begin is no wait.
        read(TRIGGER + READ_X + WAIT + WRITE_Y);
    }

    @Test
    void theRightResultIsTheSame() {
        start(Check.ALL);
        before();
        launch(EARLY, "after",
                TRIGGER + "ld.global.u32 %a, [%w];\n" + WAIT + READ_X + "add.u32 %v, %v, %a;\n" + WRITE_Y, 1,
                2, 3);
        launch(EARLY, "next", TRIGGER + WAIT + READ_X + WRITE_Y, 2, 0, 3);
        int[] got = new int[N];
        array(0).download(MemorySegment.ofArray(got));
        int[] wanted = new int[N];
        Arrays.fill(wanted, 14);
        assertArrayEquals(wanted, got);
    }

    @Test
    void whatNobodyWritesMayBeReadEarly() {
        right(READ_W + WAIT + WRITE_Y);
        right(TO_SHARED.replace("%x", "%w") + WAIT + WRITE_Y);
        right(BULK.replace("%x", "%w") + WAIT + WRITE_Y);
        // One byte away from what is written: every word but the last of a block is.
        start(Check.ALL);
        launch(PLAIN, "before", "setp.eq.u32 %p, %t, 63; @!%p st.global.u32 [%y], %v;\n", 0, 1, 0);
        launch(EARLY, "after", "setp.eq.u32 %p, %t, 63; @%p ld.global.u32 %v, [%x];\n" + WAIT + WRITE_Y, 1, 2, 3);
        stream.synchronize();
        launch(PLAIN, "before", "setp.eq.u32 %p, %t, 63; @!%p st.global.u32 [%y], %v;\n", 0, 1, 0);
        launch(EARLY, "after", "setp.eq.u32 %p, %t, 62; @%p ld.global.u8 %v, [%x+3];\n" + WAIT + WRITE_Y, 1, 2, 3);
        assertTrue(fault().contains("thread (62,0,0)"));
    }

    @Test
    void aWriteBeforeTheWait() {
        String said = found(WRITE_Y + WAIT);
        assertTrue(said.contains("is written before griddepcontrol.wait, and kernel before, which comes before in the "
                + "stream, may still run and reach it; this thread must wait first"), said);
        written("red.global.add.u32 [%y], %v;\n" + WAIT);
        written("atom.global.exch.b32 %v, [%y], %v;\n" + WAIT);
        written(BULK_STORE + WAIT);
        right(WAIT + BULK_STORE);
        right("st.shared.u32 [%s], %v;\n" + WAIT + WRITE_Y);
    }

    @Test
    void copiesAreReadsWhenTheyAreAskedFor() {
        read(TO_SHARED + WAIT + WRITE_Y);
        right(WAIT + TO_SHARED + WRITE_Y);
        read("cp.async.ca.shared.global [%s], [%x], 4;\n" + WAIT + "cp.async.wait_all;\n");
        read(BULK + WAIT + WRITE_Y);
        right(WAIT + BULK + WRITE_Y);
    }

    @Test
    void whatTheKernelBeforeCopiesIsWritten() {
        start(Check.ALL);
        launch(PLAIN, "before", BULK_STORE, 0, 1, 0);
        launch(EARLY, "after", READ_X + WAIT + WRITE_Y, 1, 2, 3);
        assertTrue(fault().contains("kernel before"));
    }

    @Test
    void oneMayWaitForOthersBehindABarrier() {
        String one = "setp.eq.u32 %p, %t, 40; @%p griddepcontrol.wait;\n";
        right(one + "bar.sync 0;\n" + READ_X + WRITE_Y);
        read(one + READ_X + WRITE_Y);
        // Only the threads of its own warp are behind this one.
        read(one + "bar.warp.sync -1;\n" + READ_X + WRITE_Y);
        right(one + "bar.warp.sync -1; setp.lt.u32 %p, %t, 32; @%p bra END;\n" + READ_X + WRITE_Y + "END:\n");
        read("bar.sync 0;\n" + one + READ_X + WRITE_Y);
        // Whose bytes come behind the wait of the thread that asks for them, for those who look at the mbarrier.
        right(BULK.replace("mbarrier.arrive", WAIT + "mbarrier.arrive") + WRITE_Y);
        right(Check.ALL, EARLY.withCluster(Dim3.of(3)),
                "mov.u32 %a, %cluster_ctarank; or.b32 %a, %a, %t; setp.eq.u32 %p, %a, 0; @%p griddepcontrol.wait;\n"
                        + "barrier.cluster.arrive.aligned; barrier.cluster.wait.aligned;\n" + READ_X + WRITE_Y);
        read("mov.u32 %a, %ctaid.x; setp.eq.u32 %p, %a, 0; @%p griddepcontrol.wait; bar.sync 0;\n" + READ_X + WRITE_Y);
    }

    @Test
    void aGridThatNeverWaits() {
        String said = found(READ_W);
        assertTrue(said.contains("let begin before kernel before had ended, and ends without a griddepcontrol.wait")
                && said.contains("in kernel after"), said);
        // Some blocks may have nothing to do.
        right("mov.u32 %a, %ctaid.x; setp.ne.u32 %p, %a, 1; @%p bra END;\n" + WAIT + READ_X + WRITE_Y + "END:\n");
    }

    @Test
    void aChainThatLetsTheNextBeginBeforeItWaits() {
        start(Check.ALL);
        before();
        launch(EARLY, "middle", TRIGGER + WAIT + READ_W + WRITE_Y, 0, 2, 3);
        launch(EARLY, "middle", TRIGGER + WAIT + READ_W + WRITE_Y, 0, 2, 3);
        launch(EARLY, "after", READ_X + WAIT + WRITE_Y, 1, 2, 3);
        assertTrue(fault().contains("kernel before, which comes before in the stream and may still run, writes it"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", TRIGGER})
    void aChainThatWaitsFirst(String trigger) {
        start(Check.ALL);
        before();
        launch(EARLY, "middle", WAIT + trigger + READ_W + WRITE_Y, 0, 2, 3);
        launch(EARLY, "after", READ_X + WAIT + WRITE_Y, 1, 0, 3); // begins when "middle" has seen the end of "before"
        stream.synchronize();
        before();
        launch(EARLY, "middle", WAIT + trigger + READ_W + WRITE_Y, 0, 2, 3);
        launch(EARLY, "after", READ_X + WAIT + WRITE_Y, 2, 0, 3);
        assertTrue(fault().contains("kernel middle, which comes"));
    }

    @Test
    void withoutTheAttributeNothingIsEarly() {
        right(Check.ALL, PLAIN, READ_X + WRITE_Y);
        right(Check.ALL, PLAIN, TRIGGER + READ_X + WRITE_Y + WAIT);
        EnumSet<Check> others = EnumSet.complementOf(EnumSet.of(Check.RACES));
        right(others, EARLY, READ_X + WRITE_Y);
    }

    @Test
    void onlyAKernelRightBeforeMayStillRun() {
        start(Check.ALL);
        launch(EARLY, "first", READ_X + WRITE_Y, 1, 2, 3); // behind a fill
        stream.synchronize();
        launch(EARLY, "second", READ_X + WRITE_Y, 2, 1, 3); // behind a kernel that the host has waited for
        stream.fill32(array(3), 5);
        launch(EARLY, "third", READ_X + WRITE_Y, 1, 2, 3);
        Stream other = open(context.newStream());
        kernel("fourth", READ_X + WRITE_Y).launch(other, EARLY, array(0), array(0), array(0)); // first of its stream
        other.synchronize();
        stream.synchronize();
    }

    @Test
    void aGraphFollowsTheSameRules() {
        start(Check.ALL);
        Kernel before = kernel("before", READ_X + WRITE_Y);
        Kernel right = kernel("right", TRIGGER + READ_W + WAIT + READ_X + WRITE_Y);
        Kernel wrong = kernel("wrong", READ_X + WAIT + WRITE_Y);
        GraphExec good = captured(() -> {
            launch(EARLY, wrong, 0, 1, 3); // the first node depends on nothing
            launch(EARLY, right, 1, 2, 3);
            launch(PLAIN, before, 0, 1, 3);
            launch(EARLY, right, 1, 2, 3);
        });
        for (int i = 0; i < 3; i++) {
            good.launch(stream);
        }
        stream.synchronize();
        GraphExec bad = captured(() -> {
            launch(PLAIN, before, 0, 1, 3);
            launch(EARLY, right, 1, 2, 3);
            launch(EARLY, wrong, 1, 0, 3); // "right" lets it begin before it has waited for "before"
        });
        bad.launch(stream);
        assertTrue(fault().contains("kernel before, which comes"));
    }

    private GraphExec captured(Stream.Work<RuntimeException> work) {
        try (Graph graph = stream.capture(work)) {
            return open(graph.instantiate());
        }
    }

    @Test
    void aCooperativeGridMayMeetBeforeItWaits() {
        // What the toolkit's headers do in the grid's workspace is nobody else's.
        String meet = """
                .reg .b64 %g; .reg .b32 %lo, %hi; mov.u32 %lo, %envreg2; mov.u32 %hi, %envreg1; mov.b64 %g, {%lo, %hi};
                atom.global.add.u32 %a, [%g+4], 1;
                """;
        right(Check.ALL, EARLY.withCooperative(true), meet + WAIT + READ_X + WRITE_Y);
    }
}
