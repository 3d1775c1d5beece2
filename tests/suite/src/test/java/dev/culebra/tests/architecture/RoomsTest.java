package dev.culebra.tests.architecture;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.lang.foreign.Linker;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Who imports whom, held against the compiled classes. The picture is in ARCHITECTURE.md. */
class RoomsTest {

    private static final String BINDINGS = "dev.culebra.bindings..";
    private static final String SPARSE = "dev.culebra.sparse..";
    private static final String KERNEL = "dev.culebra.kernel..";
    private static final String DRIVER = "dev.culebra.driver..";
    private static final String SPMM = "dev.culebra.spmm..";
    private static final String LLM = "dev.culebra.llm..";
    private static final String LLM_PACKAGE = "dev.culebra.llm.";
    private static final String CLI = "dev.culebra.cli..";
    private static final String JMH_PACKAGE = "dev.culebra.jmh.";
    private static final String JMH = "dev.culebra.jmh..";
    private static final String EMULATOR = "dev.culebra.emulator..";
    private static final String[] JDK = {"java..", "jdk..", "com.sun.management.."}; // the last is module jdk.management's

    private static JavaClasses culebra;

    @BeforeAll
    static void importClasses() {
        // The suite is no room: it may look everywhere.
        culebra = new ClassFileImporter()
                .withImportOption(location -> !location.contains("dev/culebra/tests/"))
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_PACKAGE_INFOS).importPackages("dev.culebra");
        // A rule over nothing holds: make sure that every room was found.
        for (String room : new String[]{BINDINGS, SPARSE, KERNEL, DRIVER, SPMM, LLM, CLI, EMULATOR, JMH}) {
            assertFalse(culebra.that(resideInAPackage(room)).isEmpty(), () -> "no class of " + room + " was imported");
        }
    }

    @Test
    void bindingsImportNothing() { onlyDependOn(BINDINGS); }

    @Test
    void theContractImportsNothingOfOurs() {
        onlyDependOn(SPARSE);
        onlyDependOn(KERNEL, SPARSE);
    }

    @Test
    void driverStandsOnBindingsAlone() { onlyDependOn(DRIVER, BINDINGS); }

    @Test
    void productStandsOnDriverAndContractAlone() { onlyDependOn(SPMM, DRIVER, KERNEL, SPARSE); }

    @Test
    void emulatorKnowsTheProviderInterfaceAlone() { onlyDependOn(EMULATOR, BINDINGS, "dev.culebra.driver.spi.."); }

    /** The host path's benchmarks measure the bindings by themselves, and bring a driver of their own. */
    @Test
    void nothingElseTouchesBindings() {
        noClasses()
                .that(resideInAnyPackage(SPARSE, KERNEL, SPMM, LLM, CLI, "dev.culebra.examples..", JMH))
                .and().resideOutsideOfPackage(JMH_PACKAGE + "host..").should()
                .dependOnClassesThat(resideInAPackage(BINDINGS)).check(culebra);
    }

    @Test
    void modelSeesTheSpmmInterfaceAlone() {
        noClasses().that(resideInAPackage(LLM)).should()
                .dependOnClassesThat(resideInAnyPackage(DRIVER, KERNEL, EMULATOR, CLI))
                .check(culebra);
    }

    /** Files and text know nothing of the model that they belong to; what the model is put to knows it. */
    @Test
    void withinTheModelsRoom() {
        String json = LLM_PACKAGE + "json..";
        String memory = LLM_PACKAGE + "memory..";
        String checkpoint = LLM_PACKAGE + "checkpoint..";
        String tokenizer = LLM_PACKAGE + "tokenizer..";
        String opt = LLM_PACKAGE + "opt..";
        String prune = LLM_PACKAGE + "prune..";
        String evaluate = LLM_PACKAGE + "evaluate..";
        for (String room : new String[]{json, memory, checkpoint, tokenizer, opt, prune, evaluate}) {
            assertFalse(culebra.that(resideInAPackage(room)).isEmpty(), () -> "no class of " + room + " was imported");
        }
        neither(json, memory, checkpoint, tokenizer, opt, prune, evaluate);
        neither(memory, json, checkpoint, tokenizer, opt, prune, evaluate);
        neither(checkpoint, tokenizer, opt, prune, evaluate);
        neither(tokenizer, opt, prune, evaluate); // its files are a checkpoint's
        neither(opt, prune, evaluate);
        neither(prune, tokenizer, evaluate);
        neither(evaluate, prune);
    }

    /** Rows are everybody's word; a peer is compared with and compares nothing; groups are strangers to each other. */
    @Test
    void withinTheBenchmarksRoom() {
        List<String> groups = List.of("host", "cpu", "gpu", "text", "interpreter");
        for (String room : List.of("results", "peer", "run", "report", "bundle")) {
            assertFalse(culebra.that(resideInAPackage(JMH_PACKAGE + room + "..")).isEmpty(),
                    () -> "no class of " + room + " was imported");
        }
        notInJmh("results", groups, List.of("peer", "run", "report", "bundle"));
        notInJmh("peer", groups, List.of("results", "run", "report", "bundle"));
        notInJmh("run", groups, List.of("peer", "report", "bundle"));
        notInJmh("report", groups, List.of("peer", "bundle"));
        notInJmh("bundle", groups, List.of("peer", "report", "results"));
        for (String group : groups) {
            assertFalse(culebra.that(resideInAPackage(JMH_PACKAGE + group + "..")).isEmpty(),
                    () -> "no class of " + group + " was imported");
            notInJmh(group, groups.stream().filter(g -> !g.equals(group)).toList(), List.of("report", "bundle"));
        }
    }

    private static void notInJmh(String room, List<String> some, List<String> others) {
        neither(JMH_PACKAGE + room + "..", Stream.of(some, others).flatMap(List::stream)
                .map(o -> JMH_PACKAGE + o + "..").toArray(String[]::new));
    }

    @Test
    void nobodyImportsTheBenchmarks() {
        noClasses()
                .that(resideInAnyPackage(BINDINGS, SPARSE, KERNEL, DRIVER, SPMM, LLM, CLI, EMULATOR,
                        "dev.culebra.examples.."))
                .should().dependOnClassesThat(resideInAPackage(JMH)).check(culebra);
    }

    private static void neither(String room, String... others) {
        noClasses().that(resideInAPackage(room)).should().dependOnClassesThat(resideInAnyPackage(others))
                .check(culebra);
    }

    @Test
    void nobodyImportsTheEmulatorOrTheCommand() {
        noClasses().that(resideInAnyPackage(BINDINGS, SPARSE, KERNEL, DRIVER, SPMM, LLM, CLI, "dev.culebra.examples.."))
                .should().dependOnClassesThat(resideInAPackage(EMULATOR)).check(culebra);
        noClasses().that(resideInAnyPackage(BINDINGS, SPARSE, KERNEL, DRIVER, SPMM, LLM, EMULATOR))
                .should().dependOnClassesThat(resideInAPackage(CLI)).check(culebra);
    }

    @Test
    void packagesHaveNoCycles() { slices().matching("dev.culebra.(**)").should().beFreeOfCycles().check(culebra); }

    /** Raw, checked, safe: what the driver returns is looked at in one layer alone. */
    @Test
    void noLayerOverTheDriverIsSkipped() {
        noClasses().that().resideInAPackage("dev.culebra.driver").and()
                .haveSimpleNameNotStartingWith("Checked").and()
                .haveNameNotMatching("dev\\.culebra\\.driver\\.(DriverFunction|Functions|Errors)(\\$.*)?").should()
                .dependOnClassesThat().haveNameMatching("dev\\.culebra\\.bindings\\.PFN_.*").check(culebra);
    }

    /** Any driver call may block, and a critical downcall that blocks stalls the garbage collector of the whole JVM. */
    @Test
    void noDowncallIsCritical() {
        noClasses().should().callMethod(Linker.Option.class, "critical", boolean.class).check(culebra);
    }

    /** And what a kernel prints, which comes out where a GPU's does unless somebody wants it; and a process that we start and listen to. */
    @Test
    void onlyTheCommandAndTheExamplesPrint() {
        noClasses().that(resideInAnyPackage(SPARSE, KERNEL, DRIVER, SPMM, LLM, EMULATOR, JMH)).and()
                .doNotHaveFullyQualifiedName("dev.culebra.emulator.exec.DeviceSpec").and()
                .doNotHaveFullyQualifiedName("dev.culebra.jmh.peer.PeerTrial").should()
                .accessField(System.class, "out").orShould().accessField(System.class, "err").check(culebra);
    }

    private static void onlyDependOn(String room, String... allowed) {
        String[] all = new String[allowed.length + 1 + JDK.length];
        System.arraycopy(allowed, 0, all, 0, allowed.length);
        all[allowed.length] = room;
        System.arraycopy(JDK, 0, all, allowed.length + 1, JDK.length);
        classes().that(resideInAPackage(room)).should().onlyDependOnClassesThat(resideInAnyPackage(all)).check(culebra);
    }
}
