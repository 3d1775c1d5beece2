package dev.culebra.tests.spmm;

import dev.culebra.spmm.Spmm;
import java.util.List;

/** Through real bindings, argument blocks and the committed PTX. */
class EmulatorSpmmTest extends AbstractCudaSpmmContract {

    @Override
    Spmm open() { return Spmm.open("emulator"); }

    /** By bytes: nobody waits for an emulator's weights. */
    @Override
    int sparseFrom() { return 50; }

    @Override
    List<Shape> shapes() {
        return List.of(new Shape(1, 1, 1), new Shape(17, 33, 5), new Shape(256, 64, 8), new Shape(70, 200, 33),
                new Shape(300, 1000, 33));
    }
}
