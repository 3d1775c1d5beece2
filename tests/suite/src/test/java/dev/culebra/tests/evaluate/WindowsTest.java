package dev.culebra.tests.evaluate;

import dev.culebra.llm.evaluate.Windows;
import dev.culebra.llm.tokenizer.Tokenizer;
import dev.culebra.tests.models.Models;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

class WindowsTest {
    private static final int END = 2;

    private final Tokenizer tokenizer = Tokenizer.find(Models.folder(Models.KJV)).orElseThrow();

    WindowsTest() throws IOException {}

    /** The definition, word by word, on a text whose lines are given. */
    private List<List<Integer>> reference(List<String> lines, int window) {
        var stream = new ArrayList<Integer>();
        for (var line : lines) {
            for (int id : tokenizer.encode(line, false)) stream.add(id);
            stream.add(END);
        }
        var windows = new ArrayList<List<Integer>>();
        for (int i = 0; i + window <= stream.size(); i += window) windows.add(stream.subList(i, i + window));
        return windows;
    }

    private List<List<Integer>> cut(String text, int window) {
        return Windows.cut(text, tokenizer, END, window).stream()
                .map(w -> Arrays.stream(w).boxed().toList()).toList();
    }

    @Test
    void linesFollowEachOtherWithTheEndOfTextBetween() throws IOException {
        var lines = Files.readAllLines(Models.folder(Models.KJV).resolve("held-out.txt"));
        for (int window : new int[]{1, 2, 127, 128, 129, 256, 30_000}) {
            assertEquals(reference(lines, window), cut(String.join("\n", lines) + "\n", window), "window " + window);
        }
        assertEquals(211, cut(String.join("\n", lines), 128).size());
    }

    @Test
    void aLineEndsAtALineFeedWithOrWithoutACarriageReturn() {
        var lines = List.of("Selah", "", "and God said", "a\rb", " ", "the end");
        var expected = reference(lines, 1);
        assertEquals(expected, cut(String.join("\n", lines), 1));
        assertEquals(expected, cut(String.join("\n", lines) + "\n", 1));
        assertEquals(expected, cut(String.join("\r\n", lines), 1));
        assertEquals(expected, cut(String.join("\r\n", lines) + "\r\n", 1));
    }

    @Test
    void emptyLinesAreTheEndOfTextAlone() {
        assertEquals(List.of(), cut("", 1));
        assertEquals(List.of(List.of(END)), cut("\n", 1));
        assertEquals(List.of(List.of(END)), cut("\r\n", 1));
        assertEquals(List.of(List.of(END, END)), cut("\n\n\n", 2)); // the third fills no window
    }

    @Test
    void refusesWindowsOfNothing() {
        for (int window : new int[]{0, -1}) {
            assertEquals("a window must have 1 token or more, not " + window, assertThrows(
                    IllegalArgumentException.class, () -> Windows.cut("a", tokenizer, END, window)).getMessage());
        }
    }
}
