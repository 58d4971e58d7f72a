#!/usr/bin/env bash
# Builds bookings.rs and cave.rs to ../built (or to the folder given).
#   rustup target add wasm32-wasip1 wasm32-unknown-unknown && samples/rust/build.sh
# or, where these targets cannot be had, from packages of Debian 12 (Rust 1.96, its library from source), unpacked in a folder and not installed:
#   UNPACK=/tmp/rust-wasi samples/rust/build.sh
# The second way made the modules in ../built. It needs cargo, and rust-lld of a toolchain of rustup (or LLD=wasm-ld).
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
out=$(realpath -m "${1:-../built}")
mkdir -p "$out"
flags=(-C opt-level=2 -C panic=abort -C strip=symbols -C link-arg=-zstack-size=65536)
if [[ -z "${UNPACK:-}" ]]; then
    "${RUSTC:-rustc}" --target wasm32-wasip1 --edition 2021 "${flags[@]}" -C lto bookings.rs -o "$out/bookings.wasm"
    "${RUSTC:-rustc}" --target wasm32-unknown-unknown --edition 2021 --crate-type cdylib "${flags[@]}" -C lto cave.rs -o "$out/cave.wasm"
    exit
fi

mkdir -p "$UNPACK/project/.cargo"
cd "$UNPACK"
if [[ ! -x usr/bin/rustc ]]; then
    apt-get download rustc-web libstd-rust-web-1.96 libstd-rust-web-dev rust-web-src libllvm22 wasi-libc
    for package in *.deb; do dpkg -x "$package" .; done
fi
mkdir -p usr/lib/rustlib/src
ln -sfn ../../../src/rustc-1.96.0 usr/lib/rustlib/src/rust
libc=$UNPACK/usr/lib/wasm32-wasi
lld=${LLD:-$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin/rust-lld}
cd project
cat > Cargo.toml <<EOF
[package]
name = "guests"
version = "0.1.0"
edition = "2021"
[[bin]]
name = "bookings"
path = "$here/bookings.rs"
[lib]
name = "cave"
path = "$here/cave.rs"
crate-type = ["cdylib"]
[profile.release]
lto = true
codegen-units = 1
panic = "abort"
EOF
cat > .cargo/config.toml <<EOF
[source.crates-io]
replace-with = "vendored"
[source.vendored]
directory = "$UNPACK/usr/src/rustc-1.96.0/library/vendor"
EOF
flags+=(-C linker="$lld" -C linker-flavor=wasm-ld -C link-self-contained=no
    --remap-path-prefix "$UNPACK=" --remap-path-prefix "$(dirname "$here")=")
export RUSTC=$UNPACK/usr/bin/rustc LD_LIBRARY_PATH=$UNPACK/usr/lib/x86_64-linux-gnu RUSTC_BOOTSTRAP=1
RUSTFLAGS="${flags[*]}" cargo build --offline --release -Zbuild-std=core --target wasm32-unknown-unknown --lib
flags+=(-L "$libc" -C link-arg="$libc/crt1-command.o")
RUSTFLAGS="${flags[*]}" cargo build --offline --release -Zbuild-std=std,panic_abort --target wasm32-wasip1 --bin bookings
cp target/wasm32-wasip1/release/bookings.wasm target/wasm32-unknown-unknown/release/cave.wasm "$out/"
