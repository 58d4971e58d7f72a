// Functions of module `longrun` in plain Go, to compare: the same results without the module, in more steps.
package longrun

import (
	"encoding/binary"
	"math/bits"
)

var sha256Constants = [64]uint32{
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
}

var keccakConstants = [24]uint64{
	0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
	0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
	0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
	0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
	0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
	0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
}

var keccakPlaces = [24]int{1, 10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6}
var keccakTurns = [24]int{1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44}

// PlainSHA256Compress does what SHA256Compress does.
func PlainSHA256Compress(state *[8]uint32, block *[64]byte) {
	var w [64]uint32
	for i := range 16 {
		w[i] = binary.BigEndian.Uint32(block[4*i:])
	}
	turned := func(word uint32, by int) uint32 { return bits.RotateLeft32(word, -by) }
	for i := 16; i < 64; i++ {
		early, late := w[i-15], w[i-2]
		w[i] = w[i-16] + (turned(early, 7) ^ turned(early, 18) ^ early>>3) + w[i-7] + (turned(late, 17) ^ turned(late, 19) ^ late>>10)
	}
	a, b, c, d, e, f, g, h := state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]
	for i := range 64 {
		one := h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + (e&f ^ ^e&g) + sha256Constants[i] + w[i]
		two := (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + (a&b ^ a&c ^ b&c)
		h, g, f, e, d, c, b, a = g, f, e, d+one, c, b, a, one+two
	}
	for i, more := range [8]uint32{a, b, c, d, e, f, g, h} {
		state[i] += more
	}
}

// PlainKeccakF does what KeccakF does.
func PlainKeccakF(state *[25]uint64) {
	for _, constant := range keccakConstants {
		var sums [5]uint64
		for i, lane := range state {
			sums[i%5] ^= lane
		}
		for i := range state {
			state[i] ^= sums[(i+4)%5] ^ bits.RotateLeft64(sums[(i+1)%5], 1)
		}
		moved := state[1]
		for i := range 24 {
			to := keccakPlaces[(i+1)%24]
			state[to], moved = bits.RotateLeft64(moved, keccakTurns[i]), state[to]
		}
		for y := 0; y < 25; y += 5 {
			row := [5]uint64(state[y : y+5])
			for x := range 5 {
				state[y+x] = row[x] ^ ^row[(x+1)%5]&row[(x+2)%5]
			}
		}
		state[0] ^= constant
	}
}

// PlainMulMod256 does what MulMod256 does, by doubling and adding, bit after bit of b.
func PlainMulMod256(a, b, m *[8]uint32) [8]uint32 {
	if *m == [8]uint32{} {
		return [8]uint32{}
	}
	factor := horner(&[8]uint32{1}, a, m)
	return horner(&factor, b, m)
}

// horner is factor * number mod m, where the factor is at most m.
func horner(factor, number, m *[8]uint32) (sum [8]uint32) {
	for bit := 255; bit >= 0; bit-- {
		sum = sumMod(&sum, &sum, m)
		if number[bit/32]>>(bit%32)&1 == 1 {
			sum = sumMod(&sum, factor, m)
		}
	}
	return
}

// sumMod is a + b, less m if it reaches m.
func sumMod(a, b, m *[8]uint32) [8]uint32 {
	var sum, less [8]uint32
	var carry, borrow uint32
	for i := range 8 {
		sum[i], carry = bits.Add32(a[i], b[i], carry)
		less[i], borrow = bits.Sub32(sum[i], m[i], borrow)
	}
	if carry >= borrow {
		return less
	}
	return sum
}
