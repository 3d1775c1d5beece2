package dev.culebra.cli;

import dev.culebra.llm.evaluate.Windows;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/** A text file as a model is shown it: windows of tokens. */
final class TextWindows {
    /** Tokens: what figures of small models are given for. */
    static final String DEFAULT = "128";

    private TextWindows() {}

    static final class LengthConverter implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            try {
                int length = Integer.parseInt(text);
                if (length >= 2) return length;
            } catch (NumberFormatException e) {
                // Said below.
            }
            throw new TypeConversionException(
                    "'" + text + "' is no length of a window; give a whole number of tokens, 2 or more");
        }
    }

    static List<int[]> read(Path file, int length, ModelChoice.Opened model, Console console) throws IOException {
        var tokenizer = model.needTokenizer("it can not read a text", "; put one beside it");
        var config = model.source().config();
        if (length > config.positions()) {
            throw new Failure("a window of " + length + " tokens is longer than the model's " + config.positions()
                    + " positions; give --window " + config.positions() + " or less");
        }
        if (config.eos().isEmpty()) {
            throw new Failure(model.source().folder() + ": has no end-of-text token (eos_token_id in config.json), "
                    + "which is to follow each line of the text");
        }
        var windows = console.during("reading " + file.getFileName(),
                () -> Windows.cut(text(file), tokenizer, config.eos().getFirst(), length));
        if (windows.isEmpty()) {
            throw new Failure(file + ": has fewer tokens than one window of " + length
                    + "; give a longer text or a shorter --window");
        }
        return windows;
    }

    private static String text(Path file) throws IOException {
        if (Files.isDirectory(file)) throw new Failure(file + ": is a folder; needed is a text file");
        try {
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            throw new Failure(file + ": no such file");
        } catch (CharacterCodingException e) {
            throw new Failure(file + ": is no text in UTF-8");
        }
    }
}
