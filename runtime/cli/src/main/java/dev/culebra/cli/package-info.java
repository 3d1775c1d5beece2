/**
 * The {@code culebra} command. {@link dev.culebra.cli.Culebra} is its face; {@link dev.culebra.cli.MoreCommands} adds to it, and
 * {@link dev.culebra.cli.Console}, {@link dev.culebra.cli.Progress}, {@link dev.culebra.cli.Failure} and {@link dev.culebra.cli.DriverReason} are what such a command
 * speaks by; everything else is its own affair.
 */
package dev.culebra.cli;
