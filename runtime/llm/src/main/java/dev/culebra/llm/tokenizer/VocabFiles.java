package dev.culebra.llm.tokenizer;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** GPT-2's own files: {@code vocab.json} with {@code merges.txt}, as facebook's OPT checkpoints have them. */
final class VocabFiles {
    static final String VOCABULARY = "vocab.json";
    static final String MERGES = "merges.txt";

    private VocabFiles() {}

    static TokenizerParts read(Path vocabularyFile, byte[] vocabularyJson, Path mergesFile, byte[] merges,
            TokenizerConfig config) throws TokenizerException {
        config.checkClass();
        var vocabulary = Vocabulary.parse(JsonPart.parse(vocabularyFile, vocabularyJson));
        config.addTo(vocabulary);
        return new TokenizerParts(mergesFile, vocabulary, merges(mergesFile, merges), null, false, false,
                config.prefixSpace().orElse(false), true, config.around(vocabulary, "bos"),
                config.around(vocabulary, "eos"));
    }

    private static List<TokenizerParts.Merge> merges(Path file, byte[] bytes) throws TokenizerException {
        var merges = new ArrayList<TokenizerParts.Merge>();
        int number = 0;
        for (var line : text(file, bytes).split("\n")) {
            number++;
            if (line.endsWith("\r")) line = line.substring(0, line.length() - 1);
            if (line.startsWith(TokenizerParts.Merge.COMMENT) || bytes.length == 0) continue;
            merges.add(TokenizerParts.Merge.parse(file, "line " + number, line));
        }
        return merges;
    }

    private static String text(Path file, byte[] bytes) throws TokenizerException {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            throw new TokenizerException(file, "is not UTF-8");
        }
    }
}
