#!/usr/bin/env bash
# Builds ledger.rs to ../built/ledger.wasm (or to the folder given).
#   rustup target add wasm32-wasip1 && samples/rust/build.sh
# or, where that target cannot be had, from packages of Debian 12 (Rust 1.96, its library from source), unpacked in a folder and not installed:
#   UNPACK=/tmp/rust-wasi samples/rust/build.sh
# The second way made the module in ../built. It needs cargo, and rust-lld of a toolchain of rustup (or LLD=wasm-ld).
set -euo pipefail
cd "$(dirname "$0")"
out=$(realpath -m "${1:-../built}")
mkdir -p "$out"
flags=(-C opt-level=2 -C panic=abort -C strip=symbols -C link-arg=-zstack-size=65536)
if [[ -z "${UNPACK:-}" ]]; then
    exec "${RUSTC:-rustc}" --target wasm32-wasip1 --edition 2021 "${flags[@]}" -C lto ledger.rs -o "$out/ledger.wasm"
fi

source=$PWD/ledger.rs
mkdir -p "$UNPACK/project/.cargo"
cd "$UNPACK"
if [[ ! -x usr/bin/rustc ]]; then
    apt-get download rustc-web libstd-rust-web-1.96 libstd-rust-web-dev rust-web-src libllvm22 wasi-libc
    for package in *.deb; do dpkg -x "$package" .; done
fi
library=$UNPACK/usr/src/rustc-1.96.0
mkdir -p usr/lib/rustlib/src
ln -sfn ../../../src/rustc-1.96.0 usr/lib/rustlib/src/rust
libc=$UNPACK/usr/lib/wasm32-wasi
lld=${LLD:-$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin/rust-lld}
cd project
cat > Cargo.toml <<EOF
[package]
name = "ledger"
version = "0.1.0"
edition = "2021"
[[bin]]
name = "ledger"
path = "$source"
[profile.release]
lto = true
codegen-units = 1
panic = "abort"
EOF
cat > .cargo/config.toml <<EOF
[source.crates-io]
replace-with = "vendored"
[source.vendored]
directory = "$library/library/vendor"
EOF
flags+=(-C linker="$lld" -C linker-flavor=wasm-ld -C link-self-contained=no -L "$libc" -C link-arg="$libc/crt1-command.o"
    --remap-path-prefix "$UNPACK=" --remap-path-prefix "$(dirname "$source")=")
export RUSTC=$UNPACK/usr/bin/rustc LD_LIBRARY_PATH=$UNPACK/usr/lib/x86_64-linux-gnu RUSTC_BOOTSTRAP=1 RUSTFLAGS="${flags[*]}"
cargo build --offline --release -Zbuild-std=std,panic_abort --target wasm32-wasip1
cp target/wasm32-wasip1/release/ledger.wasm "$out/"
