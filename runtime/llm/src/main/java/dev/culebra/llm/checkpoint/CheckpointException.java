package dev.culebra.llm.checkpoint;

import java.io.IOException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** A checkpoint file that is not what it claims to be, or not what was asked for. The message names the file and the place. */
public class CheckpointException extends IOException {
    private static final long serialVersionUID = 1;

    /** Longest piece of a file's text that a message repeats: a name of a megabyte helps nobody. */
    private static final int LONGEST_QUOTE = 80;

    /** Control characters, what turns or joins text, line and paragraph separators, halves of a pair. */
    private static final Pattern UNPRINTABLE = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}]");

    /**
     * Tells what is wrong with a file.
     *
     * @param file the file
     * @param problem what was found and where, one line
     */
    public CheckpointException(Path file, String problem) { super(file + ": " + problem); }

    /**
     * Text of a file as a message may repeat it: quoted, on one line, shortened.
     *
     * @param text anything, such as a tensor's name
     * @return the text between single quotes, what can not be printed replaced by {@code ?}
     */
    protected static String quote(String text) {
        var shown = text.length() <= LONGEST_QUOTE ? text : text.substring(0, LONGEST_QUOTE) + "...";
        return "'" + UNPRINTABLE.matcher(shown).replaceAll("?") + "'";
    }
}
