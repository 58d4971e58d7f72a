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

const PRIME: u64 = 0x7f000001;
const POSEIDON2: [u32; 148] = [
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
    0x617e181e, 0x5e7ab57b, 0x33ad7833, 0x3466c7ca,
];
const DIAGONAL: [u64; 16] = [
    0x7effffff, 0x00000001, 0x00000002, 0x3f800001, 0x00000003, 0x00000004, 0x3f800000, 0x7efffffe,
    0x7efffffd, 0x7e810001, 0x6f200001, 0x7effff82, 0x007f0000, 0x0fe00000, 0x07f00000, 0x0000007f,
];

/// Four rounds with a cube of every word, twenty with one of the first word, four as before.
pub fn poseidon2(state: &mut [u32; 16]) {
    let mut s = state.map(|word| word as u64 % PRIME);
    let mut constants = POSEIDON2.iter().map(|constant| *constant as u64);
    mix(&mut s);
    for round in 0..28 {
        if (4..24).contains(&round) {
            s[0] = cube(s[0] + constants.next().unwrap());
            let sum: u64 = s.iter().sum();
            for (word, factor) in s.iter_mut().zip(DIAGONAL) {
                *word = (*word * factor + sum) % PRIME;
            }
        } else {
            for word in &mut s {
                *word = cube(*word + constants.next().unwrap());
            }
            mix(&mut s);
        }
    }
    *state = s.map(|word| word as u32);
}

fn cube(word: u64) -> u64 {
    let x = word % PRIME;
    x * x % PRIME * x % PRIME
}

/// Every four words by the matrix of 2 3 1 1 and its turns, then to each the sum of those at its place.
fn mix(s: &mut [u64; 16]) {
    let mut sums = [0; 4];
    for four in s.chunks_exact_mut(4) {
        let (a, b, c, d) = (four[0], four[1], four[2], four[3]);
        let all = a + b + c + d;
        four.copy_from_slice(&[all + a + 2 * b, all + b + 2 * c, all + c + 2 * d, all + d + 2 * a]);
        for (sum, word) in sums.iter_mut().zip(four) {
            *sum += *word;
        }
    }
    for (i, word) in s.iter_mut().enumerate() {
        *word = (*word + sums[i % 4]) % PRIME;
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
