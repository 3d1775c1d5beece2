package dev.culebra.emulator.exec;

import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * C's printf as the device has it (CUDA C++ Programming Guide, "Formatted Output"): flags {@code # blank 0 + -}, a width that
 * may be {@code *}, a precision, sizes {@code h l ll}, and the conversions {@code % c d i o u x X p e E f F g G a A s}. At most
 * 32 arguments; a conversion beyond them, and one that is not known, is printed as it stands.
 */
final class PrintFormat {

    private static final int MOST_ARGUMENTS = 32;

    /** Where values come from. */
    interface Arguments {
        /**
         * The next value.
         *
         * @param bytes 4 or 8: its size and alignment
         * @return its bits
         */
        long next(int bytes);

        /**
         * A text.
         *
         * @param address where it is, not null
         * @return its bytes without the one that ends it
         */
        byte[] text(long address);
    }

    private final byte[] format;
    private final ByteArrayOutputStream out;
    private final Arguments arguments;
    private int at;
    private int taken;

    private boolean left;
    private boolean plus;
    private boolean blank;
    private boolean alternate;
    private boolean zeros;
    private int width;
    private int precision;
    private boolean wide;

    private PrintFormat(byte[] format, ByteArrayOutputStream out, Arguments arguments) {
        this.format = format;
        this.out = out;
        this.arguments = arguments;
    }

    /**
     * Formats.
     *
     * @param format the format's bytes
     * @param out where the text goes
     * @param arguments the values
     * @return how many values were taken
     */
    static int format(byte[] format, ByteArrayOutputStream out, Arguments arguments) {
        PrintFormat f = new PrintFormat(format, out, arguments);
        while (f.at < format.length) {
            if (format[f.at] == '%') {
                f.conversion();
            } else {
                out.write(format[f.at++]);
            }
        }
        return f.taken;
    }

    private int peek() { return at < format.length ? format[at] : 0; }

    private boolean accept(char c) {
        if (peek() == c) {
            at++;
            return true;
        }
        return false;
    }

    private int number() {
        int n = 0;
        while (peek() >= '0' && peek() <= '9') {
            n = Math.min(10 * n + format[at++] - '0', 1 << 16); // wider than any text needs
        }
        return n;
    }

    private long next(int bytes) {
        taken++;
        return arguments.next(bytes);
    }

    private void conversion() {
        int start = at++;
        left = plus = blank = alternate = zeros = false;
        for (boolean flag = true; flag;) {
            switch (peek()) {
                case '-' -> left = true;
                case '+' -> plus = true;
                case ' ' -> blank = true;
                case '#' -> alternate = true;
                case '0' -> zeros = true;
                default -> flag = false;
            }
            at += flag ? 1 : 0;
        }
        if (accept('*')) {
            width = taken < MOST_ARGUMENTS ? (int) next(4) : 0;
            left |= width < 0;
            width = Math.min(Math.abs(width), 1 << 16);
        } else {
            width = number();
        }
        precision = -1;
        if (accept('.')) {
            precision = accept('*') && taken < MOST_ARGUMENTS ? (int) next(4) : number();
        }
        wide = false;
        int halves = 0;
        for (;;) {
            if (accept('l') || accept('z') || accept('j') || accept('t')) {
                wide = true;
            } else if (accept('h')) {
                halves++;
            } else {
                break;
            }
        }
        int c = peek();
        at += at < format.length ? 1 : 0;
        if (c == '%') {
            out.write('%');
        } else if (c == 0 || "cdiouxXpeEfFgGaAs".indexOf(c) < 0 || taken >= MOST_ARGUMENTS) {
            out.write(format, start, at - start);
        } else {
            convert((char) c, halves);
        }
    }

    private void convert(char c, int halves) {
        switch (c) {
            case 'c' -> pad(new byte[]{(byte) next(4)});
            case 's' -> {
                long address = next(8);
                byte[] text = address == 0 ? "(null)".getBytes(StandardCharsets.US_ASCII) : arguments.text(address);
                pad(precision >= 0 && precision < text.length ? java.util.Arrays.copyOf(text, precision) : text);
            }
            case 'p' -> {
                long v = next(8);
                pad((v == 0 ? "(nil)" : "0x" + Long.toHexString(v)).getBytes(StandardCharsets.US_ASCII));
            }
            case 'd', 'i' -> {
                long v = wide ? next(8) : (int) next(4);
                v = halves == 1 ? (short) v : halves > 1 ? (byte) v : v;
                integer(v < 0, "", v < 0 ? Long.toUnsignedString(-v) : Long.toString(v));
            }
            case 'u', 'o', 'x', 'X' -> {
                long v = wide ? next(8) : next(4) & 0xffffffffL;
                v = halves == 1 ? v & 0xffff : halves > 1 ? v & 0xff : v;
                plus = blank = false;
                switch (c) {
                    case 'u' -> integer(false, "", Long.toUnsignedString(v));
                    case 'o' -> {
                        String digits = Long.toOctalString(v);
                        integer(false, "", alternate && !digits.startsWith("0") ? "0" + digits : digits);
                    }
                    case 'x' -> integer(false, alternate && v != 0 ? "0x" : "", Long.toHexString(v));
                    default -> integer(false, alternate && v != 0 ? "0X" : "",
                            Long.toHexString(v).toUpperCase(Locale.ROOT));
                }
            }
            default -> floating(c, Double.longBitsToDouble(next(8)));
        }
    }

    private void pad(byte[] text) {
        if (!left) {
            fill(width - text.length, ' ');
        }
        out.writeBytes(text);
        if (left) {
            fill(width - text.length, ' ');
        }
    }

    private void fill(int n, char c) {
        for (int i = 0; i < n; i++) {
            out.write(c);
        }
    }

    private String sign(boolean negative) { return negative ? "-" : plus ? "+" : blank ? " " : ""; }

    private void integer(boolean negative, String prefix, String digits) {
        String d = digits.equals("0") && precision == 0 ? "" : digits;
        d = "0".repeat(Math.max(0, precision - d.length())) + d;
        number(sign(negative) + prefix, d, zeros && precision < 0);
    }

    private void number(String prefix, String digits, boolean filled) {
        String zeroes = filled && !left ? "0".repeat(Math.max(0, width - prefix.length() - digits.length())) : "";
        pad((prefix + zeroes + digits).getBytes(StandardCharsets.US_ASCII));
    }

    private void floating(char c, double v) {
        boolean upper = Character.isUpperCase(c);
        boolean negative = Double.doubleToRawLongBits(v) < 0;
        String digits;
        if (Double.isNaN(v) || Double.isInfinite(v)) {
            digits = Double.isNaN(v) ? "nan" : "inf";
            zeros = false;
        } else {
            double a = Math.abs(v);
            int p = precision < 0 ? 6 : precision;
            digits = switch (Character.toLowerCase(c)) {
                case 'f' -> fixed(a, p);
                case 'e' -> scientific(a, p);
                case 'g' -> general(a, Math.max(p, 1));
                default -> hexadecimal(a);
            };
        }
        String prefix = "";
        if (digits.startsWith("0x")) {
            prefix = "0x";
            digits = digits.substring(2);
        }
        number(sign(negative) + (upper ? prefix.toUpperCase(Locale.ROOT) : prefix),
                upper ? digits.toUpperCase(Locale.ROOT) : digits, zeros);
    }

    private String fixed(double v, int p) {
        String s = new BigDecimal(v).setScale(p, RoundingMode.HALF_EVEN).toPlainString();
        return p == 0 && alternate ? s + "." : s;
    }

    private static int exponentOf(BigDecimal rounded) {
        return rounded.signum() == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
    }

    private static BigDecimal round(double v, int digits) {
        return new BigDecimal(v).round(new MathContext(digits, RoundingMode.HALF_EVEN));
    }

    private String scientific(double v, int p) {
        BigDecimal r = round(v, p + 1);
        int e = exponentOf(r);
        String digits = r.movePointLeft(e).setScale(p, RoundingMode.HALF_EVEN).toPlainString();
        return digits + (p == 0 && alternate ? "." : "") + "e" + (e < 0 ? "-" : "+") + (Math.abs(e) < 10 ? "0" : "")
                + Math.abs(e);
    }

    private String general(double v, int p) {
        int e = exponentOf(round(v, p));
        boolean exponent = e < -4 || e >= p;
        String s = exponent ? scientific(v, p - 1) : fixed(v, p - 1 - e);
        if (alternate || s.indexOf('.') < 0) {
            return s;
        }
        int tail = exponent ? s.indexOf('e') : s.length();
        int end = tail;
        while (s.charAt(end - 1) == '0') {
            end--;
        }
        end -= s.charAt(end - 1) == '.' ? 1 : 0;
        return s.substring(0, end) + s.substring(tail);
    }

    /** All its digits; a precision is not looked at. */
    private static String hexadecimal(double v) {
        String s = Double.toHexString(v).replace(".0p", "p");
        int p = s.indexOf('p') + 1;
        return s.charAt(p) == '-' ? s : s.substring(0, p) + "+" + s.substring(p);
    }
}
