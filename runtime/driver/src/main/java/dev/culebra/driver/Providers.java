package dev.culebra.driver;

import dev.culebra.driver.spi.DriverProvider;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;

/** The drivers that can be had here: NVIDIA's, and those that {@link ServiceLoader} finds. */
final class Providers {

    private Providers() {}

    /** By name, NVIDIA's first; what could not be made of the others stands in {@code broken}. */
    record Found(Map<String, DriverProvider> byName, List<String> broken) {}

    static Found find() {
        Map<String, DriverProvider> byName = new LinkedHashMap<>();
        List<String> broken = new ArrayList<>();
        byName.put(NvidiaDriver.NAME, new NvidiaDriver());
        Set<ClassLoader> loaders = new LinkedHashSet<>();
        loaders.add(Thread.currentThread().getContextClassLoader());
        loaders.add(DriverProvider.class.getClassLoader());
        for (ClassLoader loader : loaders) collect(ServiceLoader.load(DriverProvider.class, loader), byName, broken);
        return new Found(byName, List.copyOf(broken));
    }

    /** One that can not be made or does not know its name must not keep the others from being found. */
    private static void collect(ServiceLoader<DriverProvider> services, Map<String, DriverProvider> byName,
            List<String> broken) {
        Iterator<DriverProvider> providers = services.iterator();
        // An iterator that only fails would go round for ever; the bound is far above what a class path holds.
        for (int failures = 0; failures < 100;) {
            try {
                if (!providers.hasNext()) return;
                DriverProvider provider = providers.next();
                byName.putIfAbsent(provider.name(), provider);
            } catch (ServiceConfigurationError | RuntimeException | LinkageError e) {
                failures++;
                broken.add(
                        e.getCause() == null ? String.valueOf(e.getMessage()) : e.getMessage() + ": " + e.getCause());
            }
        }
    }
}
