package dev.culebra.tests.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.jmh.results.ResultFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page in a browser, where one is installed. */
class BrowserTest {

    /** What a reader may do, all of it; then says so. What fails in it is an error on the console. */
    private static final String READER = """
            <script>
            for (const list of document.querySelectorAll("select")) {
              for (const at of [list.options.length - 1, 0]) {
                list.selectedIndex = at;
                list.dispatchEvent(new Event("change"));
              }
            }
            document.querySelectorAll("th button").forEach(b => { b.click(); b.click(); });
            const search = document.querySelector(".search");
            search.value = "culebra lane-lists 7168x7168x8 warm";
            search.dispatchEvent(new Event("input"));
            document.documentElement.dataset.found = search.nextElementSibling.textContent;
            document.querySelectorAll("button.more").forEach(b => b.click());
            document.getElementById("theme").click();
            document.documentElement.dataset.read = "yes";
            </script>
            """;

    @TempDir
    private Path folder;
    private Browser browser;

    @BeforeEach
    void find() {
        var found = Browser.find();
        assumeTrue(found.isPresent(),
                "no browser of Chromium's family is on the PATH, nor named by -Dculebra.browser=");
        browser = found.get();
    }

    @Test
    void everyChartDrawsAllItsPoints() throws IOException, InterruptedException {
        String html = Command.page(MadeUp.files(folder));
        Path page = folder.resolve("page.html");
        Files.writeString(page, html.replace("</body>", READER + "</body>"));
        Browser.Seen seen = browser.open(page);
        assertEquals(List.of(), seen.console());
        var data = PageTest.data(html);
        // Each chart's points as the data have them, of the variant that is seen first.
        int charts = 0;
        int points = 0;
        for (var chart : data.findParents("style")) {
            charts++;
            for (var series : chart.at("/variants/" + chart.get("start").asInt() + "/series")) {
                points += series.get("points").size();
                assertTrue(series.get("points").size() > 0, () -> chart.get("title") + ": " + series.get("name"));
            }
        }
        assertEquals(String.valueOf(charts),
                seen.attribute("data-charts").orElse("the script did not come to its end"));
        assertEquals(String.valueOf(points), seen.attribute("data-points").orElse(""));
        assertEquals("0", seen.attribute("data-lost").orElse(""));
        assertEquals("yes", seen.attribute("data-read").orElse("a reader's act failed"));
        // One row for each of the five sparsities.
        long rows = data.at("/machines/0/sections").findValue("rows").size();
        assertTrue(rows > 0);
        assertTrue(seen.attribute("data-found").orElse("").startsWith("5 of "),
                seen.attribute("data-found").toString());
    }

    @Test
    void whatAFileSaysIsTextOnThePage() throws IOException, InterruptedException {
        Path file = folder.resolve("hostile.json");
        ResultFiles.write(file, PageTest.hostile());
        Path page = folder.resolve("page.html");
        Files.writeString(page, Command.page(List.of(file)));
        Browser.Seen seen = browser.open(page);
        assertEquals(List.of(), seen.console());
        assertEquals("1", seen.attribute("data-charts").orElse("the script did not come to its end"));
        assertFalse(seen.attribute("data-hacked").isPresent());
        // As text: a browser writes it with its signs escaped.
        assertTrue(seen.dom().contains("&lt;img src=x onerror="), "the text is seen");
        assertFalse(seen.dom().contains("<img"));
    }
}
