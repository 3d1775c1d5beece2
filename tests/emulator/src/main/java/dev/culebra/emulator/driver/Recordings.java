package dev.culebra.emulator.driver;

import dev.culebra.driver.spi.CounterRecording;
import dev.culebra.driver.spi.LaunchCounters;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The open recordings of a driver's counters. Safe for use by many threads. */
final class Recordings {

    private final List<Recording> open = new CopyOnWriteArrayList<>();

    CounterRecording begin() {
        Recording r = new Recording();
        open.add(r);
        return r;
    }

    /** Who records now; a launch that begins is counted where somebody does. */
    List<Recording> current() {
        return List.copyOf(open);
    }

    /** One that a caller has. */
    final class Recording implements CounterRecording {

        private final List<LaunchCounters> launches = new ArrayList<>(); // guarded by this
        private boolean closed; // guarded by this

        synchronized void add(LaunchCounters counters) {
            if (!closed) {
                launches.add(counters);
            }
        }

        @Override
        public synchronized List<LaunchCounters> launches() { return List.copyOf(launches); }

        @Override
        public void close() {
            open.remove(this);
            synchronized (this) {
                closed = true;
            }
        }
    }
}
