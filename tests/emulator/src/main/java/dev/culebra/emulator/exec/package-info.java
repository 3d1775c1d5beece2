/**
 * Runs translated PTX, a warp at a time. A function becomes an array of instruction objects, each a loop over 32 lanes of
 * register arrays; a warp's diverged parts meet again at the branch's immediate post-dominator.
 */
package dev.culebra.emulator.exec;
