package dev.culebra.tests.tokenizer;

import dev.culebra.llm.tokenizer.Tokenizer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Text of ids is Hugging Face's, at once and as it comes. */
class DecodeTest {
    private final Tokenizer kjv = Data.kjv();
    private final Tokenizer mixed = Tokenizer.of(Data.bytes("mixed/tokenizer.json"), null);

    DecodeTest() throws IOException {}

    @Test
    void textOfAnyIdsIsHuggingFaces() {
        int sequences = 0;
        for (var e : Data.json("decoded.json.gz")) {
            var tokenizer = e.get(0).textValue().equals("kjv") ? kjv : mixed;
            assertEquals(e.get(2).textValue(), tokenizer.decode(Data.ids(e.get(1))), e.toString());
            sequences++;
        }
        assertEquals(800, sequences);
    }

    @Test
    void textComesBack() {
        for (var e : Data.json("corpus.json.gz")) {
            var text = e.get(0).textValue();
            assertEquals(text, kjv.decode(kjv.encode(text, false)));
        }
    }

    /** One U+FFFD for each longest start of a character: examples of Unicode 16, tables 3-8 to 3-11, and ends of text. */
    @ParameterizedTest
    @CsvSource({"C0 AF E0 80 BF F0 81 82 41, ????????A", "ED A0 80 ED BF BF ED AF 41, ????????A",
        "F4 91 92 93 FF 41 80 BF 42, ?????A??B", "E1 80 E2 F0 91 92 F1 BF 41, ????A", "F0 9F 98, ?", "F0 9F, ?",
        "F0, ?", "E2 82, ?", "C3, ?", "80, ?", "F5 80, ??", "41 C3 41, A?A", "F0 9F 98 C3 A9, ?é",
        "F0 90 80 80, \uD800\uDC00", "F4 8F BF BF, \uDBFF\uDFFF", "EF BF BD, ?", "C2 80, \u0080",
        "E0 A0 80, \u0800", "ED 9F BF, \uD7FF", "EE 80 80, \uE000"})
    void malformedBytesBecomeReplacements(String bytes, String text) {
        // A token of one byte: its spelling in the vocabulary is the byte's character, which encoding a byte of its own shows.
        var ids = List.of(bytes.split(" ")).stream().mapToInt(b -> byteId(Integer.parseInt(b, 16))).toArray();
        assertEquals(text.replace('?', '\uFFFD'), kjv.decode(ids));
        assertEquals(text.replace('?', '\uFFFD'), streamed(kjv, ids));
    }

    /** GPT-2's alphabet, written independently: what is not printable in Latin-1 gets the characters from U+0100 on. */
    private int byteId(int wanted) {
        int next = 0x100;
        for (int b = 0; b < 256; b++) {
            boolean printable = b > 0x20 && b < 0x7F || b > 0xA0 && b != 0xAD;
            int c = printable ? b : next++;
            if (b == wanted) return kjv.id(Character.toString(c)).orElseThrow();
        }
        throw new AssertionError(wanted);
    }

    private static String streamed(Tokenizer tokenizer, int... ids) {
        var stream = tokenizer.newStream();
        var text = new StringBuilder();
        for (int id : ids) text.append(stream.push(id));
        return text.append(stream.finish()).toString();
    }

    @Test
    void aStreamGivesTheSameText() {
        var random = new SplittableRandom(11);
        for (var tokenizer : List.of(kjv, mixed)) {
            var stream = tokenizer.newStream(); // one for all: finish makes it new
            for (int i = 0; i < 20_000; i++) {
                // Ids below 260 are single bytes for the most part, which seldom make whole characters.
                int bound = i % 2 == 0 ? 260 : tokenizer.size();
                var ids = random.ints(random.nextInt(12), 0, bound).toArray();
                var text = new StringBuilder();
                for (int id : ids) text.append(stream.push(id));
                assertEquals(tokenizer.decode(ids), text.append(stream.finish()).toString());
            }
        }
    }

    /** What was shown never changes, and no half of a character is shown: each prefix of the ids begins with what has been given. */
    @Test
    void aStreamShowsWhatIsCertainAndNothingElse() {
        var text = "naïve 世界 👩‍👧 e\u0301 😀😀 Ω";
        var ids = kjv.encode(text, false);
        var stream = kjv.newStream();
        var shown = new StringBuilder();
        boolean heldBack = false;
        for (int i = 0; i < ids.length; i++) {
            var piece = stream.push(ids[i]);
            shown.append(piece);
            heldBack |= piece.isEmpty();
            assertTrue(text.startsWith(shown.toString()), shown.toString());
            assertFalse(!piece.isEmpty() && Character.isHighSurrogate(piece.charAt(piece.length() - 1)), piece);
        }
        assertTrue(heldBack);
        assertEquals(text, shown.toString());
        assertEquals("", stream.finish());
    }

    @Test
    void aCharacterIsShownWithItsLastByte() {
        var stream = kjv.newStream();
        assertEquals("", stream.push(byteId(0xF0)));
        assertEquals("", stream.push(byteId(0x9F)));
        assertEquals("", stream.push(byteId(0x98)));
        assertEquals("😀", stream.push(byteId(0x80)));
        assertEquals("", stream.push(byteId(0xE4)));
        assertEquals("\uFFFDA", stream.push(byteId('A')));
        assertEquals("", stream.push(byteId(0xC3)));
        assertEquals("\uFFFD", stream.finish());
        assertEquals("B", stream.push(byteId('B')));
        assertEquals("", stream.finish());
    }

    @Test
    void specialTokensAreShown() {
        assertEquals("</s>In the beginning", kjv.decode(kjv.encode("In the beginning")));
        assertEquals("<pad></s>", kjv.decode(1, 2));
        assertEquals("", kjv.decode());
    }

    @Test
    void refusesIdsThatItDoesNotHave() {
        for (int id : new int[]{-1, 1024, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            var message = "the tokenizer has no id " + id + ": ids are 0 to 1023";
            assertEquals(message, refused(() -> kjv.decode(5, id)));
            assertEquals(message, refused(() -> kjv.token(id)));
            assertEquals(message, refused(() -> kjv.isSpecial(id)));
        }
        var stream = kjv.newStream();
        stream.push(byteId(0xC3));
        refused(() -> stream.push(1024));
        assertEquals("é", stream.push(byteId(0xA9))); // goes on as if it had not been pushed
    }

    private static String refused(Runnable call) {
        return assertThrows(IllegalArgumentException.class, call::run).getMessage();
    }

    @Test
    void tokensAndIdsAreEachOthersInverse() {
        for (var tokenizer : List.of(kjv, mixed)) {
            for (int id = 0; id < tokenizer.size(); id++) {
                assertEquals(OptionalInt.of(id), tokenizer.id(tokenizer.token(id)));
            }
            assertEquals(OptionalInt.empty(), tokenizer.id("no such token"));
        }
        assertEquals(1024, kjv.size());
        assertEquals(2012, mixed.size()); // 2,000 trained, é and ord among them, and 12 more
        assertEquals(OptionalInt.of(2), kjv.id("</s>"));
        assertEquals("\u0120", kjv.token(kjv.encode(" ", false)[0]));
        assertTrue(mixed.isSpecial(mixed.id("<mask>").orElseThrow()));
        assertFalse(mixed.isSpecial(mixed.id("<r>").orElseThrow()));
    }
}
