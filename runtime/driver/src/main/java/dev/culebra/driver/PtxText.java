package dev.culebra.driver;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What can be read off PTX without compiling it: its version, its target, its kernels and their parameters. */
final class PtxText {

    private static final Pattern COMMENT = Pattern.compile("//[^\\n]*|/\\*(?s:.*?)\\*/");
    private static final Pattern VERSION = Pattern.compile("\\.version\\s+(\\d+\\.\\d+)");
    private static final Pattern TARGET = Pattern.compile("\\.target\\s+(\\w+)");
    private static final Pattern ENTRY = Pattern.compile("\\.entry\\s+([\\w$%]+)\\s*(?:\\(([^)]*)\\))?");
    private static final Pattern ARRAY = Pattern.compile("([\\w$%]+)\\s*\\[\\s*(\\d+)\\s*\\]");

    private final String text;
    private Map<String, List<Parameter>> kernels;

    PtxText(String text) { this.text = text; }

    String version() { return first(VERSION); }

    String target() { return first(TARGET); }

    private String first(Pattern pattern) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? matcher.group(1) : "(none)";
    }

    /** By name, in the text's order. */
    synchronized Map<String, List<Parameter>> kernels() {
        if (kernels == null) kernels = parse();
        return kernels;
    }

    private Map<String, List<Parameter>> parse() {
        Map<String, List<Parameter>> found = new LinkedHashMap<>();
        Matcher entry = ENTRY.matcher(COMMENT.matcher(text).replaceAll(" "));
        while (entry.find()) {
            found.putIfAbsent(entry.group(1), entry.group(2) == null ? List.of() : parameters(entry.group(2)));
        }
        return found;
    }

    private static List<Parameter> parameters(String list) {
        List<Parameter> parameters = new ArrayList<>();
        long end = 0;
        for (String declaration : list.split(",")) {
            if (declaration.isBlank()) continue;
            Declared declared = Declared.of(declaration);
            long offset = Math.ceilDiv(end, declared.align) * declared.align;
            parameters.add(new Parameter(parameters.size(), declared.name, declared.type, offset, declared.bytes));
            end = offset + declared.bytes;
        }
        return List.copyOf(parameters);
    }

    /** Such as {@code .param .u64 .ptr .global .align 16 x} or {@code .param .align 8 .b8 s[24]}. */
    private record Declared(String name, String type, int align, int bytes) {

        static Declared of(String declaration) {
            Matcher array = ARRAY.matcher(declaration);
            int count = 1;
            String joined = declaration;
            boolean isArray = array.find();
            if (isArray) {
                count = Integer.parseInt(array.group(2));
                joined = array.replaceFirst("$1");
            }
            String type = "";
            int align = 0;
            boolean ofPointee = false;
            String[] words = joined.strip().split("\\s+");
            for (int i = 0; i < words.length - 1; i++) {
                switch (words[i]) {
                    case ".param" -> {
                    }
                    // What follows is about the memory that is pointed to.
                    case ".ptr" -> ofPointee = true;
                    case ".align" -> {
                        int given = Integer.parseInt(words[++i]);
                        if (!ofPointee) align = given;
                    }
                    default -> {
                        if (!ofPointee) type = words[i].substring(1);
                    }
                }
            }
            int bytes = Parameter.bytesOf(type);
            return new Declared(words[words.length - 1], isArray ? type + "[" + count + "]" : type,
                    Math.max(align, bytes), bytes * count);
        }
    }
}
