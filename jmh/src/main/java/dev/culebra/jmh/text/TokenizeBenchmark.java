package dev.culebra.jmh.text;

import dev.culebra.llm.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A megabyte of ASCII to ids and back with the bundled model's tokenizer (1,024 tokens), one thread. That nothing of the text is
 * lost on either way is looked at at the end.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class TokenizeBenchmark {
    static final int BYTES = 1_000_000;

    /** The model's folder among the resources of the command. */
    private static final String FOLDER = "/dev/culebra/cli/kjv-opt/";

    /** A lexicon as large as that of a megabyte of English. */
    private static final int WORDS = 20_000;

    /**
     * What the text is: {@code words} that come again by Zipf's law, as in prose; {@code new} words each time, which no cache knows; one
     * {@code run} of a letter, the longest piece there can be.
     */
    @Param({"words", "new", "run"})
    public String text;

    private Tokenizer tokenizer;
    private String input;
    private int[] ids;
    private int[] lastIds;
    private String lastText;

    /**
     * Makes the text.
     *
     * @throws IOException if the tokenizer can not be read
     */
    @Setup(Level.Trial)
    public void prepare() throws IOException {
        try (InputStream json = Tokenizer.class.getResourceAsStream(FOLDER + "tokenizer.json");
                InputStream config = Tokenizer.class.getResourceAsStream(FOLDER + "tokenizer_config.json")) {
            tokenizer = Tokenizer.of(json.readAllBytes(), config.readAllBytes());
        }
        var random = new SplittableRandom(3);
        var lexicon = Stream.generate(() -> word(random)).limit(WORDS).toList();
        Supplier<String> words = switch (text) {
            // The inverse of Zipf's distribution function, near enough: rank r with a chance in proportion to 1 / r.
            case "words" -> () -> lexicon.get((int) Math.pow(WORDS, random.nextDouble()) - 1) + " ";
            case "new" -> () -> word(random) + " ";
            case "run" -> () -> "e";
            default -> throw new IllegalArgumentException(text);
        };
        var builder = new StringBuilder();
        while (builder.length() < BYTES) builder.append(words.get());
        input = builder.substring(0, BYTES);
        ids = tokenizer.encode(input, false);
    }

    /** One to three tokens of letters, as the model's vocabulary has them. */
    private String word(SplittableRandom random) {
        var word = new StringBuilder();
        int tokens = random.nextInt(1, 4);
        while (tokens > 0) {
            var token = tokenizer.token(random.nextInt(tokenizer.size()));
            if (!token.chars().allMatch(c -> c >= 'a' && c <= 'z')) continue;
            word.append(token);
            tokens--;
        }
        return word.toString();
    }

    /**
     * Text to ids.
     *
     * @return the ids
     */
    @Benchmark
    public int[] encode() { return lastIds = tokenizer.encode(input, false); }

    /**
     * Ids to text.
     *
     * @return the text
     */
    @Benchmark
    public String decode() { return lastText = tokenizer.decode(ids); }

    /** Either the one or the other was measured. */
    @TearDown(Level.Trial)
    public void check() {
        if (!input.equals(lastText != null ? lastText : tokenizer.decode(lastIds))) {
            throw new AssertionError("text " + text + " is not the same after tokenizing and back");
        }
    }
}
