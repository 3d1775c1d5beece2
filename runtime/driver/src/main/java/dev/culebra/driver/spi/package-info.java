/** What a CUDA driver provides to the runtime, and what one that knows more reports; implemented by drivers, not by applications. */
package dev.culebra.driver.spi;
