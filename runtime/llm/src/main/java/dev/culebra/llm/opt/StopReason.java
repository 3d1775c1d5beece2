package dev.culebra.llm.opt;

/** Why a sequence ended. */
public enum StopReason {
    /** It has as many new tokens as were asked for. */
    MAX_NEW_TOKENS,
    /** Its last token is one of the options' stop tokens. */
    STOP_TOKEN,
    /** Prompt and new tokens fill the model's positions. */
    POSITIONS,
    /** The listener wanted no more. */
    LISTENER
}
