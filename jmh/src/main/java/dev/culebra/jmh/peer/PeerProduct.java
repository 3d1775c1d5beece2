package dev.culebra.jmh.peer;

/** A product that is ready to be launched. Used on the thread of its {@link GpuPeer}. */
public interface PeerProduct extends AutoCloseable {

    /**
     * What the library runs, as far as it says.
     *
     * @return such as {@code algorithm 66, tile 20, stages 35, split-k 1, of 16}
     */
    String kernel();

    /**
     * Enqueues {@code y = x * weights^T} on the stream that the weights were loaded with. Never waits; may be captured
     * into a graph.
     *
     * @param copy which copy of the weights, from 0
     * @throws PeerException where the library fails
     */
    void launch(int copy);

    /** Waits for the stream and frees the workspace. A second call does nothing. */
    @Override
    void close();
}
