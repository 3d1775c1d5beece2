package dev.culebra.spmm;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;

/** Keeps a few objects from one use to the next, and drops those that find no place. Allocates nothing; thread-safe. */
final class Pool<T> {

    private final AtomicReferenceArray<T> places;
    private final Supplier<T> maker;

    Pool(int places, Supplier<T> maker) {
        this.places = new AtomicReferenceArray<>(places);
        this.maker = maker;
    }

    /** One that was kept, or a new one; the caller's alone until it gives it back, or for good. */
    T borrow() {
        for (int i = 0; i < places.length(); i++) {
            T kept = places.getPlain(i) == null ? null : places.getAndSet(i, null);
            if (kept != null) {
                return kept;
            }
        }
        return maker.get();
    }

    void giveBack(T one) {
        for (int i = 0; i < places.length(); i++) {
            if (places.getPlain(i) == null && places.compareAndSet(i, null, one)) {
                return;
            }
        }
    }
}
