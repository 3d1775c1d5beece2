package dev.culebra.llm.checkpoint;

import dev.culebra.sparse.EncodeOptions;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongConsumer;

/** Makes the folder of an {@link EncodedModel}. */
final class ModelEncoder {
    private final Checkpoint source;
    private final EncodeOptions options;
    private final OptTensors shape;

    ModelEncoder(Checkpoint source, EncodeOptions options) {
        this.source = source;
        this.options = options;
        this.shape = source.shape();
    }

    EncodedModel.Summary write(Path target) throws IOException {
        source.checkFolder();
        try (var folder = OutputFolder.beside(target, source.folder())) {
            // Looks at every weight, so that one that is refused is so before the work.
            long bytes = 0;
            for (var linear : shape.linears()) bytes += source.encodedBytes(linear.name(), options.format());
            for (var name : EncodedModel.restOf(shape).keySet()) bytes += source.tensor(name).data().byteSize();
            folder.checkRoom(bytes);
            var part = folder.part();
            var products = products(part);
            writeRest(part.resolve(EncodedModel.REST));
            var files = new LinkedHashMap<String, Manifest.Content>();
            for (var name : SideFiles.copyAll(source.folder(), part)) {
                files.put(name, Manifest.Content.of(part.resolve(name)));
            }
            files.put(EncodedModel.REST, Manifest.Content.of(part.resolve(EncodedModel.REST)));
            var manifest = new Manifest(files, products);
            manifest.write(part);
            folder.commit();
            return EncodedModel.summary(shape, manifest);
        }
    }

    private Map<String, Manifest.Product> products(Path folder) throws IOException {
        var products = new LinkedHashMap<String, Manifest.Product>();
        LongConsumer progress = options.progress();
        long before = 0;
        for (var linear : shape.linears()) {
            long done = before;
            var matrix = source.matrix(linear.name(),
                    progress == null ? options : options.withProgress(n -> progress.accept(done + n)));
            var file = folder.resolve(Manifest.fileOf(linear.name()));
            matrix.write(file);
            var type = source.tensors().place(shape.weightOf(linear)).info().type().dense().orElseThrow();
            products.put(linear.name(), Manifest.Product.of(file, matrix, type));
            before += linear.elements();
        }
        return products;
    }

    /** Embeddings, norms and biases as they are. */
    private void writeRest(Path file) throws IOException {
        var names = EncodedModel.restOf(shape).keySet();
        var declarations = new SafetensorsWriter.Declaration[names.size()];
        int n = 0;
        for (var name : names) {
            var info = source.tensors().place(name).info();
            declarations[n++] = new SafetensorsWriter.Declaration(name, info.type(), info.shape());
        }
        try (var writer = SafetensorsWriter.create(file, Map.of(), declarations)) {
            for (var tensor : writer.tensors()) {
                MemorySegment data = source.tensor(tensor.name()).data();
                writer.write(tensor, 0, data);
            }
            writer.commit();
        }
    }
}
