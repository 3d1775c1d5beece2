/** The {@code culebra} command. {@link dev.culebra.cli.Culebra} is its face; everything else is its own affair. */
package dev.culebra.cli;
