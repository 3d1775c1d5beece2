package dev.culebra.emulator.ptx;

import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which line of a program's source the lines of a module's text were made from, where its compiler says so: {@code .loc} and
 * {@code .file}, which nvcc prints with {@code -lineinfo} and Triton always. The parser passes over both, so that nothing is
 * slower for them; they are looked up when a sentence for a person is made. Immutable.
 */
public final class SourceLines {

    /** {@code .file index "name"}; some compilers name the folder before. */
    private static final Pattern FILE = Pattern.compile("\\.file\\s+(\\d+)\\s+(?:\"[^\"]*\"\\s+)?\"([^\"]*)\".*");
    /** {@code .loc file line column[, function_name label[+offset], inlined_at file line column]}. */
    private static final Pattern LOC = Pattern
            .compile("\\.loc\\s+(\\d+)\\s+(\\d+)(?:.*\\binlined_at\\s+(\\d+)\\s+(\\d+))?.*");
    /** A .loc holds until the next one of its function. */
    private static final Pattern FUNCTION = Pattern
            .compile("(?:\\.(?:visible|weak|extern)\\s+)*\\.(?:entry|func)\\b.*");
    private static final Pattern PLACE = Pattern.compile("\\bptx line (\\d{1,9})\\b");

    /** Places by the line from which on they hold; empty where none is known. */
    private final NavigableMap<Integer, String> places = new TreeMap<>();

    private SourceLines() {}

    /**
     * Looks for them in a text.
     *
     * @param text PTX
     * @return what it says, if anything
     */
    public static SourceLines of(String text) {
        SourceLines all = new SourceLines();
        if (text.contains(".loc")) {
            all.read(text);
        }
        return all;
    }

    private void read(String text) {
        Map<String, String> files = new HashMap<>(); // first, for nvcc names them at the end
        text.lines().map(String::strip).filter(l -> l.contains(".file")).map(FILE::matcher).filter(Matcher::matches)
                .forEach(m -> files.put(m.group(1), m.group(2).substring(lastSeparator(m.group(2)) + 1)));
        int line = 0;
        for (String written : text.split("\n", -1)) { // as the lexer counts
            String l = written.strip();
            line++;
            if (l.indexOf('.') < 0) {
                continue;
            }
            Matcher loc = LOC.matcher(l);
            if (loc.matches()) {
                String caller = place(files, loc.group(3), loc.group(4));
                places.put(line, place(files, loc.group(1), loc.group(2))
                        + (caller.isEmpty() ? "" : ", inlined at " + caller));
            } else if (FUNCTION.matcher(l).matches()) {
                places.put(line, "");
            }
        }
    }

    private static int lastSeparator(String path) { return Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')); }

    /** Line 0 is code that the compiler made up. */
    private static String place(Map<String, String> files, String file, String line) {
        return file == null || !files.containsKey(file) || line.equals("0") ? "" : files.get(file) + ":" + line;
    }

    /**
     * The source of a line.
     *
     * @param line of the module's text, from 1
     * @return such as {@code "saxpy.cu:12"}, or {@code "math.h:7, inlined at saxpy.cu:12"}; null where it is not known
     */
    public String of(int line) {
        Map.Entry<Integer, String> e = places.floorEntry(line);
        return e == null || e.getValue().isEmpty() ? null : e.getValue();
    }

    /**
     * Says the source of each line that a sentence names.
     *
     * @param sentence such as {@code "… in kernel saxpy, ptx line 41, block …"}
     * @return such as {@code "… in kernel saxpy, ptx line 41 (saxpy.cu:12), block …"}
     */
    public String explain(String sentence) {
        return places.isEmpty() ? sentence : PLACE.matcher(sentence).replaceAll(m -> {
            String source = of(Integer.parseInt(m.group(1)));
            return Matcher.quoteReplacement(source == null ? m.group() : m.group() + " (" + source + ")");
        });
    }
}
