#!/bin/sh
# Compiles the cluster kernels again: PTX for sm_90 (for sm_90a where the headers want that), its .version lowered to the
# lowest that ptxas takes.
set -e
cd "$(dirname "$0")"
for cu in *.cu; do
    ptx="${cu%.cu}.ptx"
    arch=sm_90
    [ "$cu" = multicast.cu ] || [ "$cu" = warpgroup.cu ] && arch=sm_90a
    nvcc -O3 -std=c++17 -ptx -arch=$arch "$cu" -o "$ptx"
    for version in 7.8 8.0 8.1 8.2 8.3 8.4 8.5 8.6 8.7 8.8; do
        sed "s/^\.version .*/.version $version/" "$ptx" > "$ptx.try"
        if ptxas -arch=$arch "$ptx.try" -o /dev/null 2> /dev/null; then
            mv "$ptx.try" "$ptx"
            break
        fi
        rm "$ptx.try"
    done
done
