package dev.culebra.emulator.ptx;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A module's text in typed form: everything it says, nothing translated yet.
 *
 * @param version PTX version, 70 for 7.0
 * @param target such as {@code "sm_80"}
 * @param sm the target as a number, such as 80
 * @param variables of the module: name, space, size, initial bytes
 * @param functions by name, kernels among them
 * @param entries what is known of each kernel beside its body, by name
 * @param errors the faults found so far, with line and text; a module with any must not be run
 */
public record PtxText(int version, String target, int sm, List<PtxVariable> variables,
        Map<String, PtxFunction> functions, Map<String, Entry> entries, List<String> errors) {

    /**
     * A kernel's face.
     *
     * @param parameters in order, laid out as a launch gives them
     * @param directives extents by name, such as {@code maxntid}
     */
    public record Entry(List<PtxParameter> parameters, Map<String, int[]> directives) {}

    /**
     * Parses a module for a device.
     *
     * @param text PTX
     * @param ccMajor the device's compute capability, major
     * @param ccMinor the device's compute capability, minor
     * @return its typed form, with the faults that leave something to go on with
     * @throws PtxException where the text can not be read at all, or is too new
     */
    public static PtxText parse(String text, int ccMajor, int ccMinor) throws PtxException {
        Parser parser = new Parser(text);
        parser.header();
        int sm = Target.check(parser.version, parser.target, ccMajor, ccMinor);
        parser.module();
        Map<String, Entry> entries = new LinkedHashMap<>();
        for (PtxFunction f : parser.functions.values()) {
            if (f.entry() && f.body() != null) {
                entries.put(f.name(),
                        new Entry(layOut(parser.parameters.get(f.name())), parser.directives.get(f.name()).extents()));
            }
        }
        return new PtxText(parser.version, parser.target, sm, List.copyOf(parser.variables), parser.functions, entries,
                List.copyOf(parser.errors));
    }

    private static List<PtxParameter> layOut(List<Declarations.Declared> declared) {
        List<PtxParameter> all = new ArrayList<>();
        int offset = 0;
        for (Declarations.Declared d : declared) {
            Variable v = d.variable();
            offset = (offset + v.alignment() - 1) & -v.alignment();
            all.add(new PtxParameter(v.name(), offset, (int) v.size(), v.alignment(), d.pointer(),
                    d.pointerAlignment()));
            offset += (int) v.size();
        }
        return List.copyOf(all);
    }
}
