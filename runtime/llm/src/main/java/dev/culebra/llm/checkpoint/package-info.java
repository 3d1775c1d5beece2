/**
 * Models as folders of files. {@link dev.culebra.llm.checkpoint.ModelSource} is the way in: it opens a checkpoint in Hugging Face's
 * layout ({@link dev.culebra.llm.checkpoint.Checkpoint}) or what was encoded of one
 * ({@link dev.culebra.llm.checkpoint.EncodedModel}), and gives either's parts by the same names, of which
 * {@link dev.culebra.llm.checkpoint.OptTensors} is the list for an {@link dev.culebra.llm.checkpoint.OptConfig}.
 *
 * <p>
 * {@link dev.culebra.llm.checkpoint.CheckpointWriter} writes a checkpoint again with other weights. Beneath are single files:
 * {@link dev.culebra.llm.checkpoint.Safetensors} and its writer, and {@link dev.culebra.llm.checkpoint.OutputFile} and
 * {@link dev.culebra.llm.checkpoint.OutputFolder}, which appear whole or not at all.
 *
 * <p>
 * Nothing read from a file is trusted before it is checked; what is refused is a
 * {@link dev.culebra.llm.checkpoint.CheckpointException}, one line with file, place and what to do. Nothing written is visible under its
 * name before it is complete.
 */
package dev.culebra.llm.checkpoint;
