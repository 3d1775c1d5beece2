package dev.culebra.driver;

/**
 * Whether a driver can be used on this machine, and why not.
 *
 * @param available whether {@link Cuda#open(String)} gives one
 * @param reason one sentence for people where it does not; empty where it does
 */
public record Availability(boolean available, String reason) {}
