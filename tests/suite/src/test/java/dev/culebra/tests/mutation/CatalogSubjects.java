package dev.culebra.tests.mutation;

import dev.culebra.driver.Device;
import dev.culebra.kernel.Activation;
import dev.culebra.kernel.KernelCatalog;
import dev.culebra.kernel.KernelInstance;
import dev.culebra.kernel.LaunchPlan;
import dev.culebra.kernel.Planner;
import dev.culebra.kernel.Target;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.tests.kernel.ExactProduct;
import dev.culebra.tests.kernel.FusedProduct;
import dev.culebra.tests.kernel.KernelDevice;
import dev.culebra.spmm.Epilogue;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Every kernel of the catalog, with products that reach each of its lines but those for numbers past 2^32. */
final class CatalogSubjects {

    private static final Target TARGET = new Target(9, 0, 132, 227 * 1024);

    private CatalogSubjects() {}

    static List<Subject> all() {
        return KernelCatalog.all().stream()
                .map(k -> new Subject(k.name(), Subject.alone(KernelCatalog.ptx(k), k.name()),
                        products(k)))
                .toList();
    }

    /** A product that is ready to be launched. */
    private record Ready(ExactProduct product, SparseMatrix weights, short[] x, LaunchPlan plan) {
        /** On a device of one multiprocessor: its few blocks go from group to group. */
        static Ready few(KernelInstance kernel, ExactProduct p) {
            SparseMatrix a = p.weights(kernel.format());
            return new Ready(p, a, p.activations(),
                    Planner.plan(a, p.n, new Target(9, 0, 1, 227 * 1024), kernel, 0));
        }

        static Ready of(KernelInstance kernel, ExactProduct p, int splits, int mostRowBlocks) {
            SparseMatrix a = p.weights(kernel.format());
            return new Ready(p, a, p.activations(),
                    KernelDevice.fewerRows(Planner.plan(a, p.n, TARGET, kernel, splits), mostRowBlocks));
        }
    }

    private static Subject.Task products(KernelInstance kernel) {
        int tokens = kernel.tileN();
        // Ragged in all three, two rows of tiles for one block, three blocks of tokens, some of them poisoned.
        ExactProduct ragged = new ExactProduct(kernel.values(), 85, 137, 2 * tokens + 3, 1, ExactProduct.random(.5, 1));
        for (int token = 2; token < ragged.n; token += 5) {
            ragged.poison(token, token * 37 % ragged.k);
        }
        // Split, one part with nothing to do, tiles with few entries or none.
        ExactProduct split = new ExactProduct(kernel.values(), 76, 200, tokens - 1, 2,
                ExactProduct.random(.01, 2));
        // Every place taken, nothing ragged, two passes over both images.
        ExactProduct full = new ExactProduct(kernel.values(), 64, 256, tokens, 3, (row, column) -> true);
        // Five tiles between two parts; four rows of blocks between two.
        ExactProduct parts = new ExactProduct(kernel.values(), 3 * kernel.tileM() + 2, 290, 3, 4,
                ExactProduct.random(.2, 4));
        // One more than whole tiles, both ways, and rows of X that one block of tokens just holds.
        ExactProduct above = new ExactProduct(kernel.values(), 65, 65, tokens, 5, ExactProduct.random(.4, 5));
        // More tiles than a block has stages: it goes round them, however many it was given, for two rows of blocks and two
        // blocks of tokens, ragged in all three; what it reads last lies where it brings the first of the next rows.
        ExactProduct round = new ExactProduct(kernel.values(), kernel.tileM() + 10, 64 * 10 - 5, tokens + 3, 8,
                ExactProduct.random(.5, 8));
        Ready rounds = Ready.of(kernel, round, 1, 1);
        List<Ready> all = new ArrayList<>();
        KernelDevice.depths(rounds.plan).forEach(plan -> all.add(new Ready(round, rounds.weights, rounds.x, plan)));
        all.addAll(List.of(Ready.of(kernel, ragged, 1, 1), Ready.of(kernel, split, 5, 9),
                Ready.of(kernel, full, 1, 9), Ready.of(kernel, parts, 2, 2), Ready.of(kernel, above, 1, 9),
                Ready.of(kernel, new ExactProduct(kernel.values(), 64, 64, 5, 7, (row, column) -> true), 1, 1)));
        // A third of the tokens poisoned, in either half of the columns: a verdict read from a neighbour's place is another's.
        for (int pattern = 0; pattern < 6; pattern++) {
            ExactProduct poisoned = new ExactProduct(kernel.values(), 9, 64, tokens, 6, ExactProduct.random(.5, 6));
            for (int token = pattern % 3; token < tokens; token += 3) {
                poisoned.poison(token, pattern / 3 * 32 + token * 7 % 32);
            }
            all.add(Ready.of(kernel, poisoned, 1, 1));
        }
        // Every number of tokens: each column of results has a bound of its own. Around a multiple of what is copied at once, so
        // many tiles that copies start behind the first ones too.
        for (int n = 1; n < tokens; n++) {
            ExactProduct narrow = new ExactProduct(kernel.values(), 9, (n + 1) % 16 < 3 ? 9 * 64 + 9 : 9, n, n,
                    ExactProduct.random(.5, n));
            all.add(Ready.of(kernel, narrow, 1, 1));
        }
        if (kernel.format().hasLaneLists()) {
            all.addAll(lanes(kernel));
        }
        List<Fused> fused = epilogues(kernel);
        return (ptx, device) -> {
            try (KernelDevice kernels = new KernelDevice(device, k -> k == kernel ? ptx : KernelCatalog.ptx(k))) {
                for (Ready r : all) {
                    // twice where what a launch leaves behind is the next one's beginning
                    int launches = r.plan.splits() > 1 && kernel.format().hasLaneLists() ? 2 : 1;
                    String difference = r.product.difference(kernels.multiply(r.plan, r.weights, r.x, r.product.ldx,
                            r.product.n, Epilogue.none(), null, 0, launches).toArray(ValueLayout.JAVA_FLOAT_UNALIGNED));
                    if (difference != null) {
                        return difference;
                    }
                }
                for (Fused f : fused) {
                    String difference = f.product.difference(kernels.multiply(f.ready.plan, f.ready.weights, f.ready.x,
                            f.product.product.ldx, f.product.product.n, f.product.epilogue(), f.product.held(),
                            f.misaligned, f.ready.plan.splits() == 1 ? 1 : 2));
                    if (difference != null) {
                        return difference;
                    }
                }
                return null;
            }
        };
    }

    /** What lanes' own lists have beside: rows in another order, lists that run apart, groups that blocks share unevenly. */
    private static List<Ready> lanes(KernelInstance kernel) {
        int tokens = kernel.tileN();
        // Full rows beside almost empty ones: the encoder orders them. One block for two groups, and four; poison in each stage of X.
        ExactProduct skewed = new ExactProduct(kernel.values(), kernel.tileM() + 71, 64 * 6 + 9, 2 * tokens + 1,
                11,
                (row, column) -> (row % 3 == 0 ? 29 : 2) * 97 > (row * 31 + column * 17 + row * column % 7) % 3000);
        for (int token = 1; token < skewed.n; token += 3) {
            skewed.poison(token, token * 101 % skewed.k);
        }
        // Dense enough for lists to go round their rings several times, four blocks for two groups, and ten.
        ExactProduct wide = new ExactProduct(kernel.values(), kernel.tileM() + 1, 64 * 9, tokens, 12,
                ExactProduct.random(.6, 12));
        return List.of(Ready.few(kernel, skewed), Ready.of(kernel, skewed, 2, 9), Ready.few(kernel, wide),
                Ready.of(kernel, wide, 5, 9));
    }

    /** A product with an epilogue; its arrays miss an alignment by some bytes. */
    private record Fused(FusedProduct product, Ready ready, int misaligned) {}

    /**
     * Each activation and each type by wide accesses, then by single ones on ragged fours of rows and on arrays that are not
     * aligned, K whole and in so many parts that loads of them come in whole batches and in ragged ones.
     */
    private static List<Fused> epilogues(KernelInstance kernel) {
        List<Fused> all = new ArrayList<>();
        int draw = 0;
        for (DenseType output : DenseType.values()) {
            for (Activation activation : Activation.values()) {
                for (int m : new int[]{12, 67, kernel.tileM() + 5 + draw / 3 % 2}) {
                    boolean gelu = activation == Activation.GELU;
                    int splits = new int[]{1, 2, 1, 16, 9}[draw % 5];
                    int k = splits > 2 ? 64 * splits - 3 : 65; // a part without sums would hide what is done to it
                    ExactProduct p = new ExactProduct(kernel.values(), m, k, draw % 2 == 0 ? 3 : kernel.tileN() + 1,
                            draw, ExactProduct.random(gelu ? .06 : .5, draw), gelu ? 1 : 5);
                    p.poison(1, 64);
                    FusedProduct.Parts parts = new FusedProduct.Parts(draw % 3 != 0, activation, draw % 5 != 0,
                            draw % 7 < 4, output);
                    all.add(new Fused(new FusedProduct(p, parts, draw), Ready.of(kernel, p, splits, 9),
                            draw % 6 == 0 ? output.bytes() : 0));
                    draw++;
                }
            }
        }
        return all;
    }
}
