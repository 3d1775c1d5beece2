package dev.culebra.tests.spmm;

import dev.culebra.spmm.CpuSpmm;

class CpuVectorSpmmTest extends AbstractCpuSpmmContract {

    @Override
    CpuSpmm open(int threads) { return CpuSpmm.open(threads); }

    @Override
    String unavailable() {
        try (CpuSpmm cpu = CpuSpmm.open(1)) {
            return cpu.vectors() ? "" : "no --add-modules jdk.incubator.vector, or a processor without AVX2";
        }
    }
}
