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
        var text = text(file, bytes);
        int number = 0;
        for (int from = 0; from < text.length();) {
            int feed = text.indexOf('\n', from);
            int end = feed < 0 ? text.length() : feed;
            var line = text.substring(from, end > from && text.charAt(end - 1) == '\r' ? end - 1 : end);
            from = end + 1;
            number++;
            if (line.startsWith(TokenizerParts.Merge.COMMENT)) continue;
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
