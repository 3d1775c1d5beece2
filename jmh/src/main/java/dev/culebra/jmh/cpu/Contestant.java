package dev.culebra.jmh.cpu;

/** One of those that are measured in turns. One thread. */
public interface Contestant {

    /**
     * Does what is timed, once.
     *
     * @param turn counts up from call to call: what is to be cold takes another copy each time
     */
    void run(int turn);

    /** Spoils the last result, so that it can not be taken for one of the calls that follow. */
    void forget();

    /**
     * Compares the last result with a reference.
     *
     * @throws IllegalStateException if it is wrong; says where
     */
    void check();

    /**
     * How long its threads stay on the processor's cores after a call.
     *
     * @return milliseconds that whoever comes next has to wait
     */
    default long pauseMillis() { return 0; }
}
