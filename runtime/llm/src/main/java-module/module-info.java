/** Checkpoint files, pruning and the model around the sparse product. */
module dev.culebra.llm {
    requires transitive dev.culebra.ptx;
    requires transitive dev.culebra.spmm;
    requires com.fasterxml.jackson.databind;
    requires ejml.core;
    requires ejml.ddense;
    requires static jdk.jfr;

    exports dev.culebra.llm.checkpoint;
    exports dev.culebra.llm.evaluate;
    exports dev.culebra.llm.opt;
    exports dev.culebra.llm.prune;
    exports dev.culebra.llm.tokenizer;
}
