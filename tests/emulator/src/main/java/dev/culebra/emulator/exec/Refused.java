package dev.culebra.emulator.exec;

import java.util.Map;

/** Instructions that are known and not run: each is refused with what to do instead. */
final class Refused {

    private static final String TEXTURES = "textures and surfaces are not supported: read the array through a pointer";

    private static final Map<String, String> WHY = Map.ofEntries(Map.entry("tex", TEXTURES),
            Map.entry("tld4", TEXTURES),
            Map.entry("txq", TEXTURES), Map.entry("suld", TEXTURES), Map.entry("sust", TEXTURES),
            Map.entry("sured", TEXTURES), Map.entry("suq", TEXTURES), Map.entry("istypep", TEXTURES),
            Map.entry("tcgen05",
                    "tcgen05 (sm_100a) is not supported: compile for a target whose matrix products are mma.sync, such as sm_80"),
            Map.entry("multimem", "multicast memory is not supported: reduce in a kernel of its own"),
            Map.entry("tensormap", "tensor maps are not supported: copy with cp.async or cp.async.bulk"),
            Map.entry("clusterlaunchcontrol", "stealing of clusters is not supported: take work by an atomic counter"));

    private Refused() {}

    static void register(Families f) { WHY.forEach((opcode, why) -> f.add(opcode, x -> {
        throw x.refuse(why);
    })); }
}
