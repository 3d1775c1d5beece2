package dev.culebra.tests.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.jmh.peer.Places;
import dev.culebra.jmh.peer.Places.Library;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where libraries are looked for, in folders that were made up. */
class PlacesTest {

    private static final Library LT = new Library("cuBLASLt", "lt", "libcublasLt.so", List.of(13, 12), "nvidia-cublas");
    private static final Library SPARSE = new Library("cuSPARSE", "sparse", "libcusparse.so", List.of(12),
            "nvidia-cusparse");

    @TempDir
    private Path root;

    private final Map<String, String> properties = new HashMap<>();
    private final Map<String, String> environment = new HashMap<>();
    private Places places;

    @BeforeEach
    void open() throws IOException {
        root = root.toRealPath();
        places = new Places(properties::get, environment::get, root);
    }

    private Path file(String name) {
        try {
            Path file = root.resolve(name);
            Files.createDirectories(file.getParent());
            return Files.createFile(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** What is found, below the root and without the loader's names. */
    private List<String> found(Library library) {
        return places.of(library).stream().filter(file -> file.startsWith("/"))
                .map(file -> root.relativize(Path.of(file)).toString()).toList();
    }

    @Test
    void theLoaderIsAskedFirstForTheNewestVersion() {
        file("usr/local/cuda/lib64/libcublasLt.so.13");
        assertEquals(List.of("libcublasLt.so.13", "libcublasLt.so.12",
                root.resolve("usr/local/cuda/lib64/libcublasLt.so.13").toString()), places.of(LT));
    }

    /** Each is put where a later one of the list would hide it if the order were another. */
    @Test
    void thenToolkitsThenPythonsPackages() throws IOException {
        String site = "lib/python3.12/site-packages/nvidia/", lib = "/lib/libcublasLt.so.12";
        List<String> order = new ArrayList<>();
        environment.put("CUDA_HOME", root.resolve("chosen").toString());
        order.add("chosen/lib64/libcublasLt.so.12");
        order.add("usr/local/cuda-13.0/lib64/libcublasLt.so.12");
        order.add("usr/local/cuda-13.0/targets/x86_64-linux/lib/libcublasLt.so.12");
        order.add("usr/local/cuda-12.9/lib64/libcublasLt.so.12");
        environment.put("VIRTUAL_ENV", root.resolve("active").toString());
        order.add("active/" + site + "cublas" + lib);
        environment.put("PATH", "/nowhere::" + root.resolve("python/bin"));
        Files.createDirectories(root.resolve("python/bin"));
        Files.createFile(root.resolve("python/bin/python3"),
                PosixFilePermissions.asFileAttribute(
                        PosixFilePermissions.fromString("rwxr-xr-x")));
        order.add("python/" + site + "cu13" + lib);
        environment.put("HOME", root.resolve("me").toString());
        order.add("me/.local/" + site + "cublas" + lib);
        order.add("me/venv/" + site + "cublas" + lib);
        order.add("usr/lib/python3/dist-packages/nvidia/cublas" + lib);
        order.add("opt/torch/.venv/" + site + "cu13" + lib);
        order.add("opt/torch/.venv/lib/python3.12/site-packages/torch/lib/libcublasLt.so.12");
        for (int i = order.size() - 1; i >= 0; i--) file(order.get(i));
        assertEquals(order, found(LT));
    }

    @Test
    void newerVersionsFirstAndNoOtherLibrary() {
        for (String name : List.of("libcusparse.so.9", "libcusparse.so.12", "libcusparse.so.12.6.3",
                "libcusparseLt.so.0",
                "libcusparse-1a2b3c.so.12", "libcusparse.a", "libcusparse_static.so.12", "README")) {
            file("usr/local/cuda/lib64/" + name);
        }
        List<String> found = found(SPARSE).stream().map(file -> file.substring(file.lastIndexOf('/') + 1)).toList();
        assertEquals(
                List.of("libcusparse.so.12", "libcusparse.so.12.6.3", "libcusparse.so.9", "libcusparse-1a2b3c.so.12"),
                found);
    }

    @Test
    void aFolderThatLinksLeadToCountsOnce() throws IOException {
        file("usr/local/cuda-13.0/lib64/libcublasLt.so.13");
        Files.createSymbolicLink(root.resolve("usr/local/cuda"), Path.of("cuda-13.0"));
        assertEquals(List.of("usr/local/cuda-13.0/lib64/libcublasLt.so.13"), found(LT));
    }

    @Test
    void aPropertyIsTheOnlyPlace() {
        file("usr/local/cuda/lib64/libcublasLt.so.13");
        Path other = file("mine/libcublasLt.so.12");
        properties.put("lt", other.toString());
        assertEquals(List.of(other.toString()), places.of(LT), "a file");
        properties.put("lt", other.getParent().toString());
        assertEquals(List.of(other.toString()), places.of(LT), "a folder");
        for (String wrong : List.of(root.resolve("none").toString(), root.resolve("usr").toString(), "no\0path")) {
            properties.put("lt", wrong);
            assertEquals(List.of(), places.of(LT), wrong);
            assertEquals(
                    "-Dlt=" + wrong + " is no file, and no folder with a libcublasLt.so in it; give -Dlt=PATH, its file"
                            + " or folder, or leave it out to look in the usual places",
                    places.notFound(LT));
        }
    }

    @Test
    void theSentenceSaysWhatWasLookedForAndWhatToDo() {
        file("usr/local/cuda/lib64/libcudart.so.13");
        file("opt/a/venv/lib/python3.11/site-packages/numpy/x");
        file("opt/b/.venv/lib/python3.12/site-packages/nvidia/cublas/lib/x");
        assertEquals(
                "cuBLASLt was not found: no libcublasLt.so.13 (or an older version down to 12) by the system's loader, in"
                        + " 1 CUDA toolkit folder and in 2 folders of Python packages; install it with pip install nvidia-cublas, or"
                        + " give -Dlt=PATH, its file or folder",
                places.notFound(LT));
    }

    @Test
    void whatALibraryNeedsIsFoundByItsName() {
        Path needed = file("opt/x/.venv/lib/python3.12/site-packages/nvidia/nvjitlink/lib/libnvJitLink.so.12");
        file("opt/x/.venv/lib/python3.12/site-packages/nvidia/nvjitlink/lib/libnvJitLink.so.12.9");
        assertEquals(List.of(needed), places.named("libnvJitLink.so.12"));
        assertEquals(List.of(), places.named("libnvJitLink.so.13"));
    }

    @Test
    void whatIsNoFolderIsPassedOver() {
        file("usr/local/cuda");
        file("opt/x");
        environment.put("VIRTUAL_ENV", "no\0path");
        environment.put("HOME", "");
        assertEquals(List.of(), found(LT));
        assertTrue(places.notFound(LT).contains("in 0 CUDA toolkit folders and in 0 folders"), places.notFound(LT));
    }
}
