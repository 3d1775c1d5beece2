package dev.culebra.cli;

import dev.culebra.driver.Dim3;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.FormatChoice;
import dev.culebra.sparse.ValueType;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Option values: from words to types, with refusals that say what is accepted. */
final class Options {
    private Options() {}

    /** @param m rows
     *  @param k columns */
    record Shape(int m, int k) {}

    static final class ShapeConverter implements ITypeConverter<Shape> {
        private static final Pattern FORM = Pattern.compile("(\\d{1,10})[,x](\\d{1,10})");

        @Override
        public Shape convert(String text) {
            var match = FORM.matcher(text);
            if (match.matches()) {
                long m = Long.parseLong(match.group(1));
                long k = Long.parseLong(match.group(2));
                if (m >= 1 && k >= 1 && m <= Integer.MAX_VALUE && k <= Integer.MAX_VALUE)
                    return new Shape((int) m, (int) k);
            }
            throw new TypeConversionException("'" + text + "' is no shape; give two whole numbers from 1 to "
                    + Integer.MAX_VALUE + ", such as 4096,1024");
        }
    }

    static final class SparsityConverter implements ITypeConverter<Double> {
        @Override
        public Double convert(String text) { return number(text, 0, 1, "such as 0.7 for 70% zeros"); }
    }

    /** What people write; Java alone would also take 0.5f, 0x1p-1 and blanks. */
    private static final Pattern NUMBER = Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");

    static double number(String text, double least, double most, String example) {
        if (NUMBER.matcher(text).matches()) {
            double value = Double.parseDouble(text) + 0.0; // -0 becomes 0
            if (value >= least && value <= most) return value;
        }
        throw new TypeConversionException(
                Text.format("'%s' is no number from %s to %s, %s", text, plain(least), plain(most), example));
    }

    private static String plain(double value) {
        return value == Math.rint(value) ? String.valueOf((long) value) : String.valueOf(value);
    }

    static final class SeedConverter implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            try {
                return Long.parseLong(text);
            } catch (NumberFormatException e) {
                throw new TypeConversionException("'" + text + "' is no whole number from -2^63 to 2^63 - 1");
            }
        }
    }

    static final class PathConverter implements ITypeConverter<Path> {
        @Override
        public Path convert(String text) { return path(text); }
    }

    static Path path(String text) {
        if (text.isEmpty()) throw new TypeConversionException("a file's name can not be empty");
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            // Seen where the locale is an ASCII one and the name is not.
            throw new TypeConversionException("'" + text + "' can not name a file: " + e.getReason()
                    + "; with a locale such as LC_ALL=C.UTF-8 any name can be given");
        }
    }

    static final class ValueTypeConverter implements ITypeConverter<ValueType> {
        @Override
        public ValueType convert(String text) {
            return Arrays.stream(ValueType.values()).filter(t -> t.name().equalsIgnoreCase(text)).findFirst()
                    .orElseThrow(() -> new TypeConversionException("'" + text + "' is no type of weights; give one of "
                            + Arrays.stream(ValueType.values()).map(t -> t.name().toLowerCase())
                                    .collect(Collectors.joining(", "))));
        }
    }

    /** What {@code --format} names: a format, or none (null) by {@code auto}. */
    record FormatOption(Format named) {
        /** What is named, else what {@code auto} means here. */
        FormatChoice or(FormatChoice auto) {
            return named == null ? auto : named;
        }
    }

    static final class FormatConverter implements ITypeConverter<FormatOption> {
        @Override
        public FormatOption convert(String text) {
            if (text.equals("auto")) return new FormatOption(null);
            return Arrays.stream(Format.values()).filter(f -> f.id().equals(text)).findFirst().map(FormatOption::new)
                    .orElseThrow(() -> new TypeConversionException("'" + text + "' is no format; give auto, "
                            + Arrays.stream(Format.values()).map(Format::id).collect(Collectors.joining(", "))));
        }
    }

    static final class DeviceConverter implements ITypeConverter<String> {
        private static final Pattern FORM = Pattern.compile("auto|cpu|(cuda|emulator)(:\\d{1,4})?");

        @Override
        public String convert(String text) {
            if (FORM.matcher(text).matches()) return text;
            throw new TypeConversionException(
                    "'" + text + "' is no device; give auto, cpu, cuda, cuda:1 (the second GPU) or emulator");
        }
    }

    /** Of what runs PTX, which the CPU does not. */
    static final class PtxDeviceConverter implements ITypeConverter<String> {
        private static final Pattern FORM = Pattern.compile("auto|(cuda|emulator)(:\\d{1,4})?");

        @Override
        public String convert(String text) {
            if (FORM.matcher(text).matches()) return text;
            throw new TypeConversionException((text.equals("cpu")
                    ? "the CPU runs no PTX"
                    : "'" + text + "' is no device that runs PTX")
                    + "; give auto, cuda, cuda:1 (the second GPU) or emulator, which needs no GPU");
        }
    }

    /** Of a grid, a block or a cluster. */
    static final class ExtentConverter implements ITypeConverter<Dim3> {
        private static final Pattern FORM = Pattern.compile("(\\d{1,10})(?:[,x](\\d{1,10}))?(?:[,x](\\d{1,10}))?");

        @Override
        public Dim3 convert(String text) {
            var match = FORM.matcher(text);
            if (match.matches()) {
                long x = extent(match.group(1));
                long y = extent(match.group(2));
                long z = extent(match.group(3));
                if (Math.min(x, Math.min(y, z)) >= 1 && Math.max(x, Math.max(y, z)) <= Integer.MAX_VALUE) {
                    return Dim3.of((int) x, (int) y, (int) z);
                }
            }
            throw new TypeConversionException("'" + text + "' is no extent; give one to three whole numbers from 1 to "
                    + Integer.MAX_VALUE + ", such as 128 or 16,16");
        }

        private static long extent(String digits) { return digits == null ? 1 : Long.parseLong(digits); }
    }

    static final class BytesConverter implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            try {
                int bytes = Integer.parseInt(text);
                if (bytes >= 0) return bytes;
            } catch (NumberFormatException e) {
                // Said below.
            }
            throw new TypeConversionException("'" + text + "' is no number of bytes from 0 to " + Integer.MAX_VALUE);
        }
    }

    static final class CountConverter implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            try {
                long count = Long.parseLong(text);
                if (count >= 1) return count;
            } catch (NumberFormatException e) {
                // Said below.
            }
            throw new TypeConversionException("'" + text + "' is no count from 1 on");
        }
    }

    /** A number of things, from 1 on, that an array can hold. */
    static final class SmallCountConverter implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            try {
                int count = Integer.parseInt(text);
                if (count >= 1) return count;
            } catch (NumberFormatException e) {
                // Said below.
            }
            throw new TypeConversionException(
                    "'" + text + "' is no count; give a whole number from 1 to " + Integer.MAX_VALUE);
        }
    }
}
