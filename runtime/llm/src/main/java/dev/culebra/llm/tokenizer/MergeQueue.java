package dev.culebra.llm.tokenizer;

import java.util.Arrays;

/** Pairs that wait to be merged, the lowest rank first and of one rank the leftmost: a binary heap of longs, rank above place. */
final class MergeQueue {
    private long[] heap;
    private int size;

    MergeQueue(int capacity) { heap = new long[Math.max(16, capacity)]; }

    boolean isEmpty() { return size == 0; }

    void add(int rank, int place) {
        if (size == heap.length) heap = Arrays.copyOf(heap, Math.addExact(size, size / 2));
        long entry = (long) rank << 32 | place;
        int i = size++;
        while (i > 0 && heap[(i - 1) / 2] > entry) {
            heap[i] = heap[(i - 1) / 2];
            i = (i - 1) / 2;
        }
        heap[i] = entry;
    }

    /** Takes the first out: rank above, place below 2^32. */
    long poll() {
        long first = heap[0];
        long last = heap[--size];
        int i = 0;
        while (true) {
            int child = 2 * i + 1;
            if (child >= size) break;
            if (child + 1 < size && heap[child + 1] < heap[child]) child++;
            if (heap[child] >= last) break;
            heap[i] = heap[child];
            i = child;
        }
        heap[i] = last;
        return first;
    }
}
