/** CUDA from plain Java. Needs a driver and nothing else. */
module dev.culebra.driver {
    requires dev.culebra.bindings;
    requires static jdk.jfr;

    exports dev.culebra.driver;
    exports dev.culebra.driver.spi;

    uses dev.culebra.driver.spi.DriverProvider;
}
