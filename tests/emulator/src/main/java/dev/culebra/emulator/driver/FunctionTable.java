package dev.culebra.emulator.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * The driver's functions by base name and version, as cuGetProcAddress gives them out. A function's stub is made when it
 * is first asked for, and lives as long as the process.
 */
final class FunctionTable {

    /** Makes a function's upcall stub: the allocate method of its generated type, with the implementation bound. */
    interface Factory {
        MemorySegment stub(Arena arena);
    }

    /** What came of a search. */
    sealed interface Found {
        record Stub(MemorySegment pointer) implements Found {}

        record UnknownName() implements Found {}

        record TooOld(int lowest) implements Found {}
    }

    private static final class Entry {
        final Factory factory;
        MemorySegment stub;

        Entry(Factory factory) { this.factory = factory; }
    }

    /**
     * Functions whose signature a later version changed to one that is not in the bindings: whoever asks for that version
     * would call ours with the wrong arguments.
     */
    private static final Map<String, Integer> SUPERSEDED = Map.of("cuCtxSynchronize", 13000, "cuCtxGetDevice", 13000);

    private final Map<String, TreeMap<Integer, Entry>> functions = new HashMap<>();

    void add(String name, int version, Factory factory) {
        if (functions.computeIfAbsent(name, n -> new TreeMap<>()).put(version, new Entry(factory)) != null) {
            throw new IllegalStateException(name + " of version " + version + " is there twice");
        }
    }

    /** The newest form of a function that is no newer than asked for. */
    synchronized Found find(String name, int version) {
        TreeMap<Integer, Entry> versions = functions.get(name);
        if (versions == null || version >= SUPERSEDED.getOrDefault(name, Integer.MAX_VALUE)) {
            return new Found.UnknownName();
        }
        Map.Entry<Integer, Entry> entry = versions.floorEntry(version);
        if (entry == null) {
            return new Found.TooOld(versions.firstKey());
        }
        Entry e = entry.getValue();
        if (e.stub == null) {
            e.stub = e.factory.stub(Arena.global());
        }
        return new Found.Stub(e.stub);
    }
}
