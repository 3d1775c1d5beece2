package dev.culebra.tests.spmm;

import dev.culebra.driver.Cuda;
import dev.culebra.spmm.Spmm;
import java.util.List;

class CudaSpmmTest extends AbstractCudaSpmmContract {

    @Override
    Spmm open() { return Spmm.open("cuda"); }

    @Override
    String unavailable() { return Cuda.available().reason(); }

    @Override
    int sparseFrom() { return device.description().contains("H200") ? 48 : 50; }

    @Override
    List<Shape> shapes() {
        return List.of(new Shape(1, 1, 1), new Shape(17, 33, 5), new Shape(256, 64, 8), new Shape(300, 1000, 33),
                new Shape(1024, 4096, 64));
    }
}
