//go:build wasip1

// Package longrun declares the functions of module `longrun` for Go (GOOS=wasip1 GOARCH=wasm).
package longrun

import "unsafe"

//go:wasmimport longrun read_input
func readInput(bytes unsafe.Pointer, length uint32) uint32

//go:wasmimport longrun write_output
func writeOutput(bytes unsafe.Pointer, length uint32)

// Halt ends the run with this exit code.
//
//go:wasmimport longrun halt
func Halt(code uint32)

//go:wasmimport longrun sha256_compress
func sha256Compress(state, block unsafe.Pointer)

//go:wasmimport longrun keccakf
func keccakf(state unsafe.Pointer)

//go:wasmimport longrun poseidon2
func poseidon2(state unsafe.Pointer)

//go:wasmimport longrun mulmod256
func mulmod256(out, a, b, m unsafe.Pointer)

//go:wasmimport longrun state_get
func stateGet(key, value unsafe.Pointer) uint32

//go:wasmimport longrun state_set
func stateSet(key, value unsafe.Pointer)

// ReadInput fills the beginning of bytes from the input and returns how many came.
func ReadInput(bytes []byte) int {
	return int(readInput(unsafe.Pointer(unsafe.SliceData(bytes)), uint32(len(bytes))))
}

// WriteOutput appends bytes to the output.
func WriteOutput(bytes []byte) { writeOutput(unsafe.Pointer(unsafe.SliceData(bytes)), uint32(len(bytes))) }

// SHA256Compress takes one block into the state of SHA-256.
func SHA256Compress(state *[8]uint32, block *[64]byte) { sha256Compress(unsafe.Pointer(state), unsafe.Pointer(block)) }

// KeccakF is the permutation Keccak-f[1600].
func KeccakF(state *[25]uint64) { keccakf(unsafe.Pointer(state)) }

// Poseidon2 is the permutation of 16 words of KoalaBear.
func Poseidon2(state *[16]uint32) { poseidon2(unsafe.Pointer(state)) }

// MulMod256 is a * b mod m in words of 32 bits, the lowest first; 0 if m is 0.
func MulMod256(a, b, m *[8]uint32) (out [8]uint32) {
	mulmod256(unsafe.Pointer(&out), unsafe.Pointer(a), unsafe.Pointer(b), unsafe.Pointer(m))
	return
}

// StateGet tells what the state of the application has for a key, and whether the key is there. It is kept from run to run.
func StateGet(key *[32]byte) (value [32]byte, found bool) {
	found = stateGet(unsafe.Pointer(key), unsafe.Pointer(&value)) != 0
	return
}

// StateSet puts a value there. A key that was set stays; there are at most 65,536, one more is a trap.
func StateSet(key, value *[32]byte) { stateSet(unsafe.Pointer(key), unsafe.Pointer(value)) }
