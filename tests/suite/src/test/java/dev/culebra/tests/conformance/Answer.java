package dev.culebra.tests.conformance;

/**
 * What a program must leave behind: numbers of one width, each exact, or as free as the ISA leaves it.
 *
 * @param width bytes a number: 1, 2, 4 or 8
 * @param bits each number's expected bits; for a free one, one of the possible values
 * @param freedoms null for a number whose bits are exact
 */
record Answer(int width, long[] bits, Freedom[] freedoms) {

    static Answer ofInts(int... v) {
        long[] bits = new long[v.length];
        for (int i = 0; i < v.length; i++) bits[i] = v[i] & 0xffffffffL;
        return new Answer(4, bits, new Freedom[v.length]);
    }

    static Answer ofLongs(long... v) { return new Answer(8, v, new Freedom[v.length]); }

    int bytes() { return width * bits.length; }

    /** Whether a machine may answer so. */
    boolean accepts(int i, long got) {
        return freedoms[i] == null ? got == bits[i] : freedoms[i].accepts().test(got);
    }

    String expectation(int i) { return freedoms[i] == null ? "0x" + Long.toHexString(bits[i]) : freedoms[i].text(); }
}
