package dev.culebra.driver;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;

/**
 * A graph in the form that is launched. What it uses can not be closed before it. Not to be used from several threads at
 * once; two of its launches never run at the same time, whatever streams they are on.
 */
public final class GraphExec implements AutoCloseable {

    private final Context context;
    private final Driver driver;
    private final MemorySegment handle;
    private final Lifetime lifetime;
    private final Uses launches = new Uses();
    private List<Uses> uses;

    /** What it uses, so that nothing of it is collected and reported meanwhile. */
    @SuppressWarnings("unused")
    private Set<Object> held;

    GraphExec(Graph graph, MemorySegment handle) {
        this.context = graph.context();
        this.driver = context.driver();
        this.handle = handle;
        this.uses = graph.uses();
        this.held = graph.held();
        this.lifetime = Lifetime.owned(this, "instantiated graph " + Handles.text(handle),
                graph.owners().toArray(new Lifetime[0]));
    }

    /**
     * Enqueues all of its work as one.
     *
     * @param stream of the graph's context
     */
    public void launch(Stream stream) {
        check(stream);
        stream.touch(this, lifetime, launches);
        for (Uses used : uses) used.mark(stream);
        stream.lifetime().during(() -> driver.graphs.launch(context.raw(), handle, stream.raw()));
    }

    /**
     * Brings what the first launch would have to bring to the device, so that it need not.
     *
     * @param stream the stream that it is enqueued on
     */
    public void upload(Stream stream) {
        check(stream);
        stream.touch(this, lifetime, launches);
        stream.lifetime().during(() -> driver.graphs.upload(context.raw(), handle, stream.raw()));
    }

    private void check(Stream stream) {
        lifetime.check();
        stream.check();
        if (stream.capture != null) throw new IllegalStateException(stream + " is capturing: launch the graph outside");
    }

    /** Whether an instantiated graph took over another graph's arguments, and why not. */
    public enum Update {
        /** It did: launches from now on do what the other graph says. */
        DONE,
        /** The driver does not say why not. */
        FAILED,
        /** The graphs have other nodes or dependencies. */
        TOPOLOGY_CHANGED,
        /** A node does something of another kind. */
        NODE_TYPE_CHANGED,
        /** A node launches another kernel, on a driver that can not change that. */
        FUNCTION_CHANGED,
        /** An argument changed that can not be. */
        PARAMETERS_CHANGED,
        /** A node is of a kind that can not be updated. */
        NOT_SUPPORTED,
        /** A node launches a kernel that can not stand in for the former one. */
        UNSUPPORTED_FUNCTION_CHANGE,
        /** An attribute of a node changed. */
        ATTRIBUTES_CHANGED;

        /** In the order of the driver's {@code CUgraphExecUpdateResult}. */
        private static Update of(int result) {
            return result < values().length ? values()[result] : FAILED;
        }
    }

    /**
     * Takes over the arguments of a graph of the same shape, which is much cheaper than to instantiate it. Launches that
     * are enqueued already are not changed. Where it is taken over, what the former graph used can be closed.
     *
     * @param graph captured like the one that this was instantiated from; it may be closed after that
     * @return {@link Update#DONE}; else nothing is changed, and the graph has to be instantiated anew
     */
    public Update update(Graph graph) {
        lifetime.check();
        Update update = Update.of(driver.graphs.update(context.raw(), handle, graph.raw()));
        if (update == Update.DONE) {
            lifetime.changeOwners(graph.owners());
            uses = graph.uses();
            held = graph.held();
        }
        return update;
    }

    /**
     * The driver's handle, to lend to another library.
     *
     * @return the {@code CUgraphExec}
     */
    public long handle() { return handle.address(); }

    /** Waits for its launches and destroys it. A second call does nothing. */
    @Override
    public void close() {
        lifetime.close(
                () -> Lifetime.inTurn(launches::await, () -> driver.graphs.destroyExec(context.raw(), handle)));
    }

    @Override
    public String toString() { return lifetime.name(); }
}
