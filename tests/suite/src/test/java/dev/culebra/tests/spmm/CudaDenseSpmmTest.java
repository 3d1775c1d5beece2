package dev.culebra.tests.spmm;

import dev.culebra.sparse.Format;

class CudaDenseSpmmTest extends CudaSpmmTest {

    @Override
    Format format() { return Format.DENSE; }
}
