package dev.culebra.emulator.ptx;

import dev.culebra.emulator.ptx.Lexer.Kind;
import dev.culebra.emulator.ptx.Lexer.Token;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A module's text: its header, variables and functions. Goes on after a fault, to tell as many as there are. */
final class Parser {

    private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+)");

    /** A kernel's directives: extents by name, such as {@code maxntid}. */
    record Directives(Map<String, int[]> extents) {}

    /** Another name of a function. */
    private record Alias(String of, int line) {}

    final List<String> errors = new ArrayList<>();
    final Map<String, Variable> globals = new LinkedHashMap<>();
    final List<PtxVariable> variables = new ArrayList<>();
    final Map<String, PtxFunction> functions = new LinkedHashMap<>();
    final Map<String, Directives> directives = new LinkedHashMap<>();
    final Map<String, List<Declarations.Declared>> parameters = new LinkedHashMap<>();
    private final Map<String, Alias> aliases = new LinkedHashMap<>();
    int version;
    String target = "";

    private final String text;
    private final TokenStream in;

    Parser(String text) throws PtxException {
        this.text = text;
        this.in = new TokenStream(Lexer.tokens(text));
    }

    /** Reads {@code .version} and {@code .target}, before anything else is looked at. */
    void header() throws PtxException {
        try {
            in.expect(".version");
            Matcher m = VERSION.matcher(in.take().text());
            if (!m.matches()) {
                throw in.error(".version wants a number such as 7.0");
            }
            version = Integer.parseInt(m.group(1)) * 10 + Integer.parseInt(m.group(2));
            in.expect(".target");
            do {
                String word = in.name();
                target = word.startsWith("sm_") || word.startsWith("compute_")
                        ? word.replace("compute_", "sm_")
                        : target;
            } while (in.accept(","));
            if (target.isEmpty()) {
                throw in.error(".target names no sm_ architecture");
            }
        } catch (TokenStream.SyntaxError e) {
            throw new PtxException(PtxException.Kind.INVALID_PTX,
                    List.of("ptx line " + e.line + ": " + e.getMessage()));
        }
    }

    /** Reads the rest. */
    void module() {
        while (in.peek().kind() != Kind.END) {
            int before = in.at;
            try {
                topLevel();
            } catch (TokenStream.SyntaxError e) {
                errors.add("ptx line " + e.line + ": " + e.getMessage());
                in.at = Math.max(before + 1, in.at);
                while (in.peek().kind() != Kind.END && !in.next(".visible") && !in.next(".entry") && !in.next(".func")
                        && !in.next(".global") && !in.next(".const") && !in.next(".weak") && !in.next(".extern")) {
                    in.take();
                }
            }
        }
        resolveAliases();
    }

    /** Gives functions their other names. */
    private void resolveAliases() {
        aliases.forEach((name, alias) -> {
            PtxFunction of = functions.get(alias.of);
            PtxFunction declared = functions.get(name);
            if (of == null || of.body() == null || of.entry() || declared != null && declared.body() != null) {
                errors.add("ptx line " + alias.line + ": .alias " + name + ", " + alias.of
                        + " wants a declared function and one that is defined");
            } else {
                functions.put(name, of);
            }
        });
    }

    private void topLevel() {
        Token t = in.take();
        boolean external = false;
        while (t.is(".visible") || t.is(".weak") || t.is(".common") || t.is(".extern")) {
            external |= t.is(".extern");
            t = in.take();
        }
        switch (t.text()) {
            case ".address_size" -> {
                if (in.integer() != 64) {
                    throw in.error(".address_size must be 64");
                }
            }
            case ".entry" -> function(true, t.line());
            case ".func" -> function(false, t.line());
            case ".global" -> variable(Space.GLOBAL, external);
            case ".const" -> variable(Space.CONST, external);
            case ".shared", ".shared::cta" -> variable(Space.SHARED, external);
            case ".alias" -> {
                String alias = in.name();
                in.expect(",");
                aliases.put(alias, new Alias(in.name(), t.line()));
                in.expect(";");
            }
            case ".pragma", ";" -> {
                if (!t.is(";")) {
                    in.skipStatement();
                }
            }
            case ".section" -> {
                while (!in.next("{")) {
                    if (in.take().kind() == Kind.END) {
                        throw in.error("'{' is missing behind .section");
                    }
                }
                in.skipBraces();
            }
            default -> throw new TokenStream.SyntaxError(t.line(), "'" + t.text() + "' is not known at module scope");
        }
    }

    private void variable(Space space, boolean external) {
        for (Declarations.Declared d : new Declarations(in).read(space, external, false)) {
            Variable v = d.variable();
            Variable earlier = globals.get(v.name());
            if (earlier != null && external) {
                continue;
            }
            globals.put(v.name(), v);
            if (space == Space.SHARED) {
                if (d.initial() != null) {
                    throw in.error("shared variable '" + v.name() + "' can not be initialised");
                }
                continue;
            }
            byte[] initial = d.initial() == null ? new byte[(int) v.size()] : d.initial();
            variables.removeIf(e -> e.name().equals(v.name()));
            variables
                    .add(new PtxVariable(v.name(), space, v.size(), v.alignment(), initial, d.relocations(), external));
        }
    }

    private static List<Variable> variablesOf(List<Declarations.Declared> declared) {
        return declared.stream().map(Declarations.Declared::variable).toList();
    }

    private void function(boolean entry, int line) {
        while (in.accept(".attribute")) {
            while (!in.accept(")")) {
                in.take();
            }
        }
        List<Declarations.Declared> results = in.next("(") ? Declarations.parameterList(in) : List.of();
        String name = in.name();
        List<Declarations.Declared> params = Declarations.parameterList(in);
        Map<String, int[]> extents = new LinkedHashMap<>();
        while (in.peek().kind() == Kind.DOTTED) {
            String word = in.take().text().substring(1);
            switch (word) {
                case "maxntid", "reqntid", "reqnctapercluster", "minnctapersm", "maxnreg", "maxclusterrank",
                        "maxnctapersm" -> {
                    int[] e = {1, 1, 1};
                    int n = 0;
                    do {
                        e[n++] = (int) in.integer();
                    } while (n < 3 && in.accept(","));
                    extents.put(word, e);
                }
                case "noreturn", "explicitcluster", "blocksareclusters" -> extents.put(word, new int[0]);
                case "pragma" -> in.skipStatement();
                default -> throw in.error("unknown directive '." + word + "'");
            }
        }
        PtxFunction earlier = functions.get(name);
        List<Variable> all = new ArrayList<>(variablesOf(results));
        all.addAll(variablesOf(params));
        if (in.accept(";")) {
            if (earlier == null) {
                functions.put(name,
                        new PtxFunction(name, line, entry, variablesOf(results), variablesOf(params), List.of(), null));
            }
            return;
        }
        if (earlier != null && earlier.body() != null) {
            errors.add("ptx line " + line + ": function '" + name + "' is defined twice");
        }
        BodyParser body = new BodyParser(text, in, globals, errors);
        List<Statement> statements = RegisterParameters.expand(body.read(all), variablesOf(results),
                variablesOf(params),
                body.registers());
        functions.put(name, new PtxFunction(name, line, entry, variablesOf(results), variablesOf(params),
                body.registers(), statements));
        directives.put(name, new Directives(extents));
        parameters.put(name, params);
    }
}
