package dev.culebra.tests.spmm;

import dev.culebra.sparse.Format;

class CpuVectorSlotsSpmmTest extends CpuVectorSpmmTest {

    @Override
    Format format() { return Format.SLOTS; }
}
