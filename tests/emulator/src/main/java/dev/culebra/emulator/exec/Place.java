package dev.culebra.emulator.exec;

import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxType;
import dev.culebra.emulator.ptx.Space;
import dev.culebra.emulator.ptx.Variable;
import java.util.Arrays;
import java.util.Locale;

/** An address as written: a register of either bank, or none, and an offset. */
final class Place {

    Space space;
    /** The shared memory of any block of the cluster, where {@link #space} is shared. */
    boolean cluster;
    /** The parameter block of the kernel, rather than a frame's copy. */
    boolean kernelParameters;
    int narrow = -1;
    int wide = -1;
    long offset;
    /** The offset counts from the frame's local memory. */
    boolean inFrame;

    /** Fills in the addresses of a warp. */
    void compute(Warp w, long[] to) {
        if (wide >= 0) {
            long[] base = w.q[wide];
            for (int l = 0; l < 32; l++) {
                to[l] = base[l] + offset;
            }
        } else if (narrow >= 0) {
            int[] base = w.r[narrow];
            int shift = (int) offset; // sums of 32-bit addresses wrap: nvcc adds offsets to what has gone below zero
            for (int l = 0; l < 32; l++) {
                to[l] = base[l] + shift & 0xffffffffL;
            }
        } else {
            Arrays.fill(to, inFrame ? w.frame.localBase + offset : offset);
        }
    }

    /** The space named by a modifier; generic when there is none. */
    static Space space(Decoding x) {
        String s = x.takeAny("global", "shared", "shared::cta", "local", "const", "param", "param::entry",
                "param::func", "shared::cluster");
        return switch (s) {
            case null -> Space.GENERIC;
            case "shared::cta" -> Space.SHARED;
            case "shared::cluster" -> {
                x.require(90, 78);
                yield Space.SHARED;
            }
            case "param::entry", "param::func" -> Space.PARAM;
            default -> Space.valueOf(s.toUpperCase(Locale.ROOT));
        };
    }

    /** Reads a bracketed operand. */
    static Place of(Decoding x, Operand o, Space space) {
        if (!(o instanceof Operand.Address address)) {
            throw x.refuse("an address in brackets is wanted");
        }
        Place p = new Place();
        p.space = space;
        p.cluster = space == Space.SHARED && x.instruction.modifiers().contains("shared::cluster");
        p.offset = address.offset();
        p.kernelParameters = x.assembler.function.entry();
        switch (address.base()) {
            case Operand.Register r -> {
                if (r.type().bits() == 64) {
                    p.wide = x.src(r, PtxType.B64);
                } else if (r.type().bits() == 32 && space != Space.GENERIC && space != Space.GLOBAL) {
                    p.narrow = x.src(r, PtxType.B32);
                } else {
                    throw x.refuse("register " + r.name() + " of ." + Decoding.lower(r.type())
                            + " can not be an address here");
                }
            }
            case Operand.Immediate i -> p.offset += i.bits();
            case Operand.Symbol s -> symbol(x, p, s.variable());
            default -> throw x.refuse("this can not be an address");
        }
        return p;
    }

    private static void symbol(Decoding x, Place p, Variable v) {
        if (p.space != Space.GENERIC && p.space != v.space()) {
            throw x.refuse(
                    "'" + v.name() + "' lies in ." + v.space().name().toLowerCase(Locale.ROOT) + " memory");
        }
        p.space = v.space();
        switch (v.space()) {
            case SHARED -> p.narrow = x.assembler.sharedAddress(v, 0, false);
            case GLOBAL, CONST -> {
                x.requireDefined(v);
                p.wide = x.assembler.linked(v.name(), 0);
            }
            default -> {
                if (v.space() == Space.PARAM && x.assembler.isKernelParameter(v)) {
                    p.offset += KernelParameters.offset(x.assembler.function.parameters(), v);
                } else {
                    p.kernelParameters = false;
                    p.inFrame = true;
                    p.offset += x.assembler.local(v);
                }
            }
        }
    }
}
