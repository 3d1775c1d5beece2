package dev.culebra.llm.opt;

/** Hears how far loading a model has come. Called by the thread that loads. */
@FunctionalInterface
public interface LoadListener {
    /** Hears nothing. */
    LoadListener NONE = (linear, done, total) -> {};

    /**
     * One more linear layer's matrix is on the device.
     *
     * @param linear its name, such as {@code layers.3.fc1}
     * @param done how many weights are loaded, zeros included
     * @param total how many there will be; reached with the last call
     */
    void loaded(String linear, long done, long total);
}
