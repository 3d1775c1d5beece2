package dev.culebra.tests.opt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.llm.opt.GenerateListener;
import dev.culebra.llm.opt.GenerateOptions;
import dev.culebra.llm.opt.OptModel;
import dev.culebra.llm.opt.Session;
import dev.culebra.llm.opt.StopReason;
import dev.culebra.sparse.DenseType;
import dev.culebra.spmm.CpuSpmm;
import dev.culebra.tests.models.Models;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Ends, streaming, what is refused, and who closes what. */
class SessionTest {
    private static final GenerateOptions TEN = GenerateOptions.DEFAULT.withMaxNewTokens(10);
    private static final int[] PROMPT = {2, 3, 5};

    private final CpuSpmm device = CpuSpmm.open(1);
    private OptModel model;
    private Session session;

    @BeforeEach
    void load() throws Exception {
        // a source that lives on: it is in memory
        model = OptModel.load(TinyModel.random(TinyConfigs.PLAIN, DenseType.F16, 11).open(), Optional.empty(), device);
        session = model.newSession();
    }

    @AfterEach
    void close() {
        session.close();
        model.close();
        device.close();
    }

    private static void refused(String message, Runnable call) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
    }

    @Test
    void endsAtAStopTokenWhichIsPartOfTheResult() {
        var free = session.generate(PROMPT, TEN, GenerateListener.NONE);
        assertEquals(StopReason.MAX_NEW_TOKENS, free.stopReason());
        assertEquals(10, free.newTokens());
        assertNull(free.text());
        int stop = free.newIds().get(4);
        int first = free.newIds().indexOf(stop);
        var stopped = session.generate(PROMPT, TEN.withStopTokens(Set.of(stop)), GenerateListener.NONE);
        assertEquals(StopReason.STOP_TOKEN, stopped.stopReason());
        assertEquals(free.newIds().subList(0, first + 1), stopped.newIds());
        // the last token that is asked for is a stop token: that is the better reason
        var both = session.generate(PROMPT, TEN.withMaxNewTokens(first + 1).withStopTokens(Set.of(stop)),
                GenerateListener.NONE);
        assertEquals(StopReason.STOP_TOKEN, both.stopReason());
    }

    @Test
    void endsWhereThePositionsEnd() {
        var made = session.generate(new int[35], TEN, GenerateListener.NONE);
        assertEquals(StopReason.POSITIONS, made.stopReason());
        assertEquals(40, made.ids().size());
        assertEquals(5, made.newTokens());
        var none = session.generate(new int[40], TEN, GenerateListener.NONE);
        assertEquals(StopReason.POSITIONS, none.stopReason());
        assertEquals(0, none.newTokens());
        assertEquals(0, none.tokensPerSecond());
        refused("the prompt has 41 tokens; the model has 40 positions for a prompt and what follows it",
                () -> session.generate(new int[41], TEN, GenerateListener.NONE));
        refused("the prompt has 41 tokens; the model has 40 positions for a prompt and what follows it",
                () -> session.logits(new int[41]));
    }

    @Test
    void listenerHearsEachTokenAndMayStop() {
        var heard = new ArrayList<Integer>();
        var ends = new ArrayList<StopReason>();
        var made = session.generate(PROMPT, TEN, new GenerateListener() {
            @Override
            public boolean token(int sequence, int id, String text) {
                assertEquals(0, sequence);
                assertNull(text);
                heard.add(id);
                return heard.size() < 4;
            }

            @Override
            public void finished(int sequence, String rest, StopReason reason) {
                assertNull(rest);
                ends.add(reason);
            }
        });
        assertEquals(heard, made.newIds());
        assertEquals(4, made.newTokens());
        assertEquals(StopReason.LISTENER, made.stopReason());
        assertEquals(List.of(StopReason.LISTENER), ends);
        assertTrue(made.tokensPerSecond() > 0);
    }

    @Test
    void callsDoNotRememberEachOther() {
        var first = session.generate(PROMPT, TEN, GenerateListener.NONE);
        var logits = session.logits(PROMPT);
        session.generate(List.of(new int[40], new int[]{18, 17}), TEN, GenerateListener.NONE);
        assertThrows(IllegalArgumentException.class, () -> session.generate(new int[0], TEN, GenerateListener.NONE));
        assertThrows(RuntimeException.class, () -> session.generate(PROMPT, TEN, (sequence, id, text) -> {
            throw new RuntimeException("no more");
        }));
        assertEquals(first.ids(), session.generate(PROMPT, TEN, GenerateListener.NONE).ids());
        assertArrayEquals(logits, session.logits(PROMPT));
    }

    @Test
    void badPromptsAreRefused() {
        refused("the prompt is empty; give at least one token",
                () -> session.generate(new int[0], TEN, GenerateListener.NONE));
        refused("the prompt is empty; give at least one token", () -> session.logits(new int[0]));
        refused("id 19, token 2 of the prompt, is not in the vocabulary; ids go from 0 to 18",
                () -> session.generate(new int[]{1, 19}, TEN, GenerateListener.NONE));
        refused("id -1, token 1 of the prompt, is not in the vocabulary; ids go from 0 to 18",
                () -> session.logits(new int[]{-1}));
        refused("id 99, token 1 of the prompt, is not in the vocabulary; ids go from 0 to 18",
                () -> session.generate(List.of(PROMPT, new int[]{99}), TEN, GenerateListener.NONE));
        refused("one token has none before it; give 2 or more for likelihoods",
                () -> session.logLikelihoods(new int[]{2}));
        refused("stop token 19 is not in the vocabulary; ids go from 0 to 18",
                () -> session.generate(PROMPT, TEN.withStopTokens(Set.of(19)), GenerateListener.NONE));
        refused("the model has no tokenizer for a text; put tokenizer.json beside it, or give token ids",
                () -> session.generate("In the beginning", TEN, GenerateListener.NONE));
    }

    @Test
    void badOptionsAreRefused() {
        refused("max new tokens is 0; give 1 or more", () -> TEN.withMaxNewTokens(0));
        refused("temperature is -1.0; give 0 for the most likely token, or more", () -> TEN.withTemperature(-1));
        refused("temperature is NaN; give 0 for the most likely token, or more",
                () -> TEN.withTemperature(Float.NaN));
        refused("temperature is Infinity; give 0 for the most likely token, or more",
                () -> TEN.withTemperature(Float.POSITIVE_INFINITY));
        refused("top-k is -1; give 1 or more, or 0 for all tokens", () -> TEN.withTopK(-1));
        for (float p : new float[]{0, -1, 1.1f, Float.NaN}) {
            refused("top-p is " + p + "; give a number over 0 and up to 1", () -> TEN.withTopP(p));
        }
        refused("stop token -3 is negative", () -> TEN.withStopTokens(Set.of(-3)));
    }

    @Test
    void aSessionIsOneThreadsAtATime() {
        session.generate(PROMPT, TEN, (sequence, id, text) -> {
            var e = assertThrows(IllegalStateException.class, () -> session.logits(PROMPT));
            assertEquals("this session is in use; open another one for each thread", e.getMessage());
            var other = CompletableFuture.runAsync(() -> assertThrows(IllegalStateException.class,
                    () -> session.generate(PROMPT, TEN, GenerateListener.NONE)));
            other.join();
            assertThrows(IllegalStateException.class, session::close);
            return false;
        });
    }

    @Test
    void closing() {
        var e = assertThrows(IllegalStateException.class, model::close);
        assertEquals("1 session is still open; close them first", e.getMessage());
        session.generate(PROMPT, TEN, GenerateListener.NONE); // nothing was freed
        session.close();
        session.close();
        assertEquals("this session is closed",
                assertThrows(IllegalStateException.class, () -> session.logits(PROMPT)).getMessage());
        assertThrows(IllegalStateException.class, device::close); // the model's matrices are there
        model.close();
        model.close();
        assertEquals("this model is closed", assertThrows(IllegalStateException.class, model::newSession).getMessage());
        device.close();
    }

    /** Whoever closes a session second, at the same time, must not count another one as closed. */
    @Test
    void twoWhoCloseASessionAtOnceCloseOne() {
        for (int i = 0; i < 500; i++) {
            var one = model.newSession();
            var begin = new CountDownLatch(2);
            Runnable close = () -> {
                begin.countDown();
                while (begin.getCount() > 0) Thread.onSpinWait();
                try {
                    one.close();
                } catch (IllegalStateException e) {
                    // the other is at it
                }
            };
            var other = CompletableFuture.runAsync(close);
            close.run();
            other.join();
        }
        assertThrows(IllegalStateException.class, model::close); // the test's own session is open
    }

    @Test
    void aMissingListenerIsMissedBeforeTheWork() {
        assertEquals("listener",
                assertThrows(NullPointerException.class, () -> session.generate(PROMPT, TEN, null)).getMessage());
    }

    /** The model's own device, source and tokenizer. */
    @Test
    void aFolderIsEnough() throws Exception {
        try (var kjv = OptModel.load(Models.folder(Models.KJV)); var own = kjv.newSession()) {
            var tokenizer = kjv.tokenizer().orElseThrow();
            var made = own.generate("And God said", kjv.defaultOptions().withMaxNewTokens(3), GenerateListener.NONE);
            assertEquals(tokenizer.decode(made.ids().stream().skip(1).mapToInt(i -> i).toArray()), made.text());
            assertTrue(made.text().startsWith("And God said"));
            assertEquals(2, made.ids().getFirst()); // the text leaves it out
            assertTrue(kjv.bytes() > kjv.encodedBytes());
            assertTrue(kjv.encodedBytes() > 2_000_000,
                    "2.4 million weights, most of them in layers that are not sparse");
        }
    }
}
