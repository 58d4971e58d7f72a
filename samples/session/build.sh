#!/usr/bin/env bash
# Builds every .c here to NAME.wasm beside it (or in the folder given) with the compiler of the Python package `ziglang` 0.17.0:
#   python -m venv V && V/bin/pip install ziglang==0.17.0 && PYTHON=V/bin/python samples/session/build.sh
set -euo pipefail
cd "$(dirname "$0")"
out=${1:-.}
mkdir -p "$out"
for source in *.c; do
    "${PYTHON:-python3}" -m ziglang cc --target=wasm32-freestanding -O2 -s -nostdlib -fno-builtin -Wl,--no-entry -Wl,-z,stack-size=16384 \
        -Wall -Werror "$source" -o "$out/${source%.c}.wasm"
done
