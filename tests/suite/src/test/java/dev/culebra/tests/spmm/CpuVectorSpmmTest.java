package dev.culebra.tests.spmm;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.spmm.CpuSpmm;

class CpuVectorSpmmTest extends AbstractCpuSpmmContract {

    @Override
    CpuSpmm open(int threads) {
        CpuSpmm cpu = CpuSpmm.open(threads);
        assumeTrue(cpu.vectors(), "the JVM was started without --add-modules jdk.incubator.vector");
        return cpu;
    }
}
