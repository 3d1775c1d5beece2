package dev.culebra.cli;

import dev.culebra.llm.checkpoint.TensorType;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** One {@code --arg} of {@code launch}: a value, or device memory and where its bytes come from and go to. */
sealed interface LaunchArgument {

    /** As it was given. */
    String text();

    /**
     * A value.
     *
     * @param value as {@code Kernel.launch} takes it: Byte, Short, Integer, Long, Float, Double, or a segment with the bytes
     *        of a struct
     */
    record Value(String text, Object value) implements LaunchArgument {}

    /**
     * A tensor of a file.
     *
     * @param place FILE or FILE:TENSOR; which of them is known when one looks for the file
     * @param output the name under which the buffer is written after the launch, or null
     */
    record Tensor(String text, String place, String output) implements LaunchArgument {}

    /** Fresh device memory, written after the launch. */
    record Fresh(String text, String name, TensorType type, long count, boolean zeroed) implements LaunchArgument {
        long bytes() { return count * type.bits() / 8; }
    }

    /** The name under which it is written to the output file, if it is. */
    default Optional<String> outputName() {
        return switch (this) {
            case Value v -> Optional.empty();
            case Tensor t -> Optional.ofNullable(t.output);
            case Fresh f -> Optional.of(f.name);
        };
    }

    /** From words. */
    final class Converter implements ITypeConverter<LaunchArgument> {
        private static final Pattern WHOLE = Pattern.compile("([+-]?)(?:0[xX]([0-9a-fA-F]+)|(\\d+))");
        private static final Pattern POINT = Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");
        private static final Pattern INFINITY = Pattern.compile("([+-]?)inf(inity)?", Pattern.CASE_INSENSITIVE);
        /** PTX's own form for the bits of a float. */
        private static final Pattern BITS = Pattern.compile("0[fF]([0-9a-fA-F]{8})|0[dD]([0-9a-fA-F]{16})");

        /** Those that have a whole number of bytes and that kernels are likely to write. */
        private static final List<TensorType> TYPES = List.of(TensorType.F16, TensorType.BF16, TensorType.F32,
                TensorType.F64, TensorType.I8, TensorType.I16, TensorType.I32, TensorType.I64);

        /** Far beyond any memory, and with elements of 8 bytes not near the end of a long. */
        private static final long MOST_ELEMENTS = 1L << 48;

        private static final String FORMS = "give i32:5, i64:5, f32:0.5 (or i8, i16, f16, f64, bytes:HEX), "
                + "in:FILE[:TENSOR], out:NAME:TYPE:COUNT, zeros:NAME:TYPE:COUNT or inout:NAME:FILE[:TENSOR]";

        @Override
        public LaunchArgument convert(String text) {
            int colon = text.indexOf(':');
            if (colon < 0) throw wrong(text, "is no argument; " + FORMS);
            var rest = text.substring(colon + 1);
            return switch (text.substring(0, colon)) {
                case "i8" -> new Value(text, whole(text, rest, 8).byteValue());
                case "i16" -> new Value(text, whole(text, rest, 16).shortValue());
                case "i32" -> new Value(text, whole(text, rest, 32).intValue());
                case "i64" -> new Value(text, whole(text, rest, 64).longValue());
                case "f16" -> new Value(text, half(text, rest));
                case "f32" -> new Value(text, single(text, rest));
                case "f64" -> new Value(text, real(text, rest, true));
                case "bytes" -> new Value(text, bytes(text, rest));
                case "in" -> new Tensor(text, place(text, rest), null);
                case "inout" -> {
                    int second = rest.indexOf(':');
                    if (second < 0) throw wrong(text, "names no file; give inout:NAME:FILE or inout:NAME:FILE:TENSOR");
                    yield new Tensor(text, place(text, rest.substring(second + 1)),
                            name(text, rest.substring(0, second)));
                }
                case "out" -> fresh(text, rest, false);
                case "zeros" -> fresh(text, rest, true);
                default -> throw wrong(text, "is no argument; " + FORMS);
            };
        }

        private static TypeConversionException wrong(String text, String why) {
            return new TypeConversionException("'" + text + "' " + why);
        }

        /** Signed or unsigned: what counts is the bits, and a kernel's type is not known here. */
        private static BigInteger whole(String text, String digits, int bits) {
            var match = WHOLE.matcher(digits);
            if (match.matches()) {
                var value = integer(match);
                if (value.bitLength() < bits || value.signum() > 0 && value.bitLength() == bits) return value;
            }
            throw wrong(text,
                    Text.format("is no whole number of %d bits; give -2^%d to 2^%d - 1, such as 5, -1 or 0x1f",
                            bits, bits - 1, bits));
        }

        /** Of {@link #WHOLE}. */
        private static BigInteger integer(Matcher match) {
            var value = match.group(2) != null ? new BigInteger(match.group(2), 16) : new BigInteger(match.group(3));
            return match.group(1).equals("-") ? value.negate() : value;
        }

        private static short half(String text, String digits) {
            double value = real(text, digits, false);
            short bits = Float.floatToFloat16((float) value);
            if (Double.isFinite(value) && Float.isInfinite(Float.float16ToFloat(bits)))
                throw beyond(text, "f16", "65504");
            return bits;
        }

        private static float single(String text, String digits) {
            var bits = BITS.matcher(digits);
            if (bits.matches() && bits.group(1) != null) {
                return Float.intBitsToFloat(Integer.parseUnsignedInt(bits.group(1), 16));
            }
            // Rounded once, from the decimal: through a double it could be rounded twice.
            if (!POINT.matcher(digits).matches()) return (float) real(text, digits, false);
            float value = Float.parseFloat(digits);
            if (Float.isInfinite(value)) throw beyond(text, "f32", "3.4028235e38");
            return value;
        }

        private static double real(String text, String digits, boolean bitsToo) {
            var infinity = INFINITY.matcher(digits);
            if (infinity.matches()) {
                return infinity.group(1).equals("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
            }
            if (digits.equalsIgnoreCase("nan")) return Double.NaN;
            var bits = BITS.matcher(digits);
            if (bitsToo && bits.matches() && bits.group(2) != null) {
                return Double.longBitsToDouble(Long.parseUnsignedLong(bits.group(2), 16));
            }
            if (!POINT.matcher(digits).matches()) {
                throw wrong(text, "is no number; give one such as 0.5, -1e-3, nan, inf, or bits as PTX writes them: "
                        + "f32:0f3F800000, f64:0d3FF0000000000000");
            }
            double value = Double.parseDouble(digits);
            if (Double.isInfinite(value)) throw beyond(text, "f64", "1.7976931348623157e308");
            return value;
        }

        private static TypeConversionException beyond(String text, String type, String largest) {
            return wrong(text,
                    "is beyond " + type + "'s largest number, " + largest + "; infinity is " + type + ":inf");
        }

        private static MemorySegment bytes(String text, String digits) {
            try {
                var bytes = HexFormat.of().parseHex(digits);
                if (bytes.length > 0) return MemorySegment.ofArray(bytes);
            } catch (IllegalArgumentException e) {
                // Said below.
            }
            throw wrong(text, "is no struct; give its bytes in the order of memory, two hexadecimal digits each, "
                    + "such as bytes:0500000000000040");
        }

        private static String place(String text, String place) {
            if (place.isEmpty()) throw wrong(text, "names no file");
            return place;
        }

        private static String name(String text, String name) {
            if (name.isEmpty()) throw wrong(text, "gives the output no name");
            if (name.equals("__metadata__")) {
                throw wrong(text, "gives the output a name that the file format keeps for itself: __metadata__");
            }
            return name;
        }

        /** From the end: names may have colons. */
        private static Fresh fresh(String text, String rest, boolean zeroed) {
            int last = rest.lastIndexOf(':');
            int middle = last < 0 ? -1 : rest.lastIndexOf(':', last - 1);
            var form = (zeroed ? "zeros" : "out") + ":NAME:TYPE:COUNT";
            if (middle < 0) throw wrong(text, "is not complete; give " + form + ", such as out:y:f32:1000");
            var word = rest.substring(middle + 1, last);
            var type = TYPES.stream().filter(t -> t.name().toLowerCase(Locale.ROOT).equals(word)).findFirst()
                    .orElseThrow(() -> wrong(text, "has the type '" + word + "'; give one of " + TYPES.stream()
                            .map(t -> t.name().toLowerCase(Locale.ROOT)).collect(Collectors.joining(", "))));
            return new Fresh(text, name(text, rest.substring(0, middle)), type,
                    count(text, rest.substring(last + 1), form), zeroed);
        }

        private static long count(String text, String digits, String form) {
            var match = WHOLE.matcher(digits);
            if (match.matches()) {
                var count = integer(match);
                if (count.signum() >= 0 && count.compareTo(BigInteger.valueOf(MOST_ELEMENTS)) <= 0) {
                    return count.longValueExact();
                }
            }
            throw wrong(text, "has no count of elements from 0 to 2^48 at its end; give " + form);
        }
    }
}
