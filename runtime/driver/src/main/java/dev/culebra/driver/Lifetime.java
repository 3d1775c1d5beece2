package dev.culebra.driver;

import java.lang.System.Logger.Level;
import java.lang.ref.Cleaner;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/**
 * Whether an object is open, who owns it, and what it owns. An owner knows its children by their lifetimes alone, never by
 * the objects, so that one that is dropped without {@code close()} can be collected, and reported.
 */
final class Lifetime {

    private static final System.Logger LOG = System.getLogger("dev.culebra.driver");
    private static final Cleaner CLEANER = Cleaner.create();

    private static final int CLOSED = Integer.MIN_VALUE;

    /** More names than these make a message that nobody reads. */
    private static final int NAMED_CHILDREN = 8;

    private final String name;
    private List<Lifetime> owners; // guarded by this
    private final MakingPlace made;
    private final Set<Lifetime> children = Collections.newSetFromMap(new IdentityHashMap<>()); // guarded by this
    private Cleaner.Cleanable cleanable;

    /** How many calls are under way; with the sign where no further one may begin. */
    private final AtomicInteger calls = new AtomicInteger();

    /** Set when closing is through, not when it begins. */
    private volatile boolean released;

    private Lifetime(String name, MakingPlace made, List<Lifetime> owners) {
        this.name = name;
        this.made = made;
        this.owners = owners;
    }

    /** Of something that must be closed before its owners can be, and is reported when it never was. */
    static Lifetime owned(Object subject, String name, Lifetime... owners) {
        Lifetime lifetime = new Lifetime(name, MakingPlace.here(), List.of(owners));
        int adopted = 0;
        try {
            for (; adopted < owners.length; adopted++) owners[adopted].adopt(lifetime);
        } finally {
            // An owner that was closed meanwhile: the others must not keep the child.
            if (adopted < owners.length) lifetime.leaveOwners();
        }
        lifetime.cleanable = CLEANER.register(subject, lifetime::reportUnlessClosed);
        return lifetime;
    }

    /** Of something that is another's: it may be closed, and nobody minds when it is not. */
    static Lifetime guest(String name) {
        return new Lifetime(name, MakingPlace.UNKNOWN, List.of());
    }

    /** Throws where the object is closed. */
    void check() {
        if (isClosed()) throw new IllegalStateException(name + " is closed");
    }

    /**
     * Begins a call that uses the handle: who closes the object waits for {@link #exit()}, so that the driver is never left
     * with a handle to nothing. Allocates nothing.
     */
    void enter() { if (!tryEnter()) throw new IllegalStateException(name + " is closed"); }

    /** As {@link #enter()}; false where it is closed. */
    boolean tryEnter() {
        int now;
        do {
            now = calls.get();
            if (now < 0) return false;
        } while (!calls.compareAndSet(now, now + 1));
        return true;
    }

    void exit() { calls.decrementAndGet(); }

    /** A call that uses the handle. */
    void during(Runnable call) {
        enter();
        try {
            call.run();
        } finally {
            exit();
        }
    }

    boolean isClosed() { return calls.get() < 0; }

    boolean isReleased() { return released; }

    String name() { return name; }

    /**
     * Closes once: a second call does nothing. Waits for the calls of other threads that are under way. Owners keep the child until the release is through, so that none of them is
     * closed meanwhile; a release that throws still leaves it closed.
     *
     * @throws IllegalStateException where children are open; nothing is changed then
     */
    void close(Runnable release) {
        synchronized (this) {
            if (isClosed()) return;
            if (!children.isEmpty()) throw new IllegalStateException(describeChildren());
            calls.getAndUpdate(now -> now | CLOSED);
        }
        Patience.until(() -> calls.get() == CLOSED);
        try {
            release.run();
        } finally {
            released = true;
            leaveOwners();
            if (cleanable != null) cleanable.clean();
        }
    }

    /** Both, whatever comes of the first, whose failure is the one to hear of: after a lost context all calls fail. */
    static void inTurn(Runnable first, Runnable second) {
        try {
            first.run();
        } catch (Throwable failure) {
            try {
                second.run();
            } catch (Throwable later) {
                failure.addSuppressed(later);
            }
            throw failure;
        }
        second.run();
    }

    /** Where a thread closes the object, waits until it is through. */
    void awaitRelease() {
        Patience.until(this::isReleased);
    }

    /** Asks while the object can not be closed meanwhile; false where it is closed already. */
    boolean whileOpen(BooleanSupplier question) {
        synchronized (this) {
            return !isClosed() && question.getAsBoolean();
        }
    }

    private void adopt(Lifetime child) {
        synchronized (this) {
            check();
            children.add(child);
        }
    }

    private void leaveOwners() { leave(currentOwners()); }

    private void leave(Collection<Lifetime> former) {
        for (Lifetime owner : former) {
            synchronized (owner) {
                owner.children.remove(this);
            }
        }
    }

    private synchronized List<Lifetime> currentOwners() { return owners; }

    /** Belongs to others from now on. */
    void changeOwners(Collection<Lifetime> next) {
        for (Lifetime owner : next) owner.adopt(this);
        List<Lifetime> former = new ArrayList<>(currentOwners());
        synchronized (this) {
            owners = List.copyOf(next);
        }
        former.removeAll(next);
        leave(former);
    }

    private String describeChildren() {
        List<String> names = new ArrayList<>();
        for (Lifetime child : children) names.add(child.name + child.made.suffix());
        Collections.sort(names);
        String shown = names.stream().limit(NAMED_CHILDREN).collect(Collectors.joining("; "));
        int more = names.size() - NAMED_CHILDREN;
        return name + " can not be closed while it is in use by: " + shown + (more > 0 ? "; and " + more + " more" : "")
                + ". Close them first.";
    }

    private void reportUnlessClosed() {
        if (calls.getAndSet(CLOSED) < 0) return;
        // What is lost must not keep its owner from being closed, which is what frees it in the end.
        leaveOwners();
        LOG.log(Level.WARNING, "{0} was never closed{1}", name, made.suffix());
    }
}
