package dev.culebra.emulator.exec;

import dev.culebra.emulator.ptx.PtxType;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** All instructions that are known, by the name before the first dot. */
final class Families {

    static final Families ALL = new Families();

    private final Map<String, Consumer<Decoding>> decoders = new HashMap<>();
    private final Map<String, Map<PtxType, Consumer<Decoding>>> typed = new HashMap<>();

    private Families() {
        Refused.register(this);
        IntegerOps.register(this);
        WideIntegerOps.register(this);
        DotOps.register(this);
        VideoOps.register(this);
        BitOps.register(this);
        FieldOps.register(this);
        CarryOps.register(this);
        ComparisonOps.register(this);
        SelectionOps.register(this);
        MoveOps.register(this);
        FloatOps.register(this);
        PackedFloatOps.register(this);
        DoubleOps.register(this);
        HalfOps.register(this);
        Approximations.register(this);
        Conversions.register(this);
        MemoryOps.register(this);
        AtomicOps.register(this);
        AsyncCopies.register(this);
        WarpOps.register(this);
        TensorOps.register(this);
        Wmma.register(this);
        WarpgroupOps.register(this);
        BarrierOps.register(this);
        ClusterOps.register(this);
        MbarrierOps.register(this);
        HopperOps.register(this);
        Branching.register(this);
        Calls.register(this);
        StackOps.register(this);
    }

    /** Makes a name known, whatever its types. */
    void add(String opcode, Consumer<Decoding> decoder) {
        decoders.put(opcode, decoder);
    }

    /** Makes a name known for some types. */
    void add(String opcode, Set<PtxType> types, Consumer<Decoding> decoder) {
        for (PtxType t : types) {
            typed.computeIfAbsent(opcode, k -> new EnumMap<>(PtxType.class)).put(t, decoder);
        }
    }

    /**
     * Who decodes an instruction.
     *
     * @param opcode its name
     * @param modifiers what follows; the first type among them decides where types differ
     * @return the decoder, or null when none is known
     */
    Consumer<Decoding> find(String opcode, List<String> modifiers) {
        Map<PtxType, Consumer<Decoding>> byType = typed.get(opcode);
        if (byType == null) {
            return decoders.get(opcode);
        }
        for (String m : modifiers) {
            if (PtxType.of(m) != null) {
                return byType.get(PtxType.of(m));
            }
        }
        return null;
    }
}
