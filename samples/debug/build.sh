#!/usr/bin/env bash
# Builds crash.c to crash.wasm beside it (or in the folder given), with DWARF, with the compiler of the Python package `ziglang` 0.17.0:
#   python -m venv V && V/bin/pip install ziglang==0.17.0 && PYTHON=V/bin/python samples/debug/build.sh
set -euo pipefail
cd "$(dirname "$0")"
out=${1:-.}
mkdir -p "$out"
"${PYTHON:-python3}" -m ziglang cc --target=wasm32-freestanding -O1 -g -nostdlib -fno-sanitize=undefined -Wl,--no-entry -ffile-prefix-map="$PWD=." \
    -Wall -Werror crash.c -o "$out/crash.wasm"
