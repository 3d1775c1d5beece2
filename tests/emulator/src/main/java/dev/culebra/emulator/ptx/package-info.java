/**
 * PTX text as a typed form: lexer, parser, and what a driver asks of a module (kernels, parameters, variables). Parsing a
 * module also has {@code dev.culebra.emulator.exec} translate it, so that an instruction nobody can run is refused at load.
 */
package dev.culebra.emulator.ptx;
