package dev.culebra.driver;

/**
 * The priorities that streams can have. A lower number is a higher priority.
 *
 * @param least the number of the least urgent streams, most often 0
 * @param greatest the number of the most urgent ones, most often negative
 */
public record PriorityRange(int least, int greatest) {}
