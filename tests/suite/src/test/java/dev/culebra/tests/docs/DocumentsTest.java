package dev.culebra.tests.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What can be asked of every page of documentation. */
class DocumentsTest {

    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#\\s]+)(#[^)]*)?\\)");
    /** What a build makes, and what is not the project's. */
    private static final Set<String> LEFT_OUT = Set.of("target", ".git", ".gpu", "node_modules");

    private static List<Path> pages() throws IOException {
        Path root = Files.exists(Path.of("ARCHITECTURE.md")) ? Path.of("") : Path.of("../..");
        List<Path> pages = new ArrayList<>();
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                return LEFT_OUT.contains(folder.getFileName().toString())
                        ? FileVisitResult.SKIP_SUBTREE
                        : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (file.toString().endsWith(".md")) {
                    pages.add(file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
        assertTrue(pages.size() > 10, () -> "found " + pages);
        return pages;
    }

    @Test
    void haveNoLeftoversOfAMerge() throws IOException {
        List<String> found = new ArrayList<>();
        for (Path page : pages()) {
            Files.readString(page).lines().filter(l -> l.matches("(<{7}|>{7}|\\|{7}) .*|={7}"))
                    .forEach(l -> found.add(page + ": " + l));
        }
        assertEquals(List.of(), found);
    }

    @Test
    void linkToFilesThatExist() throws IOException {
        List<String> missing = new ArrayList<>();
        int links = 0;
        for (Path page : pages()) {
            Matcher link = LINK.matcher(Files.readString(page));
            while (link.find()) {
                String to = link.group(1);
                if (to.contains(":")) {
                    continue; // an address
                }
                links++;
                if (!Files.exists(page.resolveSibling(to))) {
                    missing.add(page + ": " + to);
                }
            }
        }
        assertTrue(links > 20, links + " links are too few");
        assertEquals(List.of(), missing);
    }
}
