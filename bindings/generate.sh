#!/usr/bin/env bash
# Makes src/main/java/dev/culebra/bindings again from CUDA's cudaTypedefs.h. Needed only when functions are added.
#   bindings/generate.sh [CUDA_INCLUDE_DIR]
set -euo pipefail
cd "$(dirname "$0")"
include=${1:-${CUDA_HOME:-/usr/local/cuda}/include}
if ! command -v jextract >/dev/null; then
  echo "generate.sh: jextract is not on the PATH. Get an early-access build from jdk.java.net/jextract, or build it from
openjdk/jextract against libclang 13, 14 or 15 (later ones print anonymous structs that do not compile)." >&2
  exit 1
fi
if [ ! -f "$include/cudaTypedefs.h" ]; then
  echo "generate.sh: no cudaTypedefs.h in $include; give the include folder of a CUDA 13 toolkit." >&2
  exit 1
fi
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
jextract @functions.args @structs.args @constants.args -I "$include" -t dev.culebra.bindings \
  --header-class-name CudaApi --output "$out" "$include/cudaTypedefs.h"
# size_t comes out as C's long, which has 4 bytes on 64-bit Windows. The driver API uses long for size_t alone, so it
# is 8 bytes everywhere we run.
sed -i 's/C_LONG = (ValueLayout.OfLong) Linker.nativeLinker().canonicalLayouts().get("long")/C_LONG = ValueLayout.JAVA_LONG/' \
  "$out"/dev/culebra/bindings/'CudaApi$shared.java'
# jextract ignores a name it does not know without a word.
missing=0
while read -r _ name; do
  if [ ! -f "$out/dev/culebra/bindings/$name.java" ]; then echo "generate.sh: $name was not generated" >&2; missing=1; fi
done < <(grep -- --include-typedef functions.args)
[ "$missing" = 0 ]
rm -f src/main/java/dev/culebra/bindings/*.java
mkdir -p src/main/java/dev/culebra/bindings
cp "$out"/dev/culebra/bindings/*.java src/main/java/dev/culebra/bindings/
