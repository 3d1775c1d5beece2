package dev.culebra.cli;

import dev.culebra.cli.TokenOptions.Ids;
import dev.culebra.cli.TokenOptions.Stop;
import dev.culebra.cli.TokenOptions.StopAt;
import dev.culebra.cli.TokenOptions.StopAtEos;
import dev.culebra.llm.opt.GenerateListener;
import dev.culebra.llm.opt.GenerateOptions;
import dev.culebra.llm.opt.Generation;
import dev.culebra.llm.opt.Prompts;
import dev.culebra.llm.opt.StopReason;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;

/** {@code culebra generate}. */
@Command(name = "generate", mixinStandardHelpOptions = true, versionProvider = Version.class,
        header = "Continue a text with a model.", description = {
            "",
            "Prints the prompt and then the continuation, as it comes; token ids with commas between where the model has no "
                    + "tokenizer. Greedy (the likeliest token each time) unless --temperature, --top-k or --top-p asks for draws.",
            "",
            "Without --max-new-tokens the text ends at the model's end-of-text token, or after 128 tokens. With it, it has that many: "
                    + "OPT was trained on texts strung together with the end-of-text token between them, so one is no reason to stop "
                    + "for who asks for a number. --stop says otherwise in both cases. No text is longer than the model has positions.",
            "",
            "Special tokens are part of the text, such as </s> for the end of text. On a terminal, control characters of the text show "
                    + "as U+FFFD: a model could move the cursor with them. A file or a pipe gets them as they are.",
            "",
            "Examples:",
            "  culebra generate opt-1.3b --prompt \"Paris is the capital of\"",
            "  culebra generate opt-1.3b --prompt \"Once upon a time\" --temperature 0.8 --top-p 0.95 --seed 7",
            "  culebra generate opt-1.3b --ids 2,5,7 --max-new-tokens 16 --json", ""})
final class GenerateCommand implements Callable<Integer> {
    private static final int DEFAULT_TOKENS = 128;

    private final Console console;

    @Mixin
    private ModelChoice choice;

    @ArgGroup(exclusive = true, multiplicity = "1")
    private Prompt prompt;

    static final class Prompt {
        @Option(names = "--prompt", paramLabel = "TEXT", description = "The text to continue.")
        private String text;

        @Option(names = "--ids", paramLabel = "2,5,7", converter = TokenOptions.IdsConverter.class,
                description = "The tokens to continue, as they are: no begin-of-text token is added.")
        private Ids ids;
    }

    @Option(names = "--max-new-tokens", paramLabel = "N", converter = Options.SmallCountConverter.class,
            description = "How many tokens to add, 1 or more. Default: up to " + DEFAULT_TOKENS + ".")
    private Integer maxNewTokens;

    @Option(names = "--stop", paramLabel = "eos|none|IDS", converter = TokenOptions.StopConverter.class,
            description = "Token after which to end: the model's end of text, none, or ids such as 2,7. Default: eos without "
                    + "--max-new-tokens, none with it.")
    private Stop stop;

    @Option(names = "--temperature", paramLabel = "T", converter = TemperatureConverter.class,
            description = "Draw each token, the logits divided by T; 0 is greedy. Default: 0, or 1 with --top-k or --top-p.")
    private Double temperature;

    @Option(names = "--top-k", paramLabel = "K", converter = Options.SmallCountConverter.class,
            description = "Draw among the K likeliest tokens. Default: among all.")
    private Integer topK;

    @Option(names = "--top-p", paramLabel = "P", converter = ProbabilityConverter.class,
            description = "Draw among the likeliest tokens that together have probability P, above 0 to 1. Default: 1, among all.")
    private Double topP;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "0", converter = Options.SeedConverter.class,
            description = "Of the draws, any whole number: the same seed gives the same text. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(names = "--json",
            description = "Print one line with one JSON object: text (prompt and continuation, without the leading begin-of-text "
                    + "token; null without a tokenizer), ids (of both), prompt_tokens, new_tokens, prefill_ms (the pass over the "
                    + "prompt, which gives the first new token), tokens_per_second (new tokens after the first over the time they "
                    + "took; of one alone, it over prefill_ms), stop (max-new-tokens, stop-token, positions), device.")
    private boolean json;

    static final class TemperatureConverter implements ITypeConverter<Double> {
        @Override
        public Double convert(String text) { return Options.number(text, 0, 100, "such as 0.8"); }
    }

    static final class ProbabilityConverter implements ITypeConverter<Double> {
        @Override
        public Double convert(String text) {
            double p = Options.number(text, 0, 1, "such as 0.95");
            if (p > 0) return p;
            throw new TypeConversionException(
                    "'" + text + "' leaves no token; give a number above 0 to 1, such as 0.95");
        }
    }

    GenerateCommand(Console console) { this.console = console; }

    @Override
    public Integer call() throws IOException {
        try (var opened = choice.open(console)) {
            int[] ids = ids(opened);
            var config = opened.source().config();
            var options = options(config.eos());
            // Before the weights are read.
            Prompts.check(ids, config);
            Prompts.checkStopTokens(options, config);
            try (var loaded = choice.load(opened, console); var session = loaded.model().newSession()) {
                if (json) {
                    report(console.during("generating", () -> session.generate(ids, options, GenerateListener.NONE)),
                            loaded.spmm().device());
                    return Culebra.OK;
                }
                console.begin("generating");
                var transcript = new Transcript(console, opened.tokenizer());
                transcript.prompt(ids, config.bos());
                var generation = session.generate(ids, options, transcript);
                transcript.finish();
                remark(generation, loaded.spmm().device());
            }
        }
        return Culebra.OK;
    }

    private int[] ids(ModelChoice.Opened opened) {
        if (prompt.ids != null) return prompt.ids.array();
        var tokenizer = opened.needTokenizer("--prompt has no meaning", "; give the prompt's tokens as --ids");
        if (prompt.text.isEmpty()) {
            throw new Failure("the prompt is empty; give some text, or --ids with a begin-of-text token alone ("
                    + opened.source().config().bos() + ") for any text");
        }
        return tokenizer.encode(prompt.text);
    }

    private GenerateOptions options(List<Integer> eos) {
        boolean draws = topK != null || topP != null;
        var stopped = stop != null ? stop : maxNewTokens == null ? new StopAtEos() : new StopAt(Set.of());
        return new GenerateOptions(maxNewTokens == null ? DEFAULT_TOKENS : maxNewTokens,
                temperature != null ? temperature.floatValue() : draws ? 1 : 0, topK == null ? 0 : topK,
                topP == null ? 1 : topP.floatValue(), seed, stopped.tokens(eos));
    }

    private void report(Generation generation, String device) throws IOException {
        var object = Console.object().put("text", generation.text());
        var ids = object.putArray("ids");
        generation.ids().forEach(ids::add);
        console.json(object.put("prompt_tokens", generation.promptTokens()).put("new_tokens", generation.newTokens())
                .put("prefill_ms", milliseconds(generation.prefill()))
                .put("tokens_per_second", generation.tokensPerSecond())
                .put("stop", generation.stopReason().name().toLowerCase(Locale.ROOT).replace('_', '-'))
                .put("device", device));
    }

    /** For who watches; standard output is the text's alone. */
    private void remark(Generation generation, String device) {
        console.remark("%s, %.1f a second, after %d of the prompt in %s, on %s%s",
                Text.count(generation.newTokens(), "token"), generation.tokensPerSecond(), generation.promptTokens(),
                Text.milliseconds(milliseconds(generation.prefill())), device,
                generation.stopReason() == StopReason.POSITIONS ? "; the model has no position for more" : "");
    }

    private static double milliseconds(Duration duration) { return duration.toNanos() / 1e6; }
}
