package dev.culebra.cli;

import dev.culebra.driver.Context;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.llm.checkpoint.SafetensorsWriter;
import dev.culebra.llm.checkpoint.SafetensorsWriter.Declaration;
import dev.culebra.llm.checkpoint.TensorType;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/** The device memory of one launch: filled on its way in, and written to a file afterwards. */
final class LaunchMemory implements AutoCloseable {
    /** A buffer that is written to the output file. */
    private record Output(Declaration declaration, DeviceBuffer buffer, boolean fresh) {}

    /** What the emulator fills fresh memory with, 16 bits of it: a NaN of every type of floats. */
    private static final short POISON = 0x7fff;

    private final Context context;
    private final LaunchTensors tensors;
    private final Console console;
    private final List<Output> outputs = new ArrayList<>();
    private final Deque<DeviceBuffer> buffers = new ArrayDeque<>();

    LaunchMemory(Context context, LaunchTensors tensors, Console console) {
        this.context = context;
        this.tensors = tensors;
        this.console = console;
    }

    /** How many bytes will be written to the output file. */
    static long outputBytes(List<LaunchArgument> arguments, LaunchTensors tensors) {
        return arguments.stream().mapToLong(a -> switch (a) {
            case LaunchArgument.Fresh f -> f.bytes();
            case LaunchArgument.Tensor t -> t.output() == null ? 0 : tensors.tensor(t).bytes();
            case LaunchArgument.Value v -> 0;
        }).sum();
    }

    /** What {@code Kernel.launch} takes for an argument: a value, or a buffer that is filled as asked. */
    Object of(LaunchArgument argument) {
        return switch (argument) {
            case LaunchArgument.Value v -> v.value();
            case LaunchArgument.Tensor t -> uploaded(t);
            case LaunchArgument.Fresh f -> fresh(f);
        };
    }

    private DeviceBuffer uploaded(LaunchArgument.Tensor argument) {
        var tensor = tensors.tensor(argument);
        var buffer = allocate(tensor.bytes());
        console.during("uploading tensor " + tensor.nameText(), () -> {
            buffer.upload(tensors.data(argument));
            return buffer;
        });
        if (argument.output() != null) output(argument.output(), tensor.type(), tensor.shape(), buffer, false);
        return buffer;
    }

    private DeviceBuffer fresh(LaunchArgument.Fresh argument) {
        var buffer = allocate(argument.bytes());
        // On the stream that the kernel is launched on, which therefore comes after it.
        if (argument.zeroed() && argument.bytes() > 0) context.defaultStream().fill(buffer, (byte) 0);
        output(argument.name(), argument.type(), List.of(argument.count()), buffer, !argument.zeroed());
        return buffer;
    }

    private DeviceBuffer allocate(long bytes) {
        var buffer = context.allocate(bytes);
        buffers.push(buffer);
        return buffer;
    }

    private void output(String name, TensorType type, List<Long> shape, DeviceBuffer buffer, boolean fresh) {
        outputs.add(new Output(new Declaration(name, type, shape), buffer, fresh));
    }

    /** What is written, in the arguments' order. */
    List<Declaration> outputs() {
        return outputs.stream().map(Output::declaration).toList();
    }

    /** Brings the outputs back, one at a time, and writes them. */
    void write(Path path) throws IOException {
        var declarations = outputs().toArray(Declaration[]::new);
        try (var writer = SafetensorsWriter.create(path, Map.of(), declarations);
                var progress = console.progress("writing " + path.getFileName(), outputs.size())) {
            for (int i = 0; i < outputs.size(); i++) {
                try (var arena = Arena.ofShared()) {
                    writer.write(writer.tensors().get(i), 0, download(outputs.get(i), arena));
                }
                progress.step(1);
            }
            writer.commit();
        }
    }

    private MemorySegment download(Output output, Arena arena) {
        var bytes = console.allocate(arena, output.buffer.bytes(), "output '" + output.declaration.name() + "'");
        output.buffer.download(bytes);
        if (output.fresh && context.device().cuda().provider().equals("emulator")) warnOfUnwritten(output, bytes);
        return bytes;
    }

    /** Elements that are as the emulator's fresh memory is; those of one byte may well be that by themselves. */
    private void warnOfUnwritten(Output output, MemorySegment bytes) {
        int size = output.declaration.type().bits() / 8;
        if (size == 1) return;
        long unwritten = 0;
        for (long at = 0; at < bytes.byteSize(); at += size) {
            boolean poison = true;
            for (int half = 0; half < size && poison; half += 2) {
                poison = bytes.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + half) == POISON;
            }
            if (poison) unwritten++;
        }
        if (unwritten > 0) {
            console.warn("output '" + output.declaration.name() + "': " + Text.count(unwritten) + " of "
                    + Text.count(bytes.byteSize() / size)
                    + " elements are as fresh memory is on the emulator: the kernel"
                    + " has not written them, it seems (zeros: instead of out: begins with zeros)");
        }
    }

    /** All of them, whatever the others say: after a kernel's fault each one fails, and is closed all the same. */
    @Override
    public void close() {
        RuntimeException first = null;
        while (!buffers.isEmpty()) {
            try {
                buffers.pop().close();
            } catch (RuntimeException e) {
                if (first == null) first = e;
            }
        }
        if (first != null) throw first;
    }
}
