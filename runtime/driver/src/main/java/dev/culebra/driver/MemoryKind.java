package dev.culebra.driver;

/** Where the memory behind an address is, as the driver knows it. */
public enum MemoryKind {
    /** On a device. */
    DEVICE,
    /** In the host's memory, page-locked by the driver. */
    HOST,
    /** Moves between host and device. */
    MANAGED,
    /** None that the driver allocated, mapped or registered: ordinary host memory, or nothing at all. */
    UNKNOWN
}
