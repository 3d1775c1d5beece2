/**
 * CUDA from plain Java: devices, contexts, streams, events, memory, modules, kernels and graphs over
 * {@code java.lang.foreign}. Begin at {@link dev.culebra.driver.Cuda}.
 *
 * <p>
 * Three layers, never skipped: the generated bindings; checked calls that throw {@link dev.culebra.driver.CudaException};
 * and the objects of this package. Each object holds its owner and has to be closed before it; closing twice does nothing,
 * and closing an owner first is an error that names what is open. What is dropped without being closed is reported to the
 * {@code dev.culebra.driver} logger with the place where it was made; the system property {@code culebra.leaks} chooses
 * how much of that is remembered: {@code place}, {@code stack} or {@code off}.
 */
package dev.culebra.driver;
