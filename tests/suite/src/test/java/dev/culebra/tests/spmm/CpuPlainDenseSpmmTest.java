package dev.culebra.tests.spmm;

import dev.culebra.sparse.Format;

class CpuPlainDenseSpmmTest extends CpuPlainSpmmTest {

    @Override
    Format format() { return Format.DENSE; }
}
