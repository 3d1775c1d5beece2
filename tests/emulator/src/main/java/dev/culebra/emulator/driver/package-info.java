/** The CUDA driver's functions, and the objects behind their handles. Not exported: reached through function pointers. */
package dev.culebra.emulator.driver;
