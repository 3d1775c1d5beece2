/** The emulated device's memory: ranges, addresses, and what may be said about a wrong one. */
package dev.culebra.emulator.memory;
