/**
 * The CUDA driver API as jextract prints it. Nothing here is meant to be called by applications: see
 * {@code dev.culebra.driver}.
 */
module dev.culebra.bindings {
    exports dev.culebra.bindings;
}
