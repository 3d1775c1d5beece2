/**
 * Text to token ids and back, as Hugging Face's tokenizer for OPT does it: byte-level BPE, id for id what {@code tokenizers} 0.23 and
 * {@code transformers} 5.18 give.
 *
 * <p>
 * Read are {@code tokenizer.json}, or {@code vocab.json} with {@code merges.txt}; beside either {@code tokenizer_config.json}, and, as older
 * checkpoints have them, {@code special_tokens_map.json} and {@code added_tokens.json}. Whatever they ask for that is not done is refused by name.
 *
 * <table>
 * <caption>What is done, and what is refused</caption>
 * <tr>
 * <th>part</th>
 * <th>done</th>
 * <th>refused</th>
 * </tr>
 * <tr>
 * <td>model</td>
 * <td>BPE; {@code ignore_merges}, {@code unk_token}, {@code fuse_unk}; merges as {@code "a b"} or as pairs</td>
 * <td>other models; {@code dropout}, {@code byte_fallback}, prefixes and suffixes of words; holes in the ids, an id twice, merges that make no token</td>
 * </tr>
 * <tr>
 * <td>normalizer</td>
 * <td>none</td>
 * <td>any</td>
 * </tr>
 * <tr>
 * <td>pre-tokenizer, decoder</td>
 * <td>{@code ByteLevel} with {@code add_prefix_space} and {@code use_regex}, which is GPT-2's pattern</td>
 * <td>others, {@code Split} and sequences among them</td>
 * </tr>
 * <tr>
 * <td>post-processor</td>
 * <td>none, {@code ByteLevel}, {@code TemplateProcessing}, {@code RobertaProcessing}, {@code BertProcessing}, a sequence with one that adds tokens</td>
 * <td>others</td>
 * </tr>
 * <tr>
 * <td>added tokens</td>
 * <td>kept whole, the leftmost and longest first; {@code lstrip}, {@code rstrip}, {@code single_word}, {@code normalized}, {@code special}</td>
 * <td>ids that contradict the vocabulary; {@code split_special_tokens}</td>
 * </tr>
 * <tr>
 * <td>configuration</td>
 * <td>{@code add_bos_token}, {@code add_eos_token} (where there is no {@code tokenizer.json}), {@code add_prefix_space}, all
 * {@code ..._token}, {@code added_tokens_decoder}</td>
 * <td>{@code errors} other than {@code replace}; special tokens without an id; for {@code vocab.json}, other classes than GPT-2's</td>
 * </tr>
 * </table>
 *
 * <p>
 * {@code truncation} and {@code padding} of {@code tokenizer.json} are for a caller's batches: as in transformers, nothing changes where
 * nobody asks for them.
 */
package dev.culebra.llm.tokenizer;
