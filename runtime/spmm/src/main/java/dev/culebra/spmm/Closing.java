package dev.culebra.spmm;

/** Closes one thing after another whatever comes of it, as where a device has failed and each of its objects says so. */
final class Closing {

    private RuntimeException first;

    /** Closes it, or keeps the reason why it could not be. Null is nothing to close. */
    void close(AutoCloseable one) {
        try {
            if (one != null) {
                one.close();
            }
        } catch (RuntimeException e) {
            if (first == null) {
                first = e;
            } else {
                first.addSuppressed(e);
            }
        } catch (Exception e) {
            throw new AssertionError(e); // nothing that is closed here throws a checked one
        }
    }

    /** Throws the first reason there was, with the others. */
    void rethrow() {
        if (first != null) {
            throw first;
        }
    }
}
