package dev.culebra.tests.spmm;

import dev.culebra.sparse.Format;

class CpuVectorPairsSpmmTest extends CpuVectorSpmmTest {

    @Override
    Format format() { return Format.PAIRS; }
}
