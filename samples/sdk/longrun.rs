//! The functions of module `longrun` for Rust, targets wasm32-unknown-unknown and wasm32-wasip1. Put this file beside your own: `mod longrun;`.
//! An event of a session is `#[no_mangle] pub extern "C" fn name(…)`.

mod host {
    #[link(wasm_import_module = "longrun")]
    extern "C" {
        pub fn read_input(bytes: *mut u8, length: u32) -> u32;
        pub fn write_output(bytes: *const u8, length: u32);
        pub fn halt(code: u32) -> !;
        pub fn sha256_compress(state: *mut u32, block: *const u8);
        pub fn keccakf(state: *mut u64);
        pub fn poseidon2(state: *mut u32);
        pub fn mulmod256(out: *mut u32, a: *const u32, b: *const u32, m: *const u32);
        pub fn state_get(key: *const u8, value: *mut u8) -> u32;
        pub fn state_set(key: *const u8, value: *const u8);
    }
}

/// Fills the beginning of `bytes` from the input (in a session: from the payload of the event); returns how many bytes came.
pub fn read_input(bytes: &mut [u8]) -> usize {
    unsafe { host::read_input(bytes.as_mut_ptr(), bytes.len() as u32) as usize }
}

pub fn write_output(bytes: &[u8]) {
    unsafe { host::write_output(bytes.as_ptr(), bytes.len() as u32) }
}

pub fn halt(code: u32) -> ! {
    unsafe { host::halt(code) }
}

/// One block of SHA-256.
pub fn sha256_compress(state: &mut [u32; 8], block: &[u8; 64]) {
    unsafe { host::sha256_compress(state.as_mut_ptr(), block.as_ptr()) }
}

/// The permutation Keccak-f[1600].
pub fn keccakf(state: &mut [u64; 25]) {
    unsafe { host::keccakf(state.as_mut_ptr()) }
}

/// The permutation Poseidon2 of 16 words of KoalaBear.
pub fn poseidon2(state: &mut [u32; 16]) {
    unsafe { host::poseidon2(state.as_mut_ptr()) }
}

/// a * b mod m in words of 32 bits, the lowest first; 0 if m is 0.
pub fn mulmod256(a: &[u32; 8], b: &[u32; 8], m: &[u32; 8]) -> [u32; 8] {
    let mut out = [0; 8];
    unsafe { host::mulmod256(out.as_mut_ptr(), a.as_ptr(), b.as_ptr(), m.as_ptr()) }
    out
}

/// What the state of the application has for this key, kept from run to run.
pub fn state_get(key: &[u8; 32]) -> Option<[u8; 32]> {
    let mut value = [0; 32];
    let found = unsafe { host::state_get(key.as_ptr(), value.as_mut_ptr()) };
    (found != 0).then_some(value)
}

/// A key that was set stays; there are at most 65,536, one more is a trap.
pub fn state_set(key: &[u8; 32], value: &[u8; 32]) {
    unsafe { host::state_set(key.as_ptr(), value.as_ptr()) }
}
