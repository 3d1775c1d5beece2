#!/bin/sh
# Compiles the textbook kernels again: PTX for sm_80, its .version lowered to the lowest that ptxas takes. Into a folder, or
# beside the sources.
set -e
cd "$(dirname "$0")"
folder="${1:-.}"
for cu in *.cu; do
    ptx="$folder/${cu%.cu}.ptx"
    nvcc -O3 -std=c++17 -ptx -arch=sm_80 "$cu" -o "$ptx"
    for version in 7.0 7.1 7.2 7.3 7.4 7.5 7.6 7.7 7.8 8.0 8.1 8.2 8.3 8.4 8.5 8.6 8.7 8.8; do
        sed "s/^\.version .*/.version $version/" "$ptx" > "$ptx.try"
        if ptxas -arch=sm_80 "$ptx.try" -o /dev/null 2> /dev/null; then
            mv "$ptx.try" "$ptx"
            break
        fi
        rm "$ptx.try"
    done
done
