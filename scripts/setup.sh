#!/usr/bin/env bash
# Makes the virtual environment with everything that the demo, the tests and the benchmark need. Called by `make setup`.
set -euo pipefail
environment=$1

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

quietly() {
    local log
    log=$(mktemp)
    if ! "$@" >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        fail "this command failed, its output is above: $*"
    fi
    rm -f "$log"
}

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
        if "$candidate" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

python=$(find_python) || fail "Python 3.11 or newer is missing; install it, or name it: make setup PYTHON=/path/to/python3.11"
if [ -d native ]; then
    command -v cargo >/dev/null || fail "Rust is missing (no cargo); install it (rustup is the usual way). To verify proofs only, 'pip install .' is enough."
    command -v cc >/dev/null || command -v gcc >/dev/null || command -v clang >/dev/null \
        || fail "a C compiler is missing (Rust links with it); install gcc or clang"
fi

if ! "$environment/bin/python" -c '' 2>/dev/null; then
    say "making $environment with $("$python" --version)"
    rm -rf "$environment"
    quietly "$python" -m venv "$environment" || fail "venv failed"
fi
say "installing Python packages"
quietly "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --editable '.[test,dask]'
if [ -d native ]; then
    say "building the native kernels (a few minutes the first time)"
    export VIRTUAL_ENV="$PWD/$environment"
    ( cd native && quietly "$VIRTUAL_ENV/bin/maturin" develop --release --locked )
fi
say "done"
