package dev.culebra.tests.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Graph;
import dev.culebra.driver.GraphExec;
import dev.culebra.driver.Kernel;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.Stream;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is dropped without being closed is reported, with the place where it was made. */
class LeakTest {

    private static final List<Object> KEPT = new CopyOnWriteArrayList<>();

    private static final Logger LOGGER = Logger.getLogger("dev.culebra.driver");

    private final List<String> reports = new CopyOnWriteArrayList<>();
    private final Handler handler = new Handler() {

        private final SimpleFormatter formatter = new SimpleFormatter();

        @Override
        public void publish(LogRecord record) {
            if (record.getLevel() == Level.WARNING) reports.add(formatter.formatMessage(record));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @BeforeEach
    void listen() {
        LOGGER.addHandler(handler);
        LOGGER.setUseParentHandlers(false);
    }

    @AfterEach
    void stopListening() {
        LOGGER.removeHandler(handler);
        LOGGER.setUseParentHandlers(true);
    }

    private static boolean collectUntil(BooleanSupplier happened) throws InterruptedException {
        for (int i = 0; i < 200 && !happened.getAsBoolean(); i++) {
            System.gc();
            Thread.sleep(20);
        }
        return happened.getAsBoolean();
    }

    /** In a method of its own, so that no local keeps it. */
    private static String drop(Context context) {
        DeviceBuffer buffer = context.allocate(1000);
        return "buffer 0x" + Long.toHexString(buffer.address()) + " of 1000 bytes was never closed, made at "
                + LeakTest.class.getName() + ".drop(LeakTest.java:";
    }

    @Test
    void isReportedAndNoLongerInTheWay() throws Exception {
        Context context = Cuda.open(new FakeDriver()).device(0).context();
        String expected = drop(context);
        assertTrue(collectUntil(() -> reports.stream().anyMatch(report -> report.startsWith(expected))),
                () -> "expected " + expected + ", got " + reports);
        context.close(); // nobody can close what is lost: it must not keep its owner open
    }

    @Test
    void whatWasClosedIsNotReported() throws Exception {
        Context context = Cuda.open(new FakeDriver()).device(0).context();
        for (int i = 0; i < 10; i++) {
            try (Stream stream = context.newStream(); DeviceBuffer buffer = context.allocate(77)) {
                stream.fill(buffer.slice(0, 7), (byte) 0);
            }
        }
        String last = drop(context); // once this is reported, the collector has seen the others
        assertTrue(collectUntil(() -> reports.stream().anyMatch(report -> report.startsWith(last))));
        assertEquals(List.of(),
                reports.stream().filter(r -> r.contains("77 bytes") || r.startsWith("stream")).toList());
        context.close();
    }

    @Test
    void whatIsHeldIsNotReported() throws Exception {
        Context context = Cuda.open(new FakeDriver()).device(0).context();
        Stream stream = context.newStream();
        String dropped = drop(context);
        assertTrue(collectUntil(() -> reports.stream().anyMatch(report -> report.startsWith(dropped))));
        assertEquals(List.of(),
                reports.stream().filter(r -> r.startsWith("stream") || r.startsWith("context")).toList());
        stream.close();
        context.close();
    }

    /** Whoever holds a kernel or a part of a buffer need not hold the module or the whole. */
    @Test
    void whatIsStillNeededIsNotReported() throws Exception {
        Context context = Cuda.open(new FakeDriver()).device(0).context();
        Stream stream = context.newStream();
        Kernel kernel = context.load(".version 8.0\n.target sm_90\n.entry k() { ret; }\n").kernel("k");
        DeviceBuffer part = context.allocate(55).slice(5, 5);
        GraphExec exec;
        try (Graph graph = stream.capture(() -> stream.fill(context.allocate(66), (byte) 1))) {
            exec = graph.instantiate();
        }
        String dropped = drop(context);
        assertTrue(collectUntil(() -> reports.stream().anyMatch(report -> report.startsWith(dropped))));
        assertEquals(1, reports.size(), reports::toString);
        kernel.launch(stream, LaunchConfig.of(1, 1));
        stream.fill(part, (byte) 1);
        exec.launch(stream);
        exec.close();
        // What hangs on them can not be closed any more; it must not be reported into another test.
        KEPT.addAll(List.of(kernel, part, stream));
    }
}
