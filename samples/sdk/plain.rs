//! Functions of module `longrun` in plain Rust, to compare: the same results without the module, in more steps. Put this file beside your own: `mod plain;`.

const SHA256: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];
const KECCAK: [u64; 24] = [
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
];
const PLACES: [usize; 24] = [1, 10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6];
const TURNS: [u32; 24] = [1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44];

pub fn sha256_compress(state: &mut [u32; 8], block: &[u8; 64]) {
    let mut w = [0u32; 64];
    for i in 0..16 {
        w[i] = u32::from_be_bytes([block[4 * i], block[4 * i + 1], block[4 * i + 2], block[4 * i + 3]]);
    }
    for i in 16..64 {
        let (early, late) = (w[i - 15], w[i - 2]);
        w[i] = w[i - 16]
            .wrapping_add(early.rotate_right(7) ^ early.rotate_right(18) ^ early >> 3)
            .wrapping_add(w[i - 7])
            .wrapping_add(late.rotate_right(17) ^ late.rotate_right(19) ^ late >> 10);
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for i in 0..64 {
        let one = h
            .wrapping_add(e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25))
            .wrapping_add(e & f ^ !e & g)
            .wrapping_add(SHA256[i])
            .wrapping_add(w[i]);
        let two = (a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22)).wrapping_add(a & b ^ a & c ^ b & c);
        (h, g, f, e, d, c, b, a) = (g, f, e, d.wrapping_add(one), c, b, a, one.wrapping_add(two));
    }
    for (word, more) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *word = word.wrapping_add(more);
    }
}

pub fn keccakf(state: &mut [u64; 25]) {
    for constant in KECCAK {
        let mut sums = [0; 5];
        for (i, lane) in state.iter().enumerate() {
            sums[i % 5] ^= lane;
        }
        for (i, lane) in state.iter_mut().enumerate() {
            *lane ^= sums[(i + 4) % 5] ^ sums[(i + 1) % 5].rotate_left(1);
        }
        let mut moved = state[1];
        for i in 0..24 {
            let to = PLACES[(i + 1) % 24];
            (state[to], moved) = (moved.rotate_left(TURNS[i]), state[to]);
        }
        for y in (0..25).step_by(5) {
            let row = [state[y], state[y + 1], state[y + 2], state[y + 3], state[y + 4]];
            for x in 0..5 {
                state[y + x] = row[x] ^ !row[(x + 1) % 5] & row[(x + 2) % 5];
            }
        }
        state[0] ^= constant;
    }
}

/// a * b mod m by doubling and adding, bit after bit of b; 0 if m is 0.
pub fn mulmod256(a: &[u32; 8], b: &[u32; 8], m: &[u32; 8]) -> [u32; 8] {
    if *m == [0; 8] {
        return [0; 8];
    }
    let one = [1, 0, 0, 0, 0, 0, 0, 0];
    horner(&horner(&one, a, m), b, m)
}

/// factor * bits mod m, where the factor is at most m.
fn horner(factor: &[u32; 8], bits: &[u32; 8], m: &[u32; 8]) -> [u32; 8] {
    let mut sum = [0; 8];
    for bit in (0..256).rev() {
        sum = sum_mod(&sum, &sum, m);
        if bits[bit / 32] >> (bit % 32) & 1 == 1 {
            sum = sum_mod(&sum, factor, m);
        }
    }
    sum
}

/// a + b, less m if it reaches m.
fn sum_mod(a: &[u32; 8], b: &[u32; 8], m: &[u32; 8]) -> [u32; 8] {
    let (mut sum, mut less, mut carry, mut borrow) = ([0; 8], [0; 8], 0, 0);
    for i in 0..8 {
        let digit = a[i] as u64 + b[i] as u64 + carry;
        let left = (digit as u32 as u64).wrapping_sub(m[i] as u64 + borrow);
        (sum[i], carry) = (digit as u32, digit >> 32);
        (less[i], borrow) = (left as u32, left >> 63);
    }
    if carry >= borrow { less } else { sum }
}
