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

enum { PLAIN_PRIME = 0x7f000001 };

static uint64_t plain_cube(uint64_t x) {
    x %= PLAIN_PRIME;
    return x * x % PLAIN_PRIME * x % PLAIN_PRIME;
}

/* Every four words by the matrix of 2 3 1 1 and its turns, then to each the sum of those at its place. */
static void plain_mixed(uint64_t s[16]) {
    uint64_t sums[4] = {0};
    for (int i = 0; i < 16; i += 4) {
        uint64_t a = s[i], b = s[i + 1], c = s[i + 2], d = s[i + 3], all = a + b + c + d;
        s[i] = all + a + 2 * b, s[i + 1] = all + b + 2 * c, s[i + 2] = all + c + 2 * d, s[i + 3] = all + d + 2 * a;
    }
    for (int i = 0; i < 16; i++)
        sums[i % 4] += s[i];
    for (int i = 0; i < 16; i++)
        s[i] = (s[i] + sums[i % 4]) % PLAIN_PRIME;
}

/* Four rounds with a cube of every word, twenty with one of the first word, four as before. */
static void plain_poseidon2(uint32_t state[16]) {
    static const uint32_t constants[148] = {
        0x7ee56a48, 0x11367045, 0x12e41941, 0x7ebbc12b, 0x1970b7d5, 0x662b60e8, 0x3e4990c6, 0x679f91f5,
        0x350813bb, 0x00874ad4, 0x28a0081a, 0x18fa5872, 0x5f25b071, 0x5e5d5998, 0x5e6fd3e7, 0x5b2e2660,
        0x6f1837bf, 0x3fe6182b, 0x1edd7ac5, 0x57470d00, 0x43d486d5, 0x1982c70f, 0x0ea53af9, 0x61d6165b,
        0x51639c00, 0x2dec352c, 0x2950e531, 0x2d2cb947, 0x08256cef, 0x1a0109f6, 0x1f51faf3, 0x5cef1c62,
        0x3d65e50e, 0x33d91626, 0x133d5a1e, 0x0ff49b0d, 0x38900cd1, 0x2c22cc3f, 0x28852bb2, 0x06c65a02,
        0x7b2cf7bc, 0x68016e1a, 0x15e16bc0, 0x5248149a, 0x6dd212a0, 0x18d6830a, 0x5001be82, 0x64dac34e,
        0x5902b287, 0x426583a0, 0x0c921632, 0x3fe028a5, 0x245f8e49, 0x43bb297e, 0x7873dbd9, 0x3cc987df,
        0x286bb4ce, 0x640a8dcd, 0x512a8e36, 0x03a4cf55, 0x481837a2, 0x03d6da84, 0x73726ac7, 0x760e7fdf,
        0x54dfeb5d, 0x7d40afd6, 0x722cb316, 0x106a4573, 0x45a7ccdb, 0x44061375, 0x154077a5, 0x45744faa,
        0x4eb5e5ee, 0x3794e83f, 0x47c7093c, 0x5694903c, 0x69cb6299, 0x373df84c, 0x46a0df58, 0x46b8758a,
        0x3241ebcb, 0x0b09d233, 0x1af42357, 0x1e66cec2, 0x43e7dc24, 0x259a5d61, 0x27e85a3b, 0x1b9133fa,
        0x343e5628, 0x485cd4c2, 0x16e269f5, 0x165b60c6, 0x25f683d9, 0x124f81f9, 0x174331f9, 0x77344dc5,
        0x5a821dba, 0x5fc4177f, 0x54153bf5, 0x5e3f1194, 0x3bdbf191, 0x088c84a3, 0x68256c9b, 0x3c90bbc6,
        0x6846166a, 0x03f4238d, 0x463335fb, 0x5e3d3551, 0x6e59ae6f, 0x32d06cc0, 0x596293f3, 0x6c87edb2,
        0x08fc60b5, 0x34bcca80, 0x24f007f3, 0x62731c6f, 0x1e1db6c6, 0x0ca409bb, 0x585c1e78, 0x56e94edc,
        0x16d22734, 0x18e11467, 0x7b2c3730, 0x770075e4, 0x35d1b18c, 0x22be3db5, 0x4fb1fbb7, 0x477cb3ed,
        0x7d5311c6, 0x5b62ae7d, 0x559c5fa8, 0x77f15048, 0x3211570b, 0x490fef6a, 0x77ec311f, 0x2247171b,
        0x4e0ac711, 0x2edf69c9, 0x3b5a8850, 0x65809421, 0x5619b4aa, 0x362019a7, 0x6bf9d4ed, 0x5b413dff,
        0x617e181e, 0x5e7ab57b, 0x33ad7833, 0x3466c7ca};
    static const uint32_t diagonal[16] = {
        0x7effffff, 0x00000001, 0x00000002, 0x3f800001, 0x00000003, 0x00000004, 0x3f800000, 0x7efffffe,
        0x7efffffd, 0x7e810001, 0x6f200001, 0x7effff82, 0x007f0000, 0x0fe00000, 0x07f00000, 0x0000007f};
    const uint32_t *constant = constants;
    uint64_t s[16];
    for (int i = 0; i < 16; i++)
        s[i] = state[i] % PLAIN_PRIME;
    plain_mixed(s);
    for (int round = 0; round < 28; round++) {
        if (round < 4 || round >= 24) {
            for (int i = 0; i < 16; i++)
                s[i] = plain_cube(s[i] + *constant++);
            plain_mixed(s);
        } else {
            uint64_t sum = 0;
            s[0] = plain_cube(s[0] + *constant++);
            for (int i = 0; i < 16; i++)
                sum += s[i];
            for (int i = 0; i < 16; i++)
                s[i] = (s[i] * diagonal[i] + sum) % PLAIN_PRIME;
        }
    }
    for (int i = 0; i < 16; i++)
        state[i] = (uint32_t)s[i];
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
