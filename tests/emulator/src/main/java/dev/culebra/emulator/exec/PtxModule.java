package dev.culebra.emulator.exec;

import dev.culebra.emulator.ptx.PtxException;
import dev.culebra.emulator.ptx.PtxFunction;
import dev.culebra.emulator.ptx.PtxText;
import dev.culebra.emulator.ptx.PtxVariable;
import dev.culebra.emulator.ptx.SourceLines;
import dev.culebra.emulator.ptx.Space;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A module's text, parsed, checked and translated. Immutable; any number of threads may run its kernels. */
public final class PtxModule {

    private final int version;
    private final String target;
    private final List<PtxVariable> variables;
    private final Map<String, PtxKernel> kernels;

    private PtxModule(int version, String target, List<PtxVariable> variables, Map<String, PtxKernel> kernels) {
        this.version = version;
        this.target = target;
        this.variables = variables;
        this.kernels = kernels;
    }

    /**
     * Parses a module for a device.
     *
     * @param text PTX
     * @param ccMajor the device's compute capability, major
     * @param ccMinor the device's compute capability, minor
     * @return the module
     * @throws PtxException when the text is wrong, too new, or has an instruction that can not be run; it tells all faults found
     */
    public static PtxModule parse(String text, int ccMajor, int ccMinor) throws PtxException {
        PtxText typed = PtxText.parse(text, ccMajor, ccMinor);
        SourceLines sources = SourceLines.of(text);
        Map<String, PtxKernel> kernels = new LinkedHashMap<>();
        List<String> errors = new ArrayList<>(typed.errors());
        CodeAddresses addresses = new CodeAddresses(typed.functions(), typed.variables());
        Translator translator = new Translator(typed.functions(), addresses, typed.version(), typed.sm(), errors);
        translator.architectureSpecific = typed.target().endsWith("a") || typed.target().endsWith("f");
        translator.constants = typed.variables().stream().filter(v -> v.space() == Space.CONST).toList();
        for (PtxFunction f : typed.functions().values()) {
            if (f.body() == null) continue;
            KernelCode code = translator.translate(f); // of functions too: nothing unknown may hide in one
            if (f.entry()) kernels.put(f.name(), new PtxKernel(f.name(), typed.entries().get(f.name()), code, sources));
        }
        if (!errors.isEmpty()) {
            throw new PtxException(PtxException.Kind.INVALID_PTX,
                    errors.stream().distinct().map(sources::explain).toList());
        }
        return new PtxModule(typed.version(), typed.target(), addresses.link(typed.variables()), kernels);
    }

    /**
     * The entries.
     *
     * @return in the order of the text
     */
    public List<PtxKernel> kernels() { return List.copyOf(kernels.values()); }

    /**
     * An entry.
     *
     * @param name its name
     * @return the entry, or null when there is none of that name
     */
    public PtxKernel kernel(String name) { return kernels.get(name); }

    /**
     * Variables of module scope in global and constant memory.
     *
     * @return in the order of the text
     */
    public List<PtxVariable> variables() { return variables; }

    /**
     * The text's PTX version.
     *
     * @return 70 for {@code .version 7.0}
     */
    public int version() { return version; }

    /**
     * The text's target.
     *
     * @return such as {@code "sm_80"}
     */
    public String target() { return target; }
}
