package dev.culebra.tests.conformance;

import dev.culebra.driver.LaunchConfig;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * One program, its operands, and what the ISA says that it answers. Its kernel is {@code k}; the first two parameters are the
 * addresses of input and output, the output all zero before the launch.
 *
 * @param name section of the ISA and instruction, such as {@code 9.7.1.1/add.s32}; no spaces
 * @param target the least compute capability, 80 for 8.0
 * @param ptx the module
 * @param shape the launch
 * @param input bytes at the first parameter
 * @param more further arguments, as {@code Kernel.launch} takes them
 * @param expected works out what must come out, once
 * @param describe the operands behind a number of the answer, for messages
 */
record Case(String name, int target, String ptx, LaunchConfig shape, byte[] input, Object[] more,
        Supplier<Answer> expected,
        IntFunction<String> describe) {

    Answer answer() { return expected.get(); }

    static String header(int target, String version) {
        return ".version " + version + "\n.target sm_" + target + "\n.address_size 64\n";
    }

    static Case of(String name, int target, String ptx, LaunchConfig shape, byte[] input, Answer answer) {
        return new Case(name, target, ptx, shape, input, new Object[0], () -> answer, i -> "number " + i);
    }

    /** The launch in the words that answers were recorded under, whatever else a shape has come to hold since. */
    private String launch() {
        return "LaunchConfig[grid=" + shape.grid() + ", block=" + shape.block() + ", sharedBytes=" + shape.sharedBytes()
                + ", cluster=" + shape.cluster() + ", cooperative=" + shape.cooperative() + "]";
    }

    /** Changes with the program or its operands, so that an answer recorded for another program is not taken for this one's. */
    String digest() {
        try {
            MessageDigest d = MessageDigest.getInstance("SHA-256");
            d.update((ptx + launch()).getBytes(StandardCharsets.UTF_8));
            d.update(input);
            return HexFormat.of().formatHex(d.digest(), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
