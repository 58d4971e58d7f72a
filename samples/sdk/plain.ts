// Functions of module `longrun` in plain AssemblyScript, to compare: the same results without the module, in more steps.

const SHA256: StaticArray<u32> = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];
const KECCAK: StaticArray<u64> = [
  0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
  0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
  0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
  0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
  0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
  0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
];
const PLACES: StaticArray<i32> = [1, 10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6];
const TURNS: StaticArray<i32> = [1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44];

export function plainSha256Compress(state: usize, block: usize): void {
  const w = new StaticArray<u32>(64);
  for (let i = 0; i < 16; i++) w[i] = bswap(load<u32>(block + 4 * i));
  for (let i = 16; i < 64; i++) {
    const early = w[i - 15];
    const late = w[i - 2];
    w[i] = w[i - 16] + (rotr(early, 7) ^ rotr(early, 18) ^ (early >> 3)) + w[i - 7] + (rotr(late, 17) ^ rotr(late, 19) ^ (late >> 10));
  }
  const s = new StaticArray<u32>(8);
  for (let i = 0; i < 8; i++) s[i] = load<u32>(state + 4 * i);
  for (let i = 0; i < 64; i++) {
    const a = s[0];
    const e = s[4];
    const one = s[7] + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & s[5]) ^ (~e & s[6])) + SHA256[i] + w[i];
    const two = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
    for (let k = 7; k > 0; k--) s[k] = s[k - 1];
    s[4] += one;
    s[0] = one + two;
  }
  for (let i = 0; i < 8; i++) store<u32>(state + 4 * i, load<u32>(state + 4 * i) + s[i]);
}

export function plainKeccakf(state: usize): void {
  const s = new StaticArray<u64>(25);
  for (let i = 0; i < 25; i++) s[i] = load<u64>(state + 8 * i);
  for (let round = 0; round < 24; round++) {
    const sums = new StaticArray<u64>(5);
    for (let i = 0; i < 25; i++) sums[i % 5] ^= s[i];
    for (let i = 0; i < 25; i++) s[i] ^= sums[(i + 4) % 5] ^ rotl(sums[(i + 1) % 5], 1);
    let moved = s[1];
    for (let i = 0; i < 24; i++) {
      const to = PLACES[(i + 1) % 24];
      const next = s[to];
      s[to] = rotl(moved, TURNS[i]);
      moved = next;
    }
    for (let y = 0; y < 25; y += 5) {
      for (let x = 0; x < 5; x++) sums[x] = s[y + x];
      for (let x = 0; x < 5; x++) s[y + x] = sums[x] ^ (~sums[(x + 1) % 5] & sums[(x + 2) % 5]);
    }
    s[0] ^= KECCAK[round];
  }
  for (let i = 0; i < 25; i++) store<u64>(state + 8 * i, s[i]);
}

// out = a * b mod m by doubling and adding, bit after bit of b; 0 if m is 0.
export function plainMulmod256(out: usize, a: usize, b: usize, m: usize): void {
  let any: u32 = 0;
  for (let i = 0; i < 8; i++) any |= load<u32>(m + 4 * i);
  const sum = new StaticArray<u32>(8);
  if (any) {
    const factor = new StaticArray<u32>(8);
    factor[0] = 1;
    horner(sum, factor, a, m);
    for (let i = 0; i < 8; i++) factor[i] = sum[i];
    horner(sum, factor, b, m);
  }
  for (let i = 0; i < 8; i++) store<u32>(out + 4 * i, sum[i]);
}

// sum = factor * number mod m, where the factor is at most m.
function horner(sum: StaticArray<u32>, factor: StaticArray<u32>, number: usize, m: usize): void {
  for (let i = 0; i < 8; i++) sum[i] = 0;
  for (let bit = 255; bit >= 0; bit--) {
    addMod(sum, sum, m);
    if ((load<u32>(number + 4 * (bit >> 5)) >> (bit & 31)) & 1) addMod(sum, factor, m);
  }
}

// sum + more, less m if it reaches m.
function addMod(sum: StaticArray<u32>, more: StaticArray<u32>, m: usize): void {
  const less = new StaticArray<u32>(8);
  let carry: u64 = 0;
  let borrow: u64 = 0;
  for (let i = 0; i < 8; i++) {
    carry += <u64>sum[i] + more[i];
    sum[i] = <u32>carry;
    carry >>= 32;
    const left = <u64>sum[i] - load<u32>(m + 4 * i) - borrow;
    less[i] = <u32>left;
    borrow = left >> 63;
  }
  if (carry >= borrow) for (let i = 0; i < 8; i++) sum[i] = less[i];
}
