package dev.culebra.jmh.peer;

import dev.culebra.driver.Context;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds cuBLASLt, cuSPARSE and cuSPARSELt. */
public final class GpuPeers {

    /** The loader's sentence where a library, or one that it needs, is not there. */
    private static final Pattern NOT_THERE = Pattern.compile("(\\S+): cannot open shared object file: No such file.*");

    private GpuPeers() {}

    /**
     * A library that can not be used here.
     *
     * @param name as {@link GpuPeer#name()}
     * @param why one sentence: what was looked for, and what to do to have it
     */
    public record Missing(String name, String why) {}

    /**
     * What was found. Each library is in one of the lists.
     *
     * @param peers ready to use
     * @param missing the others
     */
    public record Found(List<GpuPeer> peers, List<Missing> missing) implements AutoCloseable {

        /**
         * Copies the lists.
         *
         * @param peers ready to use
         * @param missing the others
         */
        public Found {
            peers = List.copyOf(peers);
            missing = List.copyOf(missing);
        }

        /** Closes the peers. */
        @Override
        public void close() { peers.forEach(GpuPeer::close); }
    }

    /** How a peer begins. */
    private interface Opening {
        GpuPeer open(SharedLibrary library, Context context) throws SharedLibrary.NotLoaded;
    }

    private enum Peer {
        CUBLASLT(CublasLt.LIBRARY, CublasLt::new), CUSPARSE(Cusparse.LIBRARY, Cusparse::new), CUSPARSELT(
                Cusparselt.LIBRARY, Cusparselt::new);

        final Places.Library library;
        final Opening opening;

        Peer(Places.Library library, Opening opening) {
            this.library = library;
            this.opening = opening;
        }

        String peerName() { return name().toLowerCase(Locale.ROOT); }
    }

    /**
     * Loads the libraries that are installed.
     *
     * @param context of NVIDIA's driver, better a primary one; it is closed after what this returns
     * @return those found, and why the others were not; never throws for a library that is missing or broken
     */
    public static Found find(Context context) { return find(context, Places.ofThisMachine()); }

    /**
     * Loads the libraries that are in some places.
     *
     * @param context of NVIDIA's driver; it is closed after what this returns
     * @param places where to look
     * @return as {@link #find(Context)}
     */
    public static Found find(Context context, Places places) {
        List<GpuPeer> peers = new ArrayList<>();
        List<Missing> missing = new ArrayList<>();
        String provider = context.device().cuda().provider();
        for (Peer peer : Peer.values()) {
            if (!provider.equals("cuda")) {
                missing.add(new Missing(peer.peerName(), peer.library.title()
                        + " runs on NVIDIA's driver alone, and this device is of the driver '" + provider + "'"));
                continue;
            }
            List<String> failures = new ArrayList<>();
            GpuPeer found = open(peer, places, context, failures);
            if (found != null) peers.add(found);
            else missing.add(new Missing(peer.peerName(), why(peer, places, failures)));
        }
        return new Found(peers, missing);
    }

    /** The first that works, or null; what is there and does not work is told. */
    private static GpuPeer open(Peer peer, Places places, Context context, List<String> failures) {
        for (String file : places.of(peer.library)) {
            try {
                SharedLibrary library = load(file, places);
                if (peer == Peer.CUSPARSELT) PeerTrial.run(file, context.device().ordinal());
                return peer.opening.open(library, context);
            } catch (SharedLibrary.NotLoaded e) {
                if (!isNotThere(e, file)) failures.add(sentence(file, e.getMessage()));
            } catch (PeerException e) {
                failures.add(sentence(file, e.getMessage()));
            }
        }
        return null;
    }

    /** Loads first what the library says that it needs and does not find, where that is in one of the places. */
    static SharedLibrary load(String file, Places places) throws SharedLibrary.NotLoaded {
        try {
            return SharedLibrary.open(file);
        } catch (SharedLibrary.NotLoaded e) {
            Matcher needs = NOT_THERE.matcher(e.getMessage());
            if (!needs.matches() || needs.group(1).equals(file)) throw e;
            List<Path> found = places.named(needs.group(1));
            if (found.isEmpty()) throw e;
            SharedLibrary.open(found.getFirst().toString());
            return SharedLibrary.open(file);
        }
    }

    private static boolean isNotThere(SharedLibrary.NotLoaded e, String file) {
        Matcher missing = NOT_THERE.matcher(e.getMessage());
        return missing.matches() && missing.group(1).equals(file);
    }

    private static String sentence(String file, String reason) {
        return reason.contains(file) ? reason : file + ": " + reason;
    }

    private static String why(Peer peer, Places places, List<String> failures) {
        if (failures.isEmpty()) return places.notFound(peer.library);
        return peer.library.title() + " was found and can not be used: " + String.join("; ", failures)
                + "; give another with -D" + peer.library.property() + "=PATH";
    }
}
