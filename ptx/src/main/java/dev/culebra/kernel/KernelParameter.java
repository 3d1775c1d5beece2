package dev.culebra.kernel;

/**
 * A kernel's parameter.
 *
 * @param name what it means, as the catalog explains it
 * @param type its type
 */
public record KernelParameter(String name, Type type) {

    /** The types that occur. */
    public enum Type {
        /** A device address, 8 bytes. */
        POINTER(8),
        /** A signed 32-bit number. */
        S32(4);

        private final int bytes;

        Type(int bytes) { this.bytes = bytes; }

        /**
         * Its size in the argument block; also its alignment there.
         *
         * @return bytes
         */
        public int bytes() { return bytes; }
    }
}
