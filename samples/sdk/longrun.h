/* The functions of module `longrun` for C and C++. Build with --target=wasm32-wasi or wasm32-freestanding. */
#ifndef LONGRUN_H
#define LONGRUN_H
#include <stdint.h>

#define LONGRUN(name) __attribute__((import_module("longrun"), import_name(#name)))
#define LONGRUN_EVENT(name) __attribute__((export_name(#name))) /* before a function that events of a session call */

#ifdef __cplusplus
extern "C" {
#endif

/* At most `length` bytes of the input (in a session: of the payload of the event); returns how many came. */
LONGRUN(read_input) uint32_t longrun_read_input(void *bytes, uint32_t length);
LONGRUN(write_output) void longrun_write_output(const void *bytes, uint32_t length);
LONGRUN(halt) _Noreturn void longrun_halt(uint32_t code);

/* One block of SHA-256: eight words of state, 64 bytes. */
LONGRUN(sha256_compress) void longrun_sha256_compress(uint32_t state[8], const uint8_t block[64]);
/* The permutation Keccak-f[1600] of 25 lanes. */
LONGRUN(keccakf) void longrun_keccakf(uint64_t state[25]);
/* The permutation Poseidon2 of 16 words of KoalaBear, the prime 2^31 - 2^24 + 1. */
LONGRUN(poseidon2) void longrun_poseidon2(uint32_t state[16]);
/* out = a * b mod m, eight words of 32 bits each, the lowest first; 0 if m is 0. `out` may be one of the others. */
LONGRUN(mulmod256) void longrun_mulmod256(uint32_t out[8], const uint32_t a[8], const uint32_t b[8], const uint32_t m[8]);

/* The state of the application: 32 bytes for a key of 32 bytes, kept from run to run. Returns whether the key is there; if not, the value is
   zeros. A key that was set stays, whatever its value; there are at most 65,536, one more is a trap. */
LONGRUN(state_get) uint32_t longrun_state_get(const void *key, void *value);
LONGRUN(state_set) void longrun_state_set(const void *key, const void *value);

#ifdef __cplusplus
}
#endif
#endif
