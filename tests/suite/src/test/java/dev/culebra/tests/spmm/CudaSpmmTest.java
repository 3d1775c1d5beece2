package dev.culebra.tests.spmm;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.driver.Availability;
import dev.culebra.driver.Cuda;
import dev.culebra.spmm.Spmm;
import java.util.List;

class CudaSpmmTest extends AbstractCudaSpmmContract {

    @Override
    Spmm open() {
        Availability cuda = Cuda.available();
        assumeTrue(cuda.available(), cuda.reason());
        return Spmm.open("cuda");
    }

    @Override
    List<Shape> shapes() {
        return List.of(new Shape(1, 1, 1), new Shape(17, 33, 5), new Shape(256, 64, 8), new Shape(300, 1000, 33),
                new Shape(1024, 4096, 64));
    }
}
