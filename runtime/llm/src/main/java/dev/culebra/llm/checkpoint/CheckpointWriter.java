package dev.culebra.llm.checkpoint;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

import static dev.culebra.llm.checkpoint.CheckpointException.quote;

/**
 * Writes a checkpoint again with some tensors' elements replaced: the same shards with the same tensors, types, metadata and
 * index, the same {@code config.json}, tokenizer and other small files, so that whatever reads the one reads the other. Replaced
 * tensors go to the disk as they come, in any order; the others are copied in {@link #commit()}, and until then nothing is visible
 * under the new name. One thread's at a time.
 */
public final class CheckpointWriter implements AutoCloseable {
    private final Checkpoint source;
    private final OutputFolder folder;
    private final Map<Safetensors, SafetensorsWriter> shards = new LinkedHashMap<>();
    private final Map<String, TensorInfo> targets = new HashMap<>();
    private final Set<String> replaced = new HashSet<>();

    private CheckpointWriter(Checkpoint source, OutputFolder folder) {
        this.source = source;
        this.folder = folder;
    }

    /**
     * Begins a copy of a checkpoint.
     *
     * @param source what to copy, opened from a folder; stays the caller's, and open until this writer is closed
     * @param target the new folder; must not exist or be empty, and not lie in the source's
     * @return the writer; close it
     * @throws CheckpointException if the place can not be written to, or the source is no folder
     * @throws IOException if the system refuses
     */
    public static CheckpointWriter create(Checkpoint source, Path target) throws IOException {
        source.checkFolder();
        var writer = new CheckpointWriter(source, OutputFolder.beside(target, source.folder()));
        try {
            writer.begin();
            return writer;
        } catch (Throwable e) {
            writer.close();
            throw e;
        }
    }

    private void begin() throws IOException {
        long bytes = 0;
        for (var file : source.tensors().files()) bytes += Files.size(file.path());
        folder.checkRoom(bytes);
        SideFiles.copyAll(source.folder(), folder.part());
        if (!Files.exists(source.folder().resolve(CheckpointFiles.SINGLE))) {
            SideFiles.copy(source.folder().resolve(CheckpointFiles.INDEX),
                    folder.part().resolve(CheckpointFiles.INDEX));
        }
        for (var file : source.tensors().files()) {
            var declarations = file.tensors().stream()
                    .map(t -> new SafetensorsWriter.Declaration(t.name(), t.type(), t.shape()))
                    .toArray(SafetensorsWriter.Declaration[]::new);
            var path = folder.part().resolve(file.path().getFileName());
            var shard = SafetensorsWriter.create(path, file.metadata(), declarations);
            shards.put(file, shard);
            for (var target : shard.tensors()) targets.put(target.name(), target);
        }
    }

    /**
     * Writes a tensor's new elements.
     *
     * @param name its name without prefix, such as {@code layers.3.fc1.weight}
     * @param elements as many as it has, of the type that it has in the source, row-major, little-endian; not kept
     * @throws CheckpointException if one of them is NaN or infinite
     * @throws IOException if the system refuses, for instance because the disk is full
     * @throws IllegalArgumentException if there is no such tensor, it was replaced already, or the size does not fit
     */
    public void replace(String name, MemorySegment elements) throws IOException {
        var place = source.tensors().place(name);
        if (place == null) throw new IllegalArgumentException("no tensor " + quote(name) + " to replace");
        if (elements.byteSize() != place.info().bytes()) {
            throw new IllegalArgumentException(name + " has " + place.info().bytes() + " bytes; given were "
                    + elements.byteSize());
        }
        if (!replaced.add(name)) throw new IllegalArgumentException(name + " was replaced already");
        long bad = TensorScan.of(elements, place.info().type().dense().orElseThrow()).nonFinite();
        if (bad >= 0) throw place.problem("would become NaN or infinite at element " + bad);
        shards.get(place.file()).write(targets.get(place.info().name()), 0, elements);
    }

    /**
     * Copies every tensor that was not replaced, and gives the folder its name.
     *
     * @throws CheckpointException if one of those has an element that is NaN or infinite
     * @throws IOException if the system refuses; then nothing is left behind once this is closed
     */
    public void commit() throws IOException {
        for (var name : source.shape().expected().keySet()) {
            if (!replaced.contains(name)) source.tensors().scan(name);
        }
        var done = new HashSet<String>();
        for (var name : replaced) done.add(source.tensors().place(name).info().name());
        for (var shard : shards.entrySet()) {
            var file = shard.getKey();
            for (var tensor : file.tensors()) {
                if (!done.contains(tensor.name())) {
                    shard.getValue().write(targets.get(tensor.name()), 0, file.data(tensor));
                }
            }
            shard.getValue().commit();
        }
        folder.commit();
    }

    /**
     * Takes an uncommitted folder away. May be called twice.
     *
     * @throws IOException if the system can not close a file
     */
    @Override
    public void close() throws IOException {
        try (folder) {
            for (var shard : shards.values()) shard.close();
        }
    }
}
