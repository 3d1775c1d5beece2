/** What the emulator is strict about. */
package dev.culebra.emulator.check;
