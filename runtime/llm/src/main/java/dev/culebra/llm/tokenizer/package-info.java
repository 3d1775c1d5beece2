/** Text to token ids and back, as Hugging Face's tokenizer for OPT does it: byte-level BPE. */
package dev.culebra.llm.tokenizer;
