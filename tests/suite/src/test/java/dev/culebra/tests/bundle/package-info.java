/** The bundle: its archive, its script, what is in it. */
package dev.culebra.tests.bundle;
