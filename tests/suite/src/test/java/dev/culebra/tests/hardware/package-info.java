/** Runs the tests that a GPU has a say in without Maven: what {@code ./run.sh test} of a bundle is. */
package dev.culebra.tests.hardware;
