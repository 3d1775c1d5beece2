/** JSON that strangers wrote. Not exported: what is wrong with a file is said by the package that reads it, under its name. */
package dev.culebra.llm.json;
