package dev.culebra.tests.opt;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.culebra.llm.checkpoint.Safetensors;
import dev.culebra.tests.models.Models;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.StreamSupport;

/**
 * What Hugging Face's OPT makes of a prompt.
 *
 * @param ids the prompt
 * @param logits [T, vocabulary]; null where they are not known
 * @param greedy the prompt and its continuation
 * @param margins between the first and the second logit at each step
 * @param text all of it as text; null where there is none
 */
record Expected(int[] ids, float[] logits, int[] greedy, double[] margins, String text) {

    /** Of one of the models with random weights. */
    static List<Expected> of(String model) throws IOException {
        var all = new ArrayList<Expected>();
        try (var tensors = Safetensors.open(Models.folder(model).resolve("expected.safetensors"))) {
            for (var c : json(model).get("cases")) {
                String name = "case" + all.size();
                long[] ids = tensors.data(tensors.tensor(name + ".input_ids")).toArray(ValueLayout.JAVA_LONG_UNALIGNED);
                var expected = of(c,
                        tensors.data(tensors.tensor(name + ".logits")).toArray(ValueLayout.JAVA_FLOAT_UNALIGNED));
                if (!Arrays.equals(ids, Arrays.stream(expected.ids).asLongStream().toArray()))
                    throw new IOException(name);
                all.add(expected);
            }
        }
        return all;
    }

    /** Of the trained model. */
    static List<Expected> kjv() throws IOException {
        var all = new ArrayList<Expected>();
        for (var c : json(Models.KJV).get("greedy")) all.add(of(c, null));
        return all;
    }

    private static Expected of(JsonNode c, float[] logits) {
        return new Expected(ints(c.get("input_ids")), logits, ints(c.get("greedy")),
                StreamSupport.stream(c.get("margins").spliterator(), false).mapToDouble(JsonNode::doubleValue)
                        .toArray(),
                c.has("text") ? c.get("text").textValue() : null);
    }

    /** How many tokens of the continuation are beyond doubt where logits may be off by so much. */
    int certain(double tolerance) {
        int n = 0;
        while (n < margins.length && margins[n] > 2 * tolerance) n++;
        return n;
    }

    private static JsonNode json(String model) throws IOException {
        return new ObjectMapper().readTree(Models.folder(model).resolve("expected.json").toFile());
    }

    private static int[] ints(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).mapToInt(JsonNode::intValue).toArray();
    }
}
