package dev.culebra.cli;

import java.util.List;

/**
 * Further subcommands of {@code culebra}, from a jar beside it on the class path: found by {@link java.util.ServiceLoader}. They
 * have the same console, error lines, exit codes, help and {@code --verbose} as the rest. A provider that can not be loaded is
 * left out with a warning.
 */
public interface MoreCommands {

    /**
     * Makes the commands, at each start of {@code culebra}, whatever it was asked for: it must be cheap.
     *
     * @param console where they speak
     * @return objects that picocli takes as commands: a class with {@code @Command} that names it (its version is Culebra's), and a {@code Callable<Integer>}
     *     that answers with {@link Culebra#OK} or {@link Culebra#FAILED}. What it throws becomes a line on standard error and
     *     {@link Culebra#FAILED}; what is fully told by its message is a {@link Failure}. In the order of the help
     */
    List<Object> commands(Console console);
}
