/* Functions of module `longrun` in plain C, to compare: the same results without the module, in more steps. */
#ifndef LONGRUN_PLAIN_H
#define LONGRUN_PLAIN_H
#include <stdint.h>

static uint32_t plain_rotated(uint32_t word, int by) { return word >> by | word << (32 - by); }

static void plain_sha256_compress(uint32_t state[8], const uint8_t block[64]) {
    static const uint32_t constants[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
    uint32_t w[64], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | block[4 * i + 1] << 16 | block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; i++)
        w[i] = w[i - 16] + w[i - 7] + (plain_rotated(w[i - 15], 7) ^ plain_rotated(w[i - 15], 18) ^ w[i - 15] >> 3)
            + (plain_rotated(w[i - 2], 17) ^ plain_rotated(w[i - 2], 19) ^ w[i - 2] >> 10);
    for (int i = 0; i < 64; i++) {
        uint32_t one = h + (plain_rotated(e, 6) ^ plain_rotated(e, 11) ^ plain_rotated(e, 25)) + ((e & f) ^ (~e & g)) + constants[i] + w[i];
        uint32_t two = (plain_rotated(a, 2) ^ plain_rotated(a, 13) ^ plain_rotated(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + one, d = c, c = b, b = a, a = one + two;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

static void plain_keccakf(uint64_t state[25]) {
    static const uint64_t constants[24] = {
        0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
        0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
        0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
        0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
        0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
        0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};
    static const uint8_t places[24] = {1, 10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6};
    static const uint8_t turns[24] = {1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44};
    for (int round = 0; round < 24; round++) {
        uint64_t sums[5], row[5], moved;
        for (int x = 0; x < 5; x++)
            sums[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20];
        for (int x = 0; x < 5; x++)
            for (int y = 0; y < 25; y += 5)
                state[x + y] ^= sums[(x + 4) % 5] ^ (sums[(x + 1) % 5] << 1 | sums[(x + 1) % 5] >> 63);
        moved = state[1];
        for (int i = 0; i < 24; i++) {
            int to = places[(i + 1) % 24], by = turns[i];
            uint64_t next = state[to];
            state[to] = moved << by | moved >> (64 - by);
            moved = next;
        }
        for (int y = 0; y < 25; y += 5) {
            for (int x = 0; x < 5; x++)
                row[x] = state[x + y];
            for (int x = 0; x < 5; x++)
                state[x + y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
        }
        state[0] ^= constants[round];
    }
}

/* out = a * b mod m by doubling and adding, bit after bit of b; 0 if m is 0. */
static void plain_mulmod256(uint32_t out[8], const uint32_t a[8], const uint32_t b[8], const uint32_t m[8]) {
    uint32_t sum[9] = {0};
    uint32_t any = 0;
    for (int i = 0; i < 8; i++)
        any |= m[i];
    /* First a mod m, then the product: both as a number that is doubled, and to which something less than m is added. */
    uint32_t factor[8];
    for (int pass = 0; pass < 2 && any; pass++) {
        for (int i = 0; i < 9; i++)
            sum[i] = 0;
        for (int bit = 255; bit >= 0; bit--) {
            int set = (pass ? b : a)[bit / 32] >> bit % 32 & 1;
            for (int step = 0; step < 2; step++) {
                uint64_t carry = 0, borrow = 0;
                uint32_t less[9];
                for (int i = 0; i < 9; i++) {
                    uint64_t more = step == 0 ? sum[i] : !set || i == 8 ? 0 : pass ? factor[i] : i == 0;
                    carry += (uint64_t)sum[i] + more;
                    sum[i] = (uint32_t)carry;
                    carry >>= 32;
                }
                for (int i = 0; i < 9; i++) {
                    uint64_t left = (uint64_t)sum[i] - (i < 8 ? m[i] : 0) - borrow;
                    less[i] = (uint32_t)left;
                    borrow = left >> 63;
                }
                for (int i = 0; i < 9 && !borrow; i++)
                    sum[i] = less[i];
            }
        }
        for (int i = 0; i < 8; i++)
            factor[i] = sum[i];
    }
    for (int i = 0; i < 8; i++)
        out[i] = sum[i];
}
#endif
