#!/bin/sh
# Runs what is in this bundle with the Java that came with it: see usage below. Any POSIX shell, from any folder.
set -u

fail() {
    echo "run.sh: $*" >&2
    exit 1
}

usage() {
    cat << 'END'
Culebra @VERSION@ (@COMMIT@)

  ./run.sh bench [GROUP...] [--quick] [--out FILE]   measure; results go to a file in the current folder
  ./run.sh report [FILE...] [--out FILE.html]        make a page of them
  ./run.sh compare OLD NEW                           name what got slower
  ./run.sh test [SUITE|CLASS...]                     run the tests that want a GPU, on the GPU
  ./run.sh test --emulator [SUITE|CLASS...]          run them without one
  ./run.sh test --list                               name the suites
  ./run.sh culebra [COMMAND ...]                     the culebra command ('./run.sh culebra help')
  ./run.sh help

Environment: CULEBRA_JAVA_OPTIONS   options for the JVM, such as -Xmx8g
             CULEBRA_CUDA_DRIVER    the driver's library, where it is not found by itself
END
}

# The folder of this script, through whatever links.
find_root() {
    script=$0
    while [ -L "$script" ]; do
        link=$(readlink "$script") || return 1
        case $link in
            /*) script=$link ;;
            *) script=$(dirname "$script")/$link ;;
        esac
    done
    CDPATH='' cd "$(dirname "$script")" > /dev/null && pwd -P
}

# Bytes of memory that this process may have: the machine's, or its container's where that is less. Nothing if neither is known.
memory() {
    bytes=
    [ -r /proc/meminfo ] && bytes=$(sed -n 's/^MemTotal: *\([0-9]*\) kB$/\1/p' /proc/meminfo) && bytes=$((bytes * 1024))
    for file in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
        [ -r "$file" ] && read -r limit < "$file" || continue
        case $limit in '' | *[!0-9]*) continue ;; esac # "max" is no limit
        # Version 1 says "no limit" as a number of 19 digits, which some shells' arithmetic can not take.
        [ "${#limit}" -gt 17 ] && continue
        if [ -z "$bytes" ] || [ "$limit" -lt "$bytes" ]; then bytes=$limit; fi
    done
    echo "$bytes"
}

case ${1:-help} in
    help | -h | --help)
        usage
        exit
        ;;
    bench | report | compare | test | culebra) ;;
    *)
        echo "run.sh: no '$1'; there are bench, report, compare, test, culebra, help (see './run.sh help')" >&2
        exit 2
        ;;
esac

# The JVM would say it in a stack trace.
here=$(pwd)
[ -d "$here" ] || fail "the current folder does not exist any more: change to another one"
root=$(find_root) || fail "can not find the folder of $0"
case $root in *:*) fail "'$root' has a ':' in it, which divides paths for Java: move the bundle to another folder" ;; esac
[ "$(uname -sm)" = "@SYSTEM@" ] || fail "the Java in this bundle is for @SYSTEM@, and this is $(uname -sm): make a bundle on such a machine"
java=$root/java/bin/java
[ -x "$java" ] || fail "$java is missing or may not be run: unpack the whole archive, to a disk that programs may be run from"

# Java takes file names to be ASCII in the locale "C"; in this one they are what they are.
case ${LC_ALL:-${LC_CTYPE:-${LANG:-C}}} in C | POSIX) export LC_ALL=C.UTF-8 ;; esac

command=$1
shift
[ "$command" = culebra ] || [ "$command" = test ] || set -- "$command" "$@"
# Options come in front of the arguments in turn, the last here first. Those of the environment are divided at blanks, as
# the launcher of a checkout does, and nothing in them is a pattern.
if [ "$command" = test ]; then
    set -- -cp "$root/tests/suite/lib/*:$root/lib/benchmarks.jar" dev.culebra.tests.hardware.HardwareTests \
        --log "$here/culebra-test-$(date +%Y%m%d-%H%M%S).log" "$@"
    # A kernel that spins holds streams up in some tests, and one that is loaded late would wait for it.
    export CUDA_MODULE_LOADING=EAGER
    # Where the suite's build runs it; files are read by their paths from there.
    cd "$root/tests/suite" || fail "can not enter $root/tests/suite"
else
    set -- -cp "$root/lib/benchmarks.jar" dev.culebra.cli.Culebra "$@"
fi
set -f
# shellcheck disable=SC2086
set -- ${CULEBRA_JAVA_OPTIONS:-} "$@"
set +f
# As the launcher of a checkout does: vector code that is interpreted meanwhile is slower than the wait for the compiler, also
# where products are measured in this JVM.
[ "$command" = test ] || set -- -Xbatch "$@"
# From 24 on the JVM complains of what JMH does, in four lines.
case $(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$root/java/release" 2> /dev/null) in
    22 | 23 | '') ;;
    *) set -- --sun-misc-unsafe-memory-access=allow "$@" ;;
esac
[ -t 1 ] && set -- -Dculebra.terminal.output=true "$@"
[ -t 2 ] && set -- -Dculebra.terminal=true "$@"
# Encoded weights lie outside the Java heap, and by itself the JVM gives them no more than the heap may have, a quarter of
# the memory. A tenth is left to the heap and the system.
bytes=$(memory)
[ -n "$bytes" ] && set -- "-XX:MaxDirectMemorySize=$((bytes / 10 * 9))" "$@"
set -- --enable-native-access=ALL-UNNAMED --add-modules=jdk.incubator.vector "-Dculebra.commit=@COMMIT@" "$@"
# The JVM names its incubator modules on standard error before any Java runs. As in a checkout it starts with a filter there
# and the real standard error as descriptor 3, which Culebra's first act makes standard error again; only bash can start a
# filter and still become Java. Without bash that line is seen.
if [ -e /dev/fd/2 ] && command -v bash > /dev/null && command -v sed > /dev/null; then
    [ "$command" = test ] || set -- -Dculebra.stderr=3 "$@"
    # shellcheck disable=SC2016
    exec bash +o posix -c 'exec "$@" 3>&2 2> >(exec sed -e "/^WARNING: Using incubator modules: /d" >&3)' bash "$java" "$@"
fi
exec "$java" "$@"
