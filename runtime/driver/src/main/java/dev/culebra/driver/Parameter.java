package dev.culebra.driver;

/**
 * A kernel's parameter, as the driver or the PTX tells it.
 *
 * @param index its place, from 0
 * @param name its name in the PTX; empty where there is no PTX
 * @param type its type in the PTX, such as {@code u64}, {@code f32} or {@code b8[24]}; empty where there is no PTX
 * @param offset where it stands in the argument block, in bytes
 * @param size its length in bytes
 */
public record Parameter(int index, String name, String type, long offset, long size) {

    /** The length of one of PTX's types; a reference to a texture, a sampler or a surface is a handle of 8. */
    static int bytesOf(String type) {
        return type.endsWith("128")
                ? 16
                : type.endsWith("64")
                        ? 8
                        : type.endsWith("32") || type.equals("f16x2")
                                ? 4
                                : type.endsWith("16") ? 2 : type.endsWith("8") ? 1 : 8;
    }

    boolean isFloat() { return type.equals("f32") || type.equals("f64"); }

    boolean isInteger() { return type.startsWith("u") || type.startsWith("s"); }

    @Override
    public String toString() {
        return "parameter " + index + (name.isEmpty() ? "" : " (" + name + ")") + ", "
                + (type.isEmpty() ? "" : "." + type + " of ") + size + (size == 1 ? " byte" : " bytes");
    }
}
