/** Libraries to compare with, through {@code java.lang.foreign}: found where they are installed, never needed. */
package dev.culebra.jmh.peer;
