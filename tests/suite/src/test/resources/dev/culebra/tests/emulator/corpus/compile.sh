#!/bin/bash
# Compiles this folder's sources; what it makes is committed. Needs nvcc 13 and, for the .py, a Python with triton 3.8.
set -e
cd "$(dirname "$0")"
nvcc -std=c++17 -w -arch=compute_80 -ptx -o objects.ptx objects.cu
nvcc -std=c++17 -w -arch=compute_90 -G -ptx -o objects-debug.ptx objects.cu
nvcc -std=c++17 -w -arch=compute_80 -lineinfo -ptx -o fragments.ptx fragments.cu
nvcc -std=c++17 -w -arch=compute_90 -ptx -o formats.ptx formats.cu
nvcc -std=c++17 -w -arch=compute_80 -ptx -o formats-soft.ptx formats.cu
for f in objects-debug.ptx fragments.ptx; do # debug sections and file names tell this machine's folders
    sed -i -E '/^[[:space:]]*\.section/,$d; s#^([[:space:]]*\.file[[:space:]]+[0-9]+ )"[^"]*/([^"/]+)".*#\1"\2"#' "$f"
done
python3 triton_kernels.py
