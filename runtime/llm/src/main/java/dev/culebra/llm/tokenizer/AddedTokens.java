package dev.culebra.llm.tokenizer;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;

/** Finds tokens in a text: the leftmost first, of those that begin at one place the longest, none over another. Immutable. */
final class AddedTokens {
    private final BitSet firstChars = new BitSet();
    /** By first char, the longest first. */
    private final Map<Character, List<AddedToken>> byFirstChar = new HashMap<>();

    AddedTokens(List<AddedToken> tokens) {
        for (var token : tokens) {
            firstChars.set(token.content().charAt(0));
            byFirstChar.computeIfAbsent(token.content().charAt(0), c -> new ArrayList<>()).add(token);
        }
        for (var list : byFirstChar.values()) {
            list.sort(Comparator.comparingInt((AddedToken token) -> token.content().length()).reversed());
        }
    }

    /** Gives a range's tokens and the text between them, in their order. The range is a text of its own: nothing outside it matters. */
    void split(String text, int from, int to, IntConsumer ids, Pieces.Sink between) {
        int done = from; // what of the text has been given
        int i = from; // what of the text has been searched: a token refused for its neighbours is passed over as one found
        while (i < to) {
            var token = at(text, i, to);
            if (token == null) {
                i++;
                continue;
            }
            int start = i;
            int end = i + token.content().length();
            i = end;
            if (token.singleWord() && (start > from && CharClass.isWord(text.codePointBefore(start))
                    || end < to && CharClass.isWord(text.codePointAt(end)))) {
                continue;
            }
            if (token.lstrip()) {
                while (start > done && CharClass.isSpace(text.charAt(start - 1))) start--;
            }
            if (token.rstrip()) {
                while (end < to && CharClass.isSpace(text.charAt(end))) end++;
            }
            if (done < start) between.range(done, start);
            ids.accept(token.id());
            done = end;
        }
        if (done < to) between.range(done, to);
    }

    private AddedToken at(String text, int i, int to) {
        if (!firstChars.get(text.charAt(i))) return null;
        for (var token : byFirstChar.get(text.charAt(i))) {
            if (token.content().length() <= to - i && text.startsWith(token.content(), i)) return token;
        }
        return null;
    }
}
