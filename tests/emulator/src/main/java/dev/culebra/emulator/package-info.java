/** A CUDA driver written in Java, as a provider for {@code dev.culebra.driver}. */
package dev.culebra.emulator;
