/** The culebra command. */
module dev.culebra.cli {
    requires dev.culebra.llm;
    requires dev.culebra.driver;
    requires com.fasterxml.jackson.databind;
    requires info.picocli;
    requires jdk.management;
    requires me.tongfei.progressbar;

    exports dev.culebra.cli;

    opens dev.culebra.cli to info.picocli;
}
