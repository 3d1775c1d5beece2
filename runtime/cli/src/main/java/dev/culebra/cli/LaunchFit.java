package dev.culebra.cli;

import dev.culebra.driver.Kernel;
import dev.culebra.driver.Parameter;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.Collectors;

/** Whether what was given on the command line is what a kernel takes, with both lists where it is not. */
final class LaunchFit {
    private static final int POINTER_BYTES = 8;

    private LaunchFit() {}

    static void check(Kernel kernel, List<LaunchArgument> arguments) {
        var parameters = kernel.parameters();
        if (parameters.size() != arguments.size()) {
            throw new Failure(arguments.size() + (arguments.size() == 1 ? " argument is" : " arguments are")
                    + " given, and " + lists(kernel, arguments));
        }
        for (var parameter : parameters) {
            var argument = arguments.get(parameter.index());
            var misfit = misfit(argument, parameter);
            if (misfit != null) {
                throw new Failure("argument " + (parameter.index() + 1) + ", " + argument.text() + ", " + misfit + ": "
                        + lists(kernel, arguments));
            }
        }
    }

    /** Why an argument is none for a parameter, or null. A type is known where the PTX has one. */
    private static String misfit(LaunchArgument argument, Parameter parameter) {
        long bytes = argument instanceof LaunchArgument.Value v ? bytes(v.value()) : POINTER_BYTES;
        var what = argument instanceof LaunchArgument.Value ? "has " : "is an address, which has ";
        if (bytes != parameter.size()) {
            return what + bytes + " bytes, and " + describe(parameter) + " has " + parameter.size();
        }
        boolean point = argument instanceof LaunchArgument.Value(var text, Float f)
                || argument instanceof LaunchArgument.Value(var same, Double d);
        var type = parameter.type();
        if (type.equals("f32") || type.equals("f64")) {
            boolean struct = argument instanceof LaunchArgument.Value(var text, MemorySegment s);
            return point || struct ? null : "is no " + type + ", which " + describe(parameter) + " is";
        }
        boolean whole = type.startsWith("u") || type.startsWith("s");
        return point && whole ? "is no whole number, which " + describe(parameter) + " is" : null;
    }

    private static long bytes(Object value) {
        return switch (value) {
            case Byte b -> Byte.BYTES;
            case Short s -> Short.BYTES;
            case Integer i -> Integer.BYTES;
            case Float f -> Float.BYTES;
            case MemorySegment struct -> struct.byteSize();
            default -> Long.BYTES;
        };
    }

    private static String lists(Kernel kernel, List<LaunchArgument> arguments) {
        var parameters = kernel.parameters().stream().map(LaunchFit::describe).collect(Collectors.joining(", "));
        var given = arguments.stream().map(LaunchArgument::text).collect(Collectors.joining(", "));
        return kernel.name() + " takes " + (parameters.isEmpty() ? "none" : "(" + parameters + ")") + ", given "
                + (given.isEmpty() ? "is none" : "are (" + given + ")");
    }

    /** Such as {@code .u64 x}. */
    private static String describe(Parameter parameter) {
        var type = parameter.type().isEmpty() ? parameter.size() + " bytes" : "." + parameter.type();
        return type + " " + (parameter.name().isEmpty() ? "parameter " + (parameter.index() + 1) : parameter.name());
    }
}
