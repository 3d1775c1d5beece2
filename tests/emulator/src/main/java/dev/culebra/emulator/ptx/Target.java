package dev.culebra.emulator.ptx;

import java.util.List;
import java.util.Map;

/** Which PTX a device takes: versions and targets. */
final class Target {

    /** The newest PTX understood: what a driver of CUDA 13.0 takes. */
    static final int NEWEST_VERSION = 90;

    /** The PTX version that introduced each target (PTX ISA, "Release Notes"). */
    private static final Map<Integer, Integer> INTRODUCED = Map.ofEntries(Map.entry(20, 20), Map.entry(30, 30),
            Map.entry(32, 40),
            Map.entry(35, 31), Map.entry(37, 41), Map.entry(50, 40), Map.entry(52, 41), Map.entry(53, 42),
            Map.entry(60, 50),
            Map.entry(61, 50), Map.entry(62, 50), Map.entry(70, 60), Map.entry(72, 61), Map.entry(75, 63),
            Map.entry(80, 70),
            Map.entry(86, 71), Map.entry(87, 74), Map.entry(88, 90), Map.entry(89, 78), Map.entry(90, 78),
            Map.entry(100, 86),
            Map.entry(101, 86), Map.entry(103, 88), Map.entry(110, 90), Map.entry(120, 87), Map.entry(121, 88));

    private Target() {}

    /**
     * Refuses a module that the device or the driver is too old for.
     *
     * @param version PTX version, 70 for 7.0
     * @param target such as {@code "sm_80"}
     * @param ccMajor compute capability, major
     * @param ccMinor compute capability, minor
     * @return the target's number, such as 80
     * @throws PtxException when it can not be loaded
     */
    static int check(int version, String target, int ccMajor, int ccMinor) throws PtxException {
        if (version > NEWEST_VERSION) {
            throw new PtxException(PtxException.Kind.UNSUPPORTED_PTX_VERSION, List.of(".version " + version / 10 + "."
                    + version % 10
                    + " is newer than 9.0, the newest that is understood: lower the .version line or compile with an older toolkit"));
        }
        char last = target.charAt(target.length() - 1);
        String digits = target.substring(3, Character.isDigit(last) ? target.length() : target.length() - 1);
        Integer introduced = digits.isEmpty() ? null : INTRODUCED.get(Integer.parseInt(digits));
        if (introduced == null) {
            throw new PtxException(PtxException.Kind.INVALID_PTX, List.of(".target " + target + " is not known"));
        }
        int sm = Integer.parseInt(digits);
        if (version < introduced) {
            throw new PtxException(PtxException.Kind.INVALID_PTX,
                    List.of(".target " + target + " needs .version " + introduced / 10 + "."
                            + introduced % 10 + " or newer; the module says " + version / 10 + "." + version % 10));
        }
        int device = ccMajor * 10 + ccMinor;
        boolean fits = switch (last) {
            case 'a' -> device == sm;
            case 'f' -> device / 10 == sm / 10 && device >= sm;
            default -> device >= sm;
        };
        if (!fits) {
            throw new PtxException(PtxException.Kind.NO_BINARY_FOR_GPU, List.of(".target " + target
                    + " does not run on a device of compute "
                    + "capability " + ccMajor + "." + ccMinor
                    + (last == 'a' ? ": an architecture-specific target runs on that very capability alone" : "")));
        }
        return sm;
    }
}
