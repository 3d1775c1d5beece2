/** What messages about too little memory are made of. Not exported. */
package dev.culebra.llm.memory;
