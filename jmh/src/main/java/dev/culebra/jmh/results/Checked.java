package dev.culebra.jmh.results;

import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;

/** What a value of a row or of a file may be: the one place for what is written and for what is read. */
final class Checked {

    /** Characters of a text: a kernel's name with its splits has fewer than a hundred, a sentence that says why fewer than a thousand. */
    private static final int LONGEST = 2000;

    private Checked() {}

    /** Words that people see. */
    static String text(String field, String value) {
        if (value == null) throw new IllegalArgumentException(field + " is missing; it must be a text");
        if (value.isBlank()) throw new IllegalArgumentException(field + " is blank; it must say something");
        if (value.length() > LONGEST) {
            throw new IllegalArgumentException(
                    field + " has " + value.length() + " characters; it may have " + LONGEST);
        }
        if (value.chars().anyMatch(Character::isISOControl))
            throw new IllegalArgumentException(
                    field + " has control characters (line ends, tabs); it must be plain text");
        return value;
    }

    static void textOrNull(String field, String value) { if (value != null) text(field, value); }

    static void date(String field, String value) {
        text(field, value);
        try {
            OffsetDateTime.parse(value);
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException(
                    field + " is '" + value + "'; it must be a time with its zone, such as 2026-11-20T18:30:00Z");
        }
    }

    static void positive(String field, Double value) {
        if (value != null && !(value > 0 && value < Double.POSITIVE_INFINITY))
            throw new IllegalArgumentException(field + " is " + value + "; it must be a positive number");
    }

    static void notNegative(String field, Double value) {
        if (value != null && !(value >= 0 && value < Double.POSITIVE_INFINITY))
            throw new IllegalArgumentException(field + " is " + value + "; it must be a number from 0 on");
    }

    static void share(String field, Double value) {
        if (value != null && !(value >= 0 && value <= 1))
            throw new IllegalArgumentException(field + " is " + value + "; it must be a number from 0 to 1");
    }

    static void atLeast(String field, Long value, long least) {
        if (value != null && value < least)
            throw new IllegalArgumentException(
                    field + " is " + value + "; it must be a whole number from " + least + " on");
    }
}
