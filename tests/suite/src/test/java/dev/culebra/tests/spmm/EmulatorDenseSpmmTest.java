package dev.culebra.tests.spmm;

import dev.culebra.sparse.Format;

class EmulatorDenseSpmmTest extends EmulatorSpmmTest {

    @Override
    Format format() { return Format.DENSE; }
}
