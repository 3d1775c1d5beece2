package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.emulator.exec.PtxModule;
import dev.culebra.emulator.ptx.PtxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Compiled text with faults put into it: it loads, or it is refused with a line; nothing else is thrown. */
class MutationTest {

    private static final String[] JUNK = {"{", "}", "(", ")", "[", "]", ";", ",", ".", "%", "@", "!", "-", "+", "|",
        "\"", "/*",
        "//", "<", ">", "=", ":", "_", "0x", "0f", "1e", "%r1", "%rd1", "%p1", ".reg", ".param", ".b32", ".pred",
        ".func",
        ".entry", ".shared", "99999999999999999999", "-1", "\u00e9"};

    @Test
    void anythingIsLoadedOrRefused() {
        List<String[]> texts = new ArrayList<>();
        List<String> words = new ArrayList<>();
        for (String name : List.of("objects.ptx", "formats.ptx", "fragments.ptx", "triton-softmax.ptx")) {
            String text = Rig.text("/dev/culebra/tests/emulator/corpus/" + name);
            texts.add(text.split("\n"));
            for (String w : text.split("[.\\s]")) {
                if (w.matches("[a-z0-9:_]{1,16}")) {
                    words.add(w);
                }
            }
        }
        Random random = new Random(5);
        int refused = 0;
        for (int n = 0; n < 800; n++) {
            String[] lines = texts.get(random.nextInt(texts.size())).clone();
            int i = random.nextInt(lines.length);
            lines[i] = mutate(lines[i], words, random);
            String text = String.join("\n", lines);
            text = n % 20 == 0 ? text.substring(0, random.nextInt(text.length())) : text;
            try {
                PtxModule.parse(text, 9, 0);
            } catch (PtxException e) {
                refused++;
                assertFalse(e.errors().isEmpty());
            } catch (RuntimeException | Error e) {
                throw new AssertionError("line " + (i + 1) + " as '" + lines[i] + "'", e);
            }
        }
        assertTrue(refused > 300, refused + " of 800 refused"); // most mutations are faults: a parser that skips them fails here
    }

    private static String mutate(String line, List<String> words, Random random) {
        String word = words.get(random.nextInt(words.size()));
        int at = random.nextInt(line.length() + 1);
        return switch (random.nextInt(5)) {
            case 0 -> line.replaceFirst("\\.", "." + word + ".");
            case 1 -> line.replaceFirst("[a-z0-9]+\\.", word + ".");
            case 2 -> line.substring(0, at) + JUNK[random.nextInt(JUNK.length)] + line.substring(at);
            case 3 -> line.substring(0, at);
            default -> line.replaceFirst("%[a-z]+\\d+", "%" + (random.nextBoolean() ? "r" : "rd") + random.nextInt(9));
        };
    }
}
