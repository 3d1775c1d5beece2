package dev.culebra.emulator.exec;

import dev.culebra.emulator.ptx.PtxParameter;
import dev.culebra.emulator.ptx.PtxText;
import dev.culebra.emulator.ptx.SourceLines;
import java.util.List;
import java.util.Map;

/** An entry of a module, ready to run. Immutable. */
public final class PtxKernel {

    private final String name;
    private final List<PtxParameter> parameters;
    private final Map<String, int[]> directives;
    private final KernelCode code;
    private final SourceLines sources;

    PtxKernel(String name, PtxText.Entry entry, KernelCode code, SourceLines sources) {
        this.name = name;
        this.parameters = entry.parameters();
        this.directives = entry.directives();
        this.code = code;
        this.sources = sources;
    }

    KernelCode code() { return code; }

    /** Where its instructions come from, as far as the module's text tells. */
    SourceLines sources() { return sources; }

    /**
     * The entry's name.
     *
     * @return as in the text
     */
    public String name() { return name; }

    /**
     * Its parameters.
     *
     * @return in order
     */
    public List<PtxParameter> parameters() { return parameters; }

    /**
     * Size of the argument block.
     *
     * @return bytes
     */
    public int parameterBytes() {
        if (parameters.isEmpty()) {
            return 0;
        }
        PtxParameter last = parameters.get(parameters.size() - 1);
        return last.offset() + last.size();
    }

    /**
     * Shared memory that the kernel's text declares.
     *
     * @return bytes
     */
    public int staticSharedBytes() { return code.staticSharedBytes(); }

    /**
     * Whether it reads or writes memory whose size is given at launch.
     *
     * @return true when it names an {@code .extern .shared} variable
     */
    public boolean usesDynamicShared() { return code.usesDynamicShared(); }

    /**
     * Local memory of a thread.
     *
     * @return bytes, called functions included
     */
    public int localBytes() { return code.localBytes(); }

    /**
     * Largest block.
     *
     * @return threads: the product of {@code .reqntid} or {@code .maxntid}, or 1024
     */
    public int maxThreads() {
        int[] e = directives.containsKey("reqntid") ? directives.get("reqntid") : directives.get("maxntid");
        return e == null ? 1024 : e[0] * e[1] * e[2];
    }

    /**
     * The block's extents where the text fixes them.
     *
     * @return {@code .reqntid}'s three numbers, or null
     */
    public int[] requiredThreads() {
        int[] e = directives.get("reqntid");
        return e == null ? null : e.clone();
    }

    /**
     * Registers a thread would need: those alive at once and ten for addresses and the like, in steps of 8 between 16 and 255
     * as hardware assigns them. A stand-in for what ptxas would assign, which no text tells.
     *
     * @return 32-bit registers
     */
    public int registersEstimate() {
        int[] most = directives.get("maxnreg");
        int estimate = Math.max(16, Math.min(255, code.registers() + 10 + 7 & -8));
        return most == null ? estimate : Math.min(estimate, most[0]);
    }

    /**
     * The cluster's extents where the text fixes them.
     *
     * @return {@code .reqnctapercluster}'s three numbers, or null
     */
    public int[] requiredCluster() {
        int[] e = directives.get("reqnctapercluster");
        return e == null ? null : e.clone();
    }

    /**
     * The largest cluster that the text allows.
     *
     * @return blocks: {@code .maxclusterrank}, or as many as an int holds where the text says nothing
     */
    public int maxClusterRank() {
        int[] e = directives.get("maxclusterrank");
        return e == null ? Integer.MAX_VALUE : e[0];
    }

    /**
     * Whether a launch must say how large its clusters are.
     *
     * @return true with {@code .explicitcluster} and no {@code .reqnctapercluster}
     */
    public boolean explicitCluster() {
        return directives.containsKey("explicitcluster") && !directives.containsKey("reqnctapercluster");
    }

    /**
     * Whether a launch gives its grid in clusters.
     *
     * @return true with {@code .blocksareclusters}
     */
    public boolean blocksAreClusters() { return directives.containsKey("blocksareclusters"); }
}
