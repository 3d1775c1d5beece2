package dev.culebra.emulator.exec;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which bytes of global memory kernels have written, and which kernel it was: pages of the addresses that were, a number for
 * each byte. A kernel's own are marked by any number of threads at a time; after that nothing is changed.
 */
final class Writes {

    private static final int PAGE = 4096;

    /** The highest number of a kernel; what comes beyond shares it. */
    private static final int MOST_NAMES = 255;

    /** Kernels by number, from 1. */
    private final List<String> names;
    private final Map<Long, byte[]> pages;
    private final byte own;

    private Writes(List<String> names, Map<Long, byte[]> pages, byte own) {
        this.names = names;
        this.pages = pages;
        this.own = own;
    }

    /** Those of a kernel that begins; numbered so that they can be laid over those of some before. */
    static Writes of(String kernel, Writes before) {
        List<String> names = before == null ? new ArrayList<>() : new ArrayList<>(before.names);
        if (!names.contains(kernel) && names.size() < MOST_NAMES) {
            names.add(kernel);
        }
        int number = names.indexOf(kernel) + 1;
        return new Writes(names, new ConcurrentHashMap<>(), (byte) (number == 0 ? MOST_NAMES : number));
    }

    /** Remembers some bytes. */
    void mark(long at, int bytes) {
        for (long end = at + bytes; at < end;) {
            int offset = (int) (at % PAGE);
            int n = (int) Math.min(PAGE - offset, end - at);
            byte[] page = pages.computeIfAbsent(at / PAGE, k -> new byte[PAGE]);
            Arrays.fill(page, offset, offset + n, own);
            at += n;
        }
    }

    /** The kernel that last wrote one of some bytes, or null where none did. */
    String writer(long at, int bytes) {
        for (long end = at + bytes; at < end;) {
            int offset = (int) (at % PAGE);
            int n = (int) Math.min(PAGE - offset, end - at);
            byte[] page = pages.get(at / PAGE);
            for (int i = offset; page != null && i < offset + n; i++) {
                if (page[i] != 0) {
                    return names.get((page[i] & 0xff) - 1);
                }
            }
            at += n;
        }
        return null;
    }

    /** These beside those of earlier kernels. */
    Writes over(Writes earlier) {
        if (earlier == null) {
            return this;
        }
        Map<Long, byte[]> all = new HashMap<>(earlier.pages);
        pages.forEach((number, page) -> all.merge(number, page, (below, above) -> {
            byte[] both = below.clone();
            for (int i = 0; i < PAGE; i++) {
                both[i] = above[i] != 0 ? above[i] : both[i];
            }
            return both;
        }));
        return new Writes(names, all, own);
    }
}
