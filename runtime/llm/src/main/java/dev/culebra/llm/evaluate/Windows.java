package dev.culebra.llm.evaluate;

import dev.culebra.llm.tokenizer.Tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A text as models are measured and calibrated on it: one stream of ids, cut into windows of one length. */
public final class Windows {
    private Windows() {}

    /**
     * Cuts a text: each line is tokenized without BOS and followed by the end-of-text token; the ids of all lines, one after the other, are cut into
     * windows, and what fills no window is dropped. A line ends at {@code \n} or {@code \r\n}, which are no part of it; an empty line is
     * the end-of-text token alone; after a text's last {@code \n} there is no further line.
     *
     * @param text the text
     * @param tokenizer the model's
     * @param endOfText the id that follows each line, for OPT that of {@code </s>}
     * @param window ids in a window, 1 or more
     * @return the windows, in the text's order; none where the text is too short for one
     * @throws IllegalArgumentException where window is less than 1
     */
    public static List<int[]> cut(String text, Tokenizer tokenizer, int endOfText, int window) {
        if (window < 1) throw new IllegalArgumentException("a window must have 1 token or more, not " + window);
        var windows = new ArrayList<int[]>();
        var open = new int[window];
        int filled = 0;
        for (int from = 0; from < text.length();) {
            int feed = text.indexOf('\n', from);
            int end = feed < 0 ? text.length() : feed;
            int next = feed < 0 ? end : feed + 1;
            if (feed > from && text.charAt(feed - 1) == '\r') end--;
            var line = tokenizer.encode(text.substring(from, end), false);
            var ids = Arrays.copyOf(line, line.length + 1);
            ids[line.length] = endOfText;
            for (int id : ids) {
                open[filled++] = id;
                if (filled < window) continue;
                windows.add(open);
                open = new int[window];
                filled = 0;
            }
            from = next;
        }
        return windows;
    }
}
