package dev.culebra.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Option values that speak of tokens. */
final class TokenOptions {
    /** More would be a mistake: no model of this family has as many positions. */
    private static final int MOST_IDS = 1 << 20;

    private TokenOptions() {}

    /** @param values token ids, one at least */
    record Ids(List<Integer> values) {
        int[] array() { return values.stream().mapToInt(Integer::intValue).toArray(); }
    }

    static final class IdsConverter implements ITypeConverter<Ids> {
        @Override
        public Ids convert(String text) {
            return new Ids(ids(text, "give token ids, whole numbers from 0 on, with commas between, such as 2,5,7"));
        }
    }

    private static List<Integer> ids(String text, String accepted) {
        var ids = new ArrayList<Integer>();
        for (var part : text.split(",", -1)) {
            int id;
            try {
                id = Integer.parseInt(part.strip());
            } catch (NumberFormatException e) {
                id = -1;
            }
            if (id < 0) {
                throw new TypeConversionException(
                        (text.isBlank() ? "there are no ids" : "'" + part + "' is no token id") + "; " + accepted);
            }
            if (ids.size() == MOST_IDS) throw new TypeConversionException("there are more than " + MOST_IDS + " ids");
            ids.add(id);
        }
        return List.copyOf(ids);
    }

    /** After which token a text ends. */
    sealed interface Stop {
        /** @param eos the model's own */
        Set<Integer> tokens(List<Integer> eos);
    }

    /** At the model's end of text. */
    record StopAtEos() implements Stop {
        @Override
        public Set<Integer> tokens(List<Integer> eos) { return Set.copyOf(eos); }
    }

    /** At one of these, or at none where there are none. */
    record StopAt(Set<Integer> ids) implements Stop {
        @Override
        public Set<Integer> tokens(List<Integer> eos) { return ids; }
    }

    static final class StopConverter implements ITypeConverter<Stop> {
        @Override
        public Stop convert(String text) {
            return switch (text) {
                case "eos" -> new StopAtEos();
                case "none" -> new StopAt(Set.of());
                default -> new StopAt(Set.copyOf(ids(text,
                        "give eos (the model's end-of-text token), none, or token ids such as 2,7")));
            };
        }
    }
}
