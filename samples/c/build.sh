#!/usr/bin/env bash
# Builds every .c here to ../built/NAME.wasm (or to the folder given) with the compiler of the Python package `ziglang` 0.17.0:
#   python -m venv V && V/bin/pip install ziglang==0.17.0 && PYTHON=V/bin/python samples/c/build.sh
set -euo pipefail
cd "$(dirname "$0")"
out=${1:-../built}
mkdir -p "$out"
for source in *.c; do
    "${PYTHON:-python3}" -m ziglang cc --target=wasm32-wasi -O2 -s -Wl,-z,stack-size=65536 -Wall -Werror "$source" -o "$out/${source%.c}.wasm"
done
