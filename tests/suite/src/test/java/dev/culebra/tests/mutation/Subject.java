package dev.culebra.tests.mutation;

import dev.culebra.driver.Device;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A kernel under study: its text, and what it is to do.
 *
 * @param name the kernel
 * @param text its module's text with this kernel alone
 * @param task what it is to do
 */
record Subject(String name, String text, Task task) {

    /** Small launches that tell. */
    @FunctionalInterface
    interface Task {
        /**
         * Runs a text.
         *
         * @param ptx the text, of a mutant or of the kernel itself
         * @param device where to
         * @return what is wrong with the results, or null
         * @throws Exception whatever the device said
         */
        String difference(String ptx, Device device) throws Exception;
    }

    /** A module's text without its other kernels. */
    static String alone(String module, String kernel) {
        Matcher entry = Pattern.compile("(?m)^\\.visible \\.entry (\\w+)\\((?s:.*?)^\\}$\\n?").matcher(module);
        StringBuilder text = new StringBuilder();
        while (entry.find()) {
            entry.appendReplacement(text, entry.group(1).equals(kernel) ? Matcher.quoteReplacement(entry.group()) : "");
        }
        return entry.appendTail(text).toString();
    }
}
