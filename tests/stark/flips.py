"""Random bit flips of a proof: each is refused, and the refusal names its check. `python -m tests.stark.flips 100000` for many."""
from __future__ import annotations

import sys
from collections import Counter

import numpy as np
import numpy.typing as npt

from stark.errors import Malformed, Rejected
from stark.kernels import load
from stark.key import Key
from stark.profiles import Parameters, get
from stark.prover import prove
from stark.setup import commit_fixed
from stark.verifier import check_proof
from tests.stark.examples import example

U32 = npt.NDArray[np.uint32]
KERNELS = load("best")
EVERY = 1000            # flips between two lines of a long run


def proved(logs: tuple[int, int, int], parameters: Parameters) -> tuple[Key, U32, U32]:
    key, fixed, mains, statement = example(logs, parameters=parameters)
    proving = commit_fixed(key, fixed, KERNELS)
    return proving.key, statement, prove(proving, mains, statement, KERNELS)


def big() -> tuple[Key, U32, U32]:
    """56,000 words: a machine of three chips with the parameters of p100."""
    return proved((9, 7, 8), get("p100").segment)


def refusal(key: Key, statement: U32, proof: U32) -> str:
    """The check that refuses; AssertionError if none does, and any other exception as it comes."""
    try:
        check_proof(key, statement, proof, KERNELS.permute)
    except Malformed as malformed:
        return f"malformed: {malformed}"
    except Rejected as rejected:
        phase, _, sentence = rejected.check.partition(": ")
        assert phase and sentence, f"a rejection without the name of its check: {rejected}"
        return rejected.check
    raise AssertionError("a changed proof was accepted")


def flip(proof: U32, place: int, bit: int) -> U32:
    changed = proof.copy()
    changed[place] ^= np.uint32(1 << bit)
    return changed


def flips(key: Key, statement: U32, proof: U32, count: int, seed: int = 0, said: bool = False) -> Counter[str]:
    """How often each check refused so many random flips."""
    rng, found = np.random.default_rng(seed), Counter[str]()
    for number in range(count):
        place, bit = int(rng.integers(len(proof))), int(rng.integers(32))
        try:
            found[refusal(key, statement, flip(proof, place, bit))] += 1
        except BaseException:
            print(f"seed {seed}, flip {number}: word {place}, bit {bit}", flush=True)
            raise
        if said and (number + 1) % EVERY == 0:
            print(f"{number + 1} flips, all refused", flush=True)
    return found


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    for check, times in flips(*big(), count, seed, said=True).most_common():
        print(f"{times:7}  {check}")


if __name__ == "__main__":
    main()
