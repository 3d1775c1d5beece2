package dev.culebra.jmh;

import dev.culebra.cli.Console;
import dev.culebra.cli.MoreCommands;
import dev.culebra.jmh.bundle.BundleCommand;
import dev.culebra.jmh.cpu.CpuGroup;
import dev.culebra.jmh.gpu.GpuGroup;
import dev.culebra.jmh.host.HostGroup;
import dev.culebra.jmh.interpreter.EmulatorGroup;
import dev.culebra.jmh.report.CompareCommand;
import dev.culebra.jmh.report.ReportCommand;
import dev.culebra.jmh.run.BenchCommand;
import dev.culebra.jmh.run.Group;
import dev.culebra.jmh.text.TextGroup;
import java.util.List;

/** The benchmarks' commands for {@code culebra}, and the groups in the order in which they run. */
public final class Commands implements MoreCommands {

    /** For {@link java.util.ServiceLoader}. */
    public Commands() {}

    @Override
    public List<Object> commands(Console console) {
        return List.of(new BenchCommand(console, Commands::groups), new ReportCommand(console),
                new CompareCommand(console), new BundleCommand(console));
    }

    private static List<Group> groups() {
        return List.of(new HostGroup(), new CpuGroup(), new GpuGroup(), new TextGroup(), new EmulatorGroup());
    }
}
