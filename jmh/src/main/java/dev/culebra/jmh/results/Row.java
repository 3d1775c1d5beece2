package dev.culebra.jmh.results;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;

/**
 * One measurement. In a file the names are in snake case and what is null is left out. A row of another run is the same measurement when group,
 * benchmark, by, driver, shape, sparsity, format, l2, threads and size agree; kernel may differ, since a planner may choose
 * another one.
 *
 * @param group the group: host, cpu, gpu, text, emulator
 * @param benchmark what was done: multiply, read, copy, prepared-launch, encode, ...
 * @param by who did it: culebra, c, jcuda, openblas, cublaslt, cusparse, cusparselt, or memory for a limit of the machine
 * @param driver what was called: cuda (NVIDIA's), no-op, emulator (whose times tell nothing of a GPU); null where there is none
 * @param shape M, K, N; null where there is no product
 * @param sparsity share of zeros, 0 to 1; null where there are no weights or it does not matter (dense)
 * @param format of the weights: tiled-csl, bitmap, pairs, dense, csr, 2:4; null where there are none
 * @param kernel what ran: an instance of the catalog with its splits, or a library's function; null where that says nothing
 * @param l2 cold (weights rotate through more than the cache holds) or warm; null where that makes no difference
 * @param threads of the host; null where it is one
 * @param size bytes of what is moved, where that is a parameter (copies, pools); null elsewhere
 * @param timeUs median in microseconds, of one operation
 * @param spread distance of the quartiles over the median
 * @param bytes that have to be moved for one operation: encoded weights, or what is copied; null where none
 * @param gbPerS bytes over time, in 10^9 bytes a second
 * @param shareOfLimit gbPerS over what a pure read of the same memory reaches in the same run
 * @param ratioToCublas cuBLASLt's time for the same shape over this one's: above 1 is faster than dense
 * @param ratioToOpenblas likewise, on a CPU
 * @param allocatedBytes Java heap allocated by one operation
 * @param checked true only when the timed result itself was compared with a reference
 */
@JsonNaming(SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Row(String group, String benchmark, String by, String driver, Shape shape, Double sparsity, String format,
        String kernel, String l2, Integer threads, Long size, double timeUs, double spread, Long bytes, Double gbPerS,
        Double shareOfLimit, Double ratioToCublas, Double ratioToOpenblas, Double allocatedBytes, boolean checked) {

    /**
     * Checks each part.
     *
     * @throws IllegalArgumentException if one can not be; it names the part as files name it
     */
    public Row {
        Checked.text("group", group);
        Checked.text("benchmark", benchmark);
        Checked.text("by", by);
        Checked.textOrNull("driver", driver);
        Checked.share("sparsity", sparsity);
        Checked.textOrNull("format", format);
        Checked.textOrNull("kernel", kernel);
        if (l2 != null && !l2.equals("cold") && !l2.equals("warm"))
            throw new IllegalArgumentException("l2 is '" + l2 + "'; it must be cold or warm");
        Checked.atLeast("threads", threads == null ? null : threads.longValue(), 1);
        Checked.atLeast("size", size, 0);
        Checked.positive("time_us", timeUs);
        Checked.notNegative("spread", spread);
        Checked.atLeast("bytes", bytes, 0);
        Checked.notNegative("gb_per_s", gbPerS);
        Checked.notNegative("share_of_limit", shareOfLimit);
        Checked.positive("ratio_to_cublas", ratioToCublas);
        Checked.positive("ratio_to_openblas", ratioToOpenblas);
        Checked.notNegative("allocated_bytes", allocatedBytes);
    }

    /**
     * Starts a row.
     *
     * @param group the group
     * @param benchmark what was done
     * @param by who did it
     * @return what sets the rest
     */
    public static RowBuilder of(String group, String benchmark, String by) {
        return new RowBuilder(group, benchmark, by);
    }
}
