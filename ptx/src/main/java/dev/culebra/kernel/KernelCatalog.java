package dev.culebra.kernel;

import dev.culebra.kernel.KernelParameter.Type;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.Bitmap;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.LaneLists;
import dev.culebra.sparse.Pairs;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.TiledCsl;
import dev.culebra.sparse.TiledDense;
import dev.culebra.sparse.ValueType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Every compiled kernel: a closed list. Thread-safe.
 *
 * <p>
 * <b>FORMAT_TYPE_nTILE</b>, FORMAT tiled_csl ({@link TiledCsl}) or dense ({@link TiledDense}), TYPE f16 or bf16, TILE 8, 16,
 * 32 or 64: Y = A X for A [M, K]. Parameters:
 * <ol>
 * <li>the format's sections in their order, a pointer each, of a section's name: {@code entries}, 16-byte aligned, not read
 * where the matrix has no nonzeros, and {@code offsets}, 4-byte aligned; or {@code values}, 16-byte aligned
 * <li>{@code x}, pointer: activations [N, ldx], token-major, 16-bit values of the weights' type, 16-byte aligned; columns
 * from K on are not read
 * <li>{@code y}, pointer: result [N, M], token-major, of the type that {@code flags} says; aligned to its elements, and to 16
 * bytes for the fastest code
 * <li>{@code m}, s32; {@code k}, s32; {@code n}, s32: each 1 or more
 * <li>{@code ldx}, s32: elements from one token to the next, a multiple of 8, K or more
 * <li>{@code bias}, pointer: [M] fp32, or 0
 * <li>{@code residual}, pointer: [N, M] of y's type, aligned like it, or 0; it may be {@code y}
 * <li>{@code workspace}, pointer: {@link LaunchPlan#workspaceBytes()}, 16-byte aligned, for one launch at a time; not used where
 * these are 0
 * <li>{@code zeroed}, pointer: {@link LaunchPlan#zeroedBytes()}, 16-byte aligned, for one launch at a time; all 0 before a
 * launch, and after it again; not used where these are 0
 * <li>{@code flags}, s32: see {@link #flags}
 * </ol>
 * Grid: x = ceil(N / TILE); y = ceil(M / {@link KernelInstance#tileM()}), or fewer (a block then takes the rows of every
 * gridDim.y-th one too); z = splits, where split s takes the k-tiles from floor(s * ktiles / splits) up to
 * floor((s + 1) * ktiles / splits). Every element of y is written, once: {@code activation(A X + bias) + residual + y}, each
 * part of it where it is asked for, in fp32, then rounded to y's type. Products are summed in fp32, those of several splits in
 * the order of the splits by the block that comes last, so that results repeat bit for bit. A token with a NaN or an infinity
 * among its activations gives NaN in every output; otherwise a zero weight contributes nothing.
 *
 * <p>
 * <b>bitmap_TYPE_nTILE</b>, <b>bitmap_TYPE_nTILE_sm90</b> and <b>bitmap_TYPE_nTILE_sm90a</b>, the same of <b>pairs</b>, TILE 8, 16 or 32, of
 * {@code _sm90a} 32 or 64: the same for {@link Bitmap} and {@link Pairs}, those of {@code _sm90} with the bulk copies that compute capability
 * 9.0 brings, those of {@code _sm90a} with its products of warpgroups (wgmma) besides, which no later device has. Sections
 * as above, {@code layout} not being read, {@code masks} 16-byte and {@code streams} 128-byte aligned; no {@code workspace}. After {@code
 * flags} follow {@code segment}, s32, of {@link LaneLists#segment()}, and {@code ordered}, s32: 0 where row i of the row blocks is row
 * i of the matrix, so that {@code order} need not be read. A block is of up to {@link KernelInstance#mostCrews()} crews of {@link
 * KernelInstance#threads()} threads. Grid: x
 * = ceil(N / TILE), y = B, so that the B C crews, C in a block, are no more than the units (group, segment), where a group is {@link
 * KernelInstance#tileM()} rows. Units, group by group, are shared alike among blocks and then among a block's crews: of U units crew c of block
 * b has the interval i = (B - 1 - b) C + c, which with q = floor(U / B), r = U mod B, d = B - 1 - b and s = q + (d &lt; r) begins at unit d q + min(d, r) +
 * floor(s c / C). A group's splits are the crews that have units of it, added up in a fixed order; who adds them up waits for
 * blocks of smaller numbers, which have begun. Shared memory: what C crews' rings of {@link LaneLists#ring()} rows take, a C-th for each crew, a
 * multiple of 128 bytes, of {@code _sm90a} of 1024; {@link KernelInstance#sharedBytes()} is that of one crew with rings of 8.
 */
public final class KernelCatalog {

    private static final int WARPS = 4;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ComputeTarget SM_80 = new ComputeTarget(8, 0); // cp.async, mma.m16n8k16, bf16
    private static final ComputeTarget SM_90 = new ComputeTarget(9, 0); // bulk copies, mbarriers' transactions
    private static final ComputeTarget SM_90A = new ComputeTarget(9, 0, true); // wgmma

    /** What follows the sections of a matrix. */
    private static final List<KernelParameter> PRODUCT_PARAMETERS = List.of(pointer("x"), pointer("y"),
            new KernelParameter("m", Type.S32), new KernelParameter("k", Type.S32), new KernelParameter("n", Type.S32),
            new KernelParameter("ldx", Type.S32), pointer("bias"), pointer("residual"), pointer("workspace"),
            pointer("zeroed"), new KernelParameter("flags", Type.S32));

    /** What follows these for formats of lanes' own lists. */
    private static final List<KernelParameter> LANE_PARAMETERS = List.of(new KernelParameter("segment", Type.S32),
            new KernelParameter("ordered", Type.S32));

    private static final List<KernelInstance> ALL = makeAll();
    private static final Map<String, String> PTX = new ConcurrentHashMap<>();

    private KernelCatalog() {}

    /**
     * Every compiled kernel.
     *
     * @return the list, unmodifiable; by format, value type and rising tileN
     */
    public static List<KernelInstance> all() { return ALL; }

    /**
     * The kernels of a product.
     *
     * @param format the weights' format
     * @param values the values' type
     * @return those that serve both, by rising tileN; empty where there is none
     */
    public static List<KernelInstance> products(Format format, ValueType values) {
        return ALL.stream().filter(i -> i.format() == format && i.values() == values).toList();
    }

    /**
     * A kernel's parameter {@code flags}: the activation's ordinal, four times 0, 1 or 2 for a result of fp32, fp16 or bf16, 16
     * to add to what y holds.
     *
     * @param activation what is done to the sums
     * @param output y's type
     * @param accumulate whether to add to what y holds
     * @return the value; 0 for sums as they are, in fp32
     */
    public static int flags(Activation activation, DenseType output, boolean accumulate) {
        int type = switch (output) {
            case F32 -> 0;
            case F16 -> 1;
            case BF16 -> 2;
        };
        return activation.ordinal() | type << 2 | (accumulate ? 1 << 4 : 0);
    }

    /**
     * What a kernel takes after {@code flags}.
     *
     * @param a the weights
     * @return for lanes' own lists {@code segment} and {@code ordered}; else nothing
     */
    public static List<Integer> lastParameters(SparseMatrix a) {
        if (!a.format().hasLaneLists()) {
            return List.of();
        }
        LaneLists lists = LaneLists.of(a);
        MemorySegment order = a.section(LaneLists.ORDER).bytes();
        boolean ordered = false;
        for (long i = 0; i < lists.paddedRows() && !ordered; i++) {
            ordered = order.get(INT, i * LaneLists.NUMBER_BYTES) != i;
        }
        return List.of(lists.segment(), ordered ? 1 : 0);
    }

    /**
     * A kernel by its entry point.
     *
     * @param name such as {@code "tiled_csl_f16_n8"}
     * @return the kernel
     * @throws IllegalArgumentException if there is none of that name; the message lists those there are
     */
    public static KernelInstance of(String name) {
        return ALL.stream().filter(i -> i.name().equals(name)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no kernel '" + name + "'; there is "
                        + String.join(", ", ALL.stream().map(KernelInstance::name).toList())));
    }

    /**
     * The PTX that a kernel is in. Kernels with the same resource share a module.
     *
     * @param kernel one of {@link #all()}
     * @return the text
     * @throws IllegalArgumentException if it is not of this catalog
     */
    public static String ptx(KernelInstance kernel) {
        if (!ALL.contains(kernel)) {
            throw new IllegalArgumentException("kernel '" + kernel.name() + "' is not of this catalog");
        }
        return PTX.computeIfAbsent(kernel.resource(), KernelCatalog::load);
    }

    private static String load(String resource) {
        try (InputStream in = KernelCatalog.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("resource dev/culebra/kernel/" + resource
                        + " is missing: the culebra-ptx jar is incomplete");
            }
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<KernelInstance> makeAll() {
        List<KernelInstance> all = new ArrayList<>();
        for (ValueType values : ValueType.values()) {
            for (int tileN : new int[]{8, 16, 32, 64}) {
                all.add(tiledCsl(values, tileN));
            }
        }
        for (ValueType values : ValueType.values()) {
            all.add(dense(values, 8, 1, 3, 8));
            all.add(dense(values, 16, 1, 3, 8));
            all.add(dense(values, 32, 2, 3, 4));
            all.add(dense(values, 64, 2, 3, 3));
        }
        for (Format format : List.of(Format.BITMAP, Format.PAIRS)) {
            for (ValueType values : ValueType.values()) {
                for (int tileN : new int[]{8, 16, 32}) {
                    all.add(lanes(format, values, tileN, SM_80, 2));
                    all.add(lanes(format, values, tileN, SM_90, 3));
                }
                all.add(lanes(format, values, 32, SM_90A, 3));
                all.add(lanes(format, values, 64, SM_90A, 2));
            }
        }
        return List.copyOf(all);
    }

    private static KernelInstance lanes(Format format, ValueType values, int tileN, ComputeTarget compute,
            int mostCrews) {
        String suffix = compute == SM_80 ? "" : compute.toString().replace("sm_", "_sm");
        String unit = format.id() + "_" + values.id();
        List<KernelParameter> parameters = new ArrayList<>();
        for (String section : List.of(LaneLists.LAYOUT, LaneLists.MASKS, LaneLists.INFO, LaneLists.OFFSETS,
                LaneLists.STREAMS, LaneLists.ORDER)) {
            parameters.add(pointer(section));
        }
        parameters.addAll(PRODUCT_PARAMETERS);
        parameters.addAll(LANE_PARAMETERS);
        int shared = LanesPlanner.crewBytes(format, values, tileN, compute.specific(), LaneLists.RING_STEP);
        return new KernelInstance(unit + "_n" + tileN + suffix, unit + suffix + ".ptx", format, values,
                WARPS * LaneLists.ROWS, LaneLists.columns(format), tileN,
                WARPS * 32, mostCrews, shared, shared, compute, compute != SM_80, List.copyOf(parameters));
    }

    private static KernelInstance tiledCsl(ValueType values, int tileN) {
        int image = TiledDense.TILE_BYTES; // 8 KB: a tile, dense
        int stage = TiledCsl.TILE_PLACES * TiledCsl.ENTRY_BYTES; // 16 KB: a tile's entries, every place taken
        int shared = 2 * (image + stage + part(tileN));
        return product("tiled_csl", Format.TILED_CSL, values, 1, tileN, shared, shared, TiledCsl.ENTRIES,
                TiledCsl.OFFSETS);
    }

    /** As many rows of tiles and stages as the kernel's source has. */
    private static KernelInstance dense(ValueType values, int tileN, int rowTiles, int stages, int mostStages) {
        int stage = rowTiles * TiledDense.TILE_BYTES + part(tileN);
        return product("dense", Format.DENSE, values, rowTiles, tileN, stages * stage, mostStages * stage,
                TiledDense.VALUES);
    }

    /** Bytes that a tile meets of X. */
    private static int part(int tileN) {
        return tileN * TiledCsl.TILE_COLUMNS * Short.BYTES;
    }

    private static KernelInstance product(String name, Format format, ValueType values, int rowTiles, int tileN,
            int sharedBytes, int mostSharedBytes, String... sections) {
        List<KernelParameter> parameters = new ArrayList<>();
        for (String section : sections) {
            parameters.add(pointer(section));
        }
        parameters.addAll(PRODUCT_PARAMETERS);
        String unit = name + "_" + values.id();
        return new KernelInstance(unit + "_n" + tileN, unit + ".ptx", format, values, rowTiles * TiledCsl.TILE_ROWS,
                TiledCsl.TILE_COLUMNS, tileN, WARPS * 32, 1, sharedBytes, mostSharedBytes, SM_80, false,
                List.copyOf(parameters));
    }

    private static KernelParameter pointer(String name) { return new KernelParameter(name, Type.POINTER); }
}
