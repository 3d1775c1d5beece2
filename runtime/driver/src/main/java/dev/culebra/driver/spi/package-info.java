/** What a CUDA driver provides to the runtime; implemented by drivers, not by applications. */
package dev.culebra.driver.spi;
