package dev.culebra.jmh.peer;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a machine may have NVIDIA's libraries, in the order in which they are tried: a property's path and nothing else;
 * the system's loader ({@code LD_LIBRARY_PATH}, {@code ldconfig}); CUDA toolkits; Python's packages, where each library has a
 * folder {@code nvidia/NAME/lib} and PyTorch brings some of its own.
 *
 * @param property a system property's value, or null
 * @param environment an environment variable's value, or null
 * @param root the file system's root; another one in tests
 */
public record Places(Function<String, String> property, Function<String, String> environment, Path root) {

    private static final Pattern NUMBER = Pattern.compile("\\d+");

    /** Newer versions first; of the same version the shorter name, which is the link to the file itself. */
    private static final Comparator<Path> NEWEST_FIRST = (a, b) -> {
        List<Integer> left = numbers(a.getFileName().toString()), right = numbers(b.getFileName().toString());
        for (int i = 0; i < Math.min(left.size(), right.size()); i++) {
            if (!left.get(i).equals(right.get(i))) return right.get(i) - left.get(i);
        }
        return a.toString().compareTo(b.toString());
    };

    /**
     * The real ones.
     *
     * @return of this process's properties, environment and files
     */
    public static Places ofThisMachine() { return new Places(System::getProperty, System::getenv, Path.of("/")); }

    /**
     * A library that can be looked for.
     *
     * @param title for people
     * @param property that names its file or folder
     * @param stem its file's name without a version
     * @param versions its file's major versions, the newest first
     * @param pip the Python package that has it
     */
    public record Library(String title, String property, String stem, List<Integer> versions, String pip) {

        /** {@code libx.so.1}, {@code libx.so}, and PyTorch's {@code libx-1f2e3d.so.1}. */
        private boolean isNamed(String file) {
            String name = stem.substring(0, stem.length() - ".so".length());
            return file.startsWith(stem) || file.matches(Pattern.quote(name) + "-[0-9a-f]+\\.so.*");
        }
    }

    /**
     * Where a library may be.
     *
     * @param library which
     * @return names for the system's loader and paths of files, best first; none where a property names something that is
     *         not there
     */
    public List<String> of(Library library) {
        String given = property.apply(library.property);
        if (given != null) return ofProperty(given, library);
        List<String> files = new ArrayList<>();
        library.versions.forEach(version -> files.add(library.stem + "." + version));
        folders().forEach(folder -> list(folder, library::isNamed).forEach(file -> files.add(file.toString())));
        return List.copyOf(new LinkedHashSet<>(files));
    }

    private static List<String> ofProperty(String given, Library library) {
        Path path;
        try {
            path = Path.of(given).toAbsolutePath();
        } catch (InvalidPathException e) {
            return List.of();
        }
        if (Files.isDirectory(path)) return list(path, library::isNamed).stream().map(Path::toString).toList();
        return Files.exists(path) ? List.of(path.toString()) : List.of();
    }

    /**
     * A library by its file's full name, such as one that another library needs.
     *
     * @param file such as {@code libnvJitLink.so.13}
     * @return files of this name in toolkits and Python's packages
     */
    public List<Path> named(String file) {
        List<Path> found = new ArrayList<>();
        for (Path folder : folders()) {
            if (Files.exists(folder.resolve(file))) found.add(folder.resolve(file));
        }
        return found;
    }

    /**
     * That it was not found.
     *
     * @param library which
     * @return a sentence: what was looked for where, and what to do
     */
    public String notFound(Library library) {
        String given = property.apply(library.property);
        String advice = "-D" + library.property + "=PATH, its file or folder";
        if (given != null) {
            return "-D" + library.property + "=" + given + " is no file, and no folder with a " + library.stem
                    + " in it; give " + advice + ", or leave it out to look in the usual places";
        }
        return library.title + " was not found: no " + library.stem + "." + library.versions.getFirst()
                + (library.versions.size() > 1
                        ? " (or an older version down to " + library.versions.getLast() + ")"
                        : "")
                + " by the system's loader, in " + count(toolkits().size(), "CUDA toolkit folder") + " and in "
                + count(packages().size(), "folder") + " of Python packages; install it with pip install " + library.pip
                + ", or give " + advice;
    }

    private static String count(int n, String what) { return n + " " + what + (n == 1 ? "" : "s"); }

    /** All folders that may have libraries, the loader's aside. */
    private Set<Path> folders() {
        Set<Path> folders = new LinkedHashSet<>(toolkits());
        for (Path packages : packages()) {
            for (Path one : list(packages.resolve("nvidia"), name -> true)) addFolder(folders, one.resolve("lib"));
            addFolder(folders, packages.resolve("torch/lib"));
        }
        return folders;
    }

    private Set<Path> toolkits() {
        Set<Path> toolkits = new LinkedHashSet<>();
        for (String variable : List.of("CUDA_HOME", "CUDA_PATH")) variable(variable).forEach(toolkits::add);
        toolkits.addAll(list(root.resolve("usr/local"), name -> name.startsWith("cuda")));
        toolkits.addAll(list(root.resolve("opt"), name -> name.startsWith("cuda")));
        Set<Path> folders = new LinkedHashSet<>();
        for (Path toolkit : toolkits) {
            addFolder(folders, toolkit.resolve("lib64"));
            list(toolkit.resolve("targets"), name -> true).forEach(target -> addFolder(folders, target.resolve("lib")));
        }
        // Debian's cuSPARSELt: a folder for each CUDA version.
        for (Path family : list(root.resolve("usr/lib"), name -> name.endsWith("-linux-gnu"))) {
            list(family.resolve("libcusparseLt"), name -> true).forEach(folder -> addFolder(folders, folder));
        }
        return folders;
    }

    /** Folders of Python packages: of the environment that is active, of {@code python3}, and of the usual places. */
    private Set<Path> packages() {
        Set<Path> prefixes = new LinkedHashSet<>();
        for (String name : List.of("VIRTUAL_ENV", "CONDA_PREFIX")) variable(name).forEach(prefixes::add);
        for (Path bin : variable("PATH")) {
            if (Files.isExecutable(bin.resolve("python3")) && bin.getParent() != null) prefixes.add(bin.getParent());
        }
        for (Path home : variable("HOME")) {
            prefixes.add(home.resolve(".local"));
            prefixes.addAll(list(home, name -> name.matches("\\.?venv|(mini|ana)conda3|miniforge3")));
        }
        prefixes.add(root.resolve("usr"));
        prefixes.add(root.resolve("usr/local"));
        for (Path one : list(root.resolve("opt"), name -> true)) {
            prefixes.add(one);
            prefixes.addAll(list(one, name -> name.matches("\\.?venv")));
        }
        Set<Path> packages = new LinkedHashSet<>();
        for (Path prefix : prefixes) {
            for (Path python : list(prefix.resolve("lib"), name -> name.startsWith("python3"))) {
                addFolder(packages, python.resolve("site-packages"));
                addFolder(packages, python.resolve("dist-packages"));
            }
        }
        return packages;
    }

    /** The folders that a variable names; none for what is no path. */
    private List<Path> variable(String name) {
        String value = environment.apply(name);
        List<Path> paths = new ArrayList<>();
        for (String part : value == null ? new String[0] : value.split(":")) {
            try {
                if (!part.isEmpty()) paths.add(Path.of(part));
            } catch (InvalidPathException e) {
                // Nothing can be there.
            }
        }
        return paths;
    }

    /** Once, however many links lead to it. */
    private static void addFolder(Collection<Path> folders, Path folder) {
        if (!Files.isDirectory(folder)) return;
        try {
            folders.add(folder.toRealPath());
        } catch (IOException e) {
            // It went away, or may not be read.
        }
    }

    /** What a folder has, the newest version first; nothing where it can not be read. */
    private static List<Path> list(Path folder, Predicate<String> names) {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder,
                entry -> names.test(entry.getFileName().toString()))) {
            entries.forEach(found::add);
        } catch (IOException | DirectoryIteratorException e) {
            return List.of();
        }
        found.sort(NEWEST_FIRST);
        return found;
    }

    private static List<Integer> numbers(String text) {
        List<Integer> numbers = new ArrayList<>();
        Matcher matcher = NUMBER.matcher(text);
        // Nine digits fit into an int; a hash in a name may have more, and orders nothing.
        while (matcher.find()) numbers.add(matcher.group().length() > 9 ? 0 : Integer.parseInt(matcher.group()));
        return numbers;
    }
}
