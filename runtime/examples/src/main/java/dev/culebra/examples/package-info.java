/** Numbered examples: each is a program that says what it does. */
package dev.culebra.examples;
