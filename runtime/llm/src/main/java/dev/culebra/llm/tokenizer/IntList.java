package dev.culebra.llm.tokenizer;

import java.util.Arrays;

/** Ids as they come. */
final class IntList {
    private int[] elements = new int[32];
    private int size;

    void add(int element) {
        if (size == elements.length) elements = Arrays.copyOf(elements, Math.addExact(size, size / 2));
        elements[size++] = element;
    }

    void addAll(int[] more) { for (int element : more) add(element); }

    int[] toArray() { return Arrays.copyOf(elements, size); }
}
