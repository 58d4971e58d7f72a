#!/usr/bin/env bash
# Builds every .ts here to ../built/NAME.wasm (or to the folder given) with the AssemblyScript compiler 0.28.20 and its ordinary settings:
#   npm install --prefix V assemblyscript@0.28.20 && ASC=V/node_modules/.bin/asc samples/assemblyscript/build.sh
set -euo pipefail
cd "$(dirname "$0")"
out=${1:-../built}
mkdir -p "$out"
for source in *.ts; do
    "${ASC:-asc}" "$source" --optimize --outFile "$out/${source%.ts}.wasm"
done
