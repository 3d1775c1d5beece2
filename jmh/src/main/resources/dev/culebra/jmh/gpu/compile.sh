#!/bin/sh
# Makes read.ptx again. Needs nvcc and ptxas; nothing else does. Into a folder, or beside the source.
#
# The PTX is for compute_80, which every later GPU runs; its .version is lowered to the first that ptxas accepts, since a
# driver older than the toolkit refuses a newer one.
set -e
cd "$(dirname "$0")"
ptx="${1:-.}/read.ptx"
nvcc -ptx -arch=compute_80 -O3 -std=c++17 read.cu -o "$ptx"
for version in 7.0 7.1 7.2 7.3 7.4 7.5 7.6 7.7 7.8 8.0 8.1 8.2 8.3 8.4 8.5 8.6 8.7 8.8; do
    sed "s/^\.version .*/.version $version/" "$ptx" > "$ptx.try"
    if ptxas -arch=sm_80 "$ptx.try" -o /dev/null 2> /dev/null; then
        mv "$ptx.try" "$ptx"
        break
    fi
    rm "$ptx.try"
done
