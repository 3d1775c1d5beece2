/**
 * PTX text as a typed form: lexer, parser, and what can be said of a module before anything runs.
 * {@code dev.culebra.emulator.exec} translates it.
 */
package dev.culebra.emulator.ptx;
