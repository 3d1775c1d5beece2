package dev.culebra.driver;

import dev.culebra.driver.spi.Diagnostics;
import dev.culebra.driver.spi.DriverProvider;
import java.lang.foreign.MemorySegment;

/** The checked layer of one driver as a whole, and what is known of the process's memory beside it. */
final class Driver {

    final Functions functions;
    final Errors errors;
    final CheckedDevices devices;
    final CheckedContexts contexts;
    final CheckedMemory memory;
    final CheckedPools pools;
    final CheckedCopies copies;
    final CheckedStreams streams;
    final CheckedEvents events;
    final CheckedModules modules;
    final CheckedLaunches launches;
    final CheckedGraphs graphs;
    final CheckedTensorMaps tensorMaps;
    final PageLocked.Registry pageLocked = new PageLocked.Registry();

    Driver(MemorySegment getProcAddress, DriverProvider provider) {
        functions = new Functions(getProcAddress);
        errors = new Errors(functions, provider instanceof Diagnostics diagnostics ? diagnostics : null);
        devices = new CheckedDevices(functions, errors);
        contexts = new CheckedContexts(functions, errors);
        memory = new CheckedMemory(functions, errors);
        pools = new CheckedPools(functions, errors);
        copies = new CheckedCopies(functions, errors);
        streams = new CheckedStreams(functions, errors);
        events = new CheckedEvents(functions, errors);
        modules = new CheckedModules(functions, errors);
        launches = new CheckedLaunches(functions, errors);
        graphs = new CheckedGraphs(functions, errors);
        tensorMaps = new CheckedTensorMaps(functions, errors);
    }
}
