package dev.culebra.examples;

import dev.culebra.llm.opt.Generation;
import dev.culebra.llm.opt.OptModel;
import dev.culebra.llm.opt.Session;
import dev.culebra.spmm.Spmm;
import java.io.IOException;
import java.nio.file.Path;

/**
 * 05: continues a text with an OPT model, which lies in a folder: a checkpoint as Hugging Face has it, or what
 * {@code culebra encode} made of one.
 */
public final class Example05Generate {

    private Example05Generate() {}

    /**
     * Runs the example.
     *
     * @param args the model's folder, the text to continue, and maybe a device, such as {@code cpu} or {@code cuda}
     * @throws IOException if the folder holds no sound model
     */
    public static void main(String[] args) throws IOException {
        if (args.length < 2) {
            System.out.println("give a model's folder and a text to continue");
            return;
        }
        try (Spmm device = Spmm.open(args.length > 2 ? args[2] : "auto");
                OptModel model = OptModel.load(Path.of(args[0]), device); // immutable: threads may share it
                Session session = model.newSession()) { // one thread's
            System.out.print(args[1]);
            Generation made = session.generate(args[1], model.defaultOptions().withMaxNewTokens(40),
                    (sequence, id, text) -> {
                        System.out.print(text);
                        System.out.flush();
                        return true; // go on
                    });
            System.out.printf("%n%d new tokens, %.0f a second; for each, %s read %d bytes of weights%n",
                    made.newTokens(), made.tokensPerSecond(), device.device(), model.encodedBytes());
        }
    }
}
