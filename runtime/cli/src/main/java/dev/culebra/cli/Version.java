package dev.culebra.cli;

import picocli.CommandLine.IVersionProvider;

/** The version that the build wrote into the jar. */
final class Version implements IVersionProvider {

    /** Such as {@code 0.1.0}; where classes were never packed into a jar, a word that says so. */
    static String number() {
        var version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "(not packaged)" : version;
    }

    @Override
    public String[] getVersion() { return new String[]{"culebra " + number()}; }
}
