package dev.culebra.tests.spmm;

import dev.culebra.sparse.Format;

class CpuVectorDenseSpmmTest extends CpuVectorSpmmTest {

    @Override
    Format format() { return Format.DENSE; }
}
