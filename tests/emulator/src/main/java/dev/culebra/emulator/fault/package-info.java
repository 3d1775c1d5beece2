/** Faults on order: what an emulated driver is told to fail at, so that a program's handling of it can be tested. */
package dev.culebra.emulator.fault;
