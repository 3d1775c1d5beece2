package dev.culebra.tests.spmm;

import dev.culebra.spmm.CpuSpmm;

class CpuPlainSpmmTest extends AbstractCpuSpmmContract {

    @Override
    CpuSpmm open(int threads) { return CpuSpmm.open(threads, false); }
}
