// The functions of module `longrun` for AssemblyScript. The compiler's ordinary settings will do; an event of a session is an exported function.

// @ts-ignore: decorator
@external("longrun", "read_input") export declare function readInput(bytes: usize, length: u32): u32;
// @ts-ignore: decorator
@external("longrun", "write_output") export declare function writeOutput(bytes: usize, length: u32): void;
// @ts-ignore: decorator
@external("longrun", "halt") export declare function halt(code: u32): void;
// One block of SHA-256: the addresses of eight words of state and of 64 bytes.
// @ts-ignore: decorator
@external("longrun", "sha256_compress") export declare function sha256Compress(state: usize, block: usize): void;
// The permutation Keccak-f[1600] of 25 lanes of 64 bits.
// @ts-ignore: decorator
@external("longrun", "keccakf") export declare function keccakf(state: usize): void;
// The permutation Poseidon2 of 16 words of KoalaBear.
// @ts-ignore: decorator
@external("longrun", "poseidon2") export declare function poseidon2(state: usize): void;
// out = a * b mod m, eight words of 32 bits each, the lowest first; 0 if m is 0.
// @ts-ignore: decorator
@external("longrun", "mulmod256") export declare function mulmod256(out: usize, a: usize, b: usize, m: usize): void;
// The state of the application, kept from run to run: the 32 bytes for a key of 32 bytes. Returns whether the key is there; if not, zeros come.
// @ts-ignore: decorator
@external("longrun", "state_get") export declare function stateGet(key: usize, value: usize): u32;
// A key that was set stays; there are at most 65,536, one more is a trap.
// @ts-ignore: decorator
@external("longrun", "state_set") export declare function stateSet(key: usize, value: usize): void;
