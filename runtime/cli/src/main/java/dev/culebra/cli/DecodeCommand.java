package dev.culebra.cli;

import dev.culebra.llm.checkpoint.SafetensorsWriter;
import dev.culebra.llm.checkpoint.SafetensorsWriter.Declaration;
import dev.culebra.llm.checkpoint.TensorType;
import dev.culebra.sparse.SparseMatrix;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;

/** {@code culebra decode}. */
@Command(name = "decode", mixinStandardHelpOptions = true, versionProvider = Version.class,
        header = "Give encoded weights back as a dense matrix.", description = {
            "",
            "Writes one tensor 'weight' [M, K], row-major, in the type of the encoded values (F16 or BF16). Of an encoded model, each "
                    + "matrix is a file *.culebra in its folder.",
            "",
            "Example:",
            "  culebra decode fc1.culebra fc1.safetensors", ""})
final class DecodeCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(index = "0", paramLabel = "IN.culebra",
            description = "File that 'encode' wrote, alone or in a model's folder.")
    private Path input;

    @Parameters(index = "1", paramLabel = "OUT.safetensors",
            description = "File to write; an existing one is replaced.")
    private Path output;

    @Option(names = "--json",
            description = "Print one line with one JSON object: output, format, dtype, m, k, nonzeros, sparsity.")
    private boolean json;

    DecodeCommand(Console console) { this.console = console; }

    @Override
    public Integer call() throws Exception {
        Outputs.check(output, input);
        var matrix = console.during("reading " + input.getFileName(), () -> SparseMatrix.read(input));
        var type = matrix.valueType().dense();
        var declaration = Declaration.matrix("weight", TensorType.of(type), matrix.m(), matrix.k());
        Outputs.checkRoom(output, (long) matrix.m() * matrix.k() * type.bytes());
        try (var arena = Arena.ofShared(); var writer = SafetensorsWriter.create(output, Map.of(), declaration)) {
            var tensor = writer.tensors().getFirst();
            var dense = console.allocate(arena, tensor.bytes(), "dense matrix");
            console.during("decoding " + input.getFileName(), () -> {
                matrix.decode(dense);
                return null;
            });
            console.during("writing " + output.getFileName(), () -> {
                writer.write(tensor, 0, dense);
                writer.commit();
                return null;
            });
        }
        if (json) {
            console.json(Console.object().put("output", output.toString()).put("format", matrix.format().id())
                    .put("dtype", type.name())
                    .put("m", matrix.m()).put("k", matrix.k()).put("nonzeros", matrix.nonzeros())
                    .put("sparsity", matrix.sparsity()));
        } else {
            console.line("%s: weight [%d, %d] %s, %s zero", output, matrix.m(), matrix.k(), type,
                    Text.percent(matrix.sparsity()));
        }
        return Culebra.OK;
    }
}
