/** The culebra command. */
module dev.culebra.cli {
    requires dev.culebra.llm;
    requires dev.culebra.driver;
    requires com.fasterxml.jackson.databind;
    requires info.picocli;
    requires jdk.management;
    requires me.tongfei.progressbar;

    exports dev.culebra.cli;

    uses dev.culebra.cli.MoreCommands;

    opens dev.culebra.cli to info.picocli;
}
