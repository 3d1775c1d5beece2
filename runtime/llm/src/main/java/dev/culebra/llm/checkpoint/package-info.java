/**
 * Checkpoint files: tensors by name, as the safetensors format stores them. Nothing read from a file is trusted before it
 * is checked against the file's size; nothing written is visible under its name before it is complete.
 */
package dev.culebra.llm.checkpoint;
