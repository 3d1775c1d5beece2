package dev.culebra.jmh.gpu;

import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Stream;
import dev.culebra.kernel.LaunchPlan;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.spmm.CudaProduct;
import dev.culebra.spmm.CudaSpmm;
import dev.culebra.spmm.CudaWeights;
import java.util.ArrayList;
import java.util.List;

/** Copies of one matrix, loaded and multiplied as a user does it. One thread. */
final class CulebraWeights implements AutoCloseable {

    private final List<CudaWeights> copies = new ArrayList<>();

    CulebraWeights(CudaSpmm device, SparseMatrix matrix, int count) {
        try {
            for (int i = 0; i < count; i++) {
                copies.add(device.load(matrix));
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Lays out the product with each copy; the planner chooses how. */
    DeviceProduct prepare(int n, int ldx) {
        List<CudaProduct> products = new ArrayList<>();
        try {
            copies.forEach(w -> products.add(w.prepare(n, ldx)));
        } catch (RuntimeException e) {
            products.forEach(CudaProduct::close);
            throw e;
        }
        return new Product(products);
    }

    @Override
    public void close() { copies.forEach(CudaWeights::close); }

    private final class Product implements DeviceProduct {

        private final List<CudaProduct> products;

        Product(List<CudaProduct> products) { this.products = products; }

        @Override
        public String kernel() {
            LaunchPlan plan = products.getFirst().plan();
            return plan.kernel().name() + (plan.splits() == 1 ? "" : ", " + plan.splits() + " splits");
        }

        @Override
        public long bytes() { return copies.getFirst().encodedBytes(); }

        @Override
        public int copies() { return copies.size(); }

        @Override
        public boolean halfResult() { return false; }

        @Override
        public void launch(Stream stream, int copy, DeviceBuffer x, DeviceBuffer y) {
            products.get(copy).launch(stream, x, y);
        }

        @Override
        public void close() { products.forEach(CudaProduct::close); }
    }
}
