package dev.culebra.llm.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;

import static dev.culebra.llm.tokenizer.TokenizerException.quoted;

/** Byte-pair encoding of one piece of text after another. Immutable but for a cache; shared by threads. */
final class Bpe {
    private static final int NO_TOKEN = -1;
    /** Slots of the cache of pieces: English text of a megabyte has some 20,000 different ones. */
    private static final int SLOTS = 1 << 14;
    /** Longest piece that the cache takes, in chars: words are shorter, so it never holds more than a few megabytes. */
    private static final int LONGEST_CACHED = 32;

    /** By byte: its token's id. */
    private final int[] byteIds = new int[256];
    private final MergeTable ranks;
    /** By rank: what the pair becomes. */
    private final int[] merged;
    private final int unknown;
    private final boolean fuseUnknown;
    /** Null: a piece is always merged. */
    private final Map<String, Integer> whole;
    /** A piece overwrites another of the same slot; that a thread misses what another wrote costs time only. */
    private final AtomicReferenceArray<Cached> cache = new AtomicReferenceArray<>(SLOTS);

    private record Cached(String piece, int[] ids) {}

    Bpe(TokenizerParts parts) throws TokenizerException {
        var vocabulary = parts.vocabulary().model();
        for (int b = 0; b < byteIds.length; b++) {
            byteIds[b] = vocabulary.getOrDefault(String.valueOf(ByteLevel.of(b)), NO_TOKEN);
        }
        ranks = new MergeTable(parts.merges().size());
        merged = new int[parts.merges().size()];
        for (int rank = 0; rank < merged.length; rank++) {
            var merge = parts.merges().get(rank);
            merged[rank] = id(parts, rank, merge, merge.left() + merge.right());
            ranks.put(id(parts, rank, merge, merge.left()), id(parts, rank, merge, merge.right()), rank);
        }
        if (parts.unknown() != null && !vocabulary.containsKey(parts.unknown())) {
            throw new TokenizerException(parts.file(), "unk_token " + quoted(parts.unknown())
                    + " is not in the vocabulary");
        }
        unknown = parts.unknown() == null ? NO_TOKEN : vocabulary.get(parts.unknown());
        fuseUnknown = parts.fuseUnknown();
        whole = parts.wholeFirst() ? vocabulary : null;
    }

    private static int id(TokenizerParts parts, int rank, TokenizerParts.Merge merge, String token)
            throws TokenizerException {
        var id = parts.vocabulary().model().get(token);
        if (id == null) {
            throw new TokenizerException(parts.file(), "merge " + (rank + 1) + " (" + quoted(merge.left()) + " with "
                    + quoted(merge.right()) + "): " + quoted(token) + " is not in the vocabulary");
        }
        return id;
    }

    /** Adds the ids of a text's range, one piece. The text is well-formed. */
    void encode(String text, int from, int to, IntList out) {
        if (to - from > LONGEST_CACHED) {
            merge(text.substring(from, to), out);
            return;
        }
        int hash = 0;
        for (int i = from; i < to; i++) hash = 31 * hash + text.charAt(i);
        int slot = (hash ^ hash >>> 14) & SLOTS - 1;
        var cached = cache.getPlain(slot);
        if (cached == null || cached.piece.length() != to - from || !text.startsWith(cached.piece, from)) {
            var ids = new IntList();
            var piece = text.substring(from, to);
            merge(piece, ids);
            cached = new Cached(piece, ids.toArray());
            cache.setPlain(slot, cached); // safe without order: a record's fields are final
        }
        out.addAll(cached.ids);
    }

    private void merge(String piece, IntList out) {
        var bytes = piece.getBytes(StandardCharsets.UTF_8);
        if (whole != null) {
            var chars = new char[bytes.length];
            for (int i = 0; i < bytes.length; i++) chars[i] = ByteLevel.of(bytes[i] & 0xFF);
            var id = whole.get(new String(chars));
            if (id != null) {
                out.add(id);
                return;
            }
        }
        var symbols = new int[bytes.length];
        int count = 0;
        boolean lastUnknown = false;
        for (byte b : bytes) {
            int id = byteIds[b & 0xFF];
            boolean isUnknown = id == NO_TOKEN;
            if (!isUnknown) {
                symbols[count++] = id;
            } else if (unknown != NO_TOKEN && !(fuseUnknown && lastUnknown)) {
                symbols[count++] = unknown;
            }
            lastUnknown = isUnknown;
        }
        merge(symbols, count, out);
    }

    /** Merges the pair of lowest rank until none has one: a linked list of what is left, a queue of what may come next. */
    private void merge(int[] symbols, int count, IntList out) {
        var previous = new int[count];
        var next = new int[count];
        var queue = new MergeQueue(count);
        for (int i = 0; i < count; i++) {
            previous[i] = i - 1;
            next[i] = i + 1;
            if (i + 1 < count) offer(symbols, i, i + 1, queue);
        }
        while (!queue.isEmpty()) {
            long entry = queue.poll();
            int left = (int) entry;
            int rank = (int) (entry >>> 32);
            int right = next[left];
            // What was queued may be gone: the left one swallowed, or either changed since.
            if (symbols[left] < 0 || right >= count || ranks.rank(symbols[left], symbols[right]) != rank) continue;
            symbols[left] = merged[rank];
            symbols[right] = -1;
            next[left] = next[right];
            if (next[left] < count) {
                previous[next[left]] = left;
                offer(symbols, left, next[left], queue);
            }
            if (previous[left] >= 0) offer(symbols, previous[left], left, queue);
        }
        for (int i = 0; i < count; i = next[i]) out.add(symbols[i]);
    }

    private void offer(int[] symbols, int left, int right, MergeQueue queue) {
        int rank = ranks.rank(symbols[left], symbols[right]);
        if (rank != MergeTable.NONE) queue.add(rank, left);
    }
}
