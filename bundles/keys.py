"""The keys behind a proof file: those of the program's segments, and those of the continuation over them."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from continuation.claims import program_with_image
from continuation.digests import Digest
from continuation.kinds import LAYERS
from continuation.published import published
from continuation.verify import Trusted
from segments.memory_tree import MemoryTree, wide
from segments.openings import roots
from segments.setup import leaf_key, program_digest
from segments.shape import PROGRAMS, Shape
from stark.errors import Malformed, Rejected
from stark.kernels.protocol import Kernels
from stark.key import Key
from stark.profiles import Parameters, Profile
from wasm_exec.image import MemoryImage
from wasm_exec.program import Program

SIZES_OF = {"toy": ("toy",), "p100": ("2^16", "2^20")}
_BUILT: dict[str, Trusted] = {}                     # computed here, by profile


@dataclass(frozen=True)
class RunKeys:
    """What a run is proved with: the profile and a general shape, which says the size of its segments."""

    profile: Profile
    shape: Shape


def shapes_of(profile: Profile) -> dict[str, Shape]:
    """The shapes of segments that have a leaf under this profile, by name."""
    shapes = [shape for log in PROGRAMS for shape in Shape(SIZES_OF["toy" if profile.toy else "p100"][0], log, profile.hash.width).alike]
    return {str(shape): shape for shape in shapes}


def layers_of(profile: Profile) -> dict[str, Parameters]:
    return {"leaf": profile.leaf, "wide": profile.leaf, "join": profile.recursion, "last": profile.last}


class LeafKeys(Mapping[str, Key]):
    """The keys of all shapes of segments under a profile, each committed to when it is asked for."""

    def __init__(self, profile: Profile, kernels: Kernels) -> None:
        self.profile, self.kernels, self.shapes = profile, kernels, shapes_of(profile)
        self._made: dict[str, Key] = {}

    def __getitem__(self, name: str) -> Key:
        if name not in self._made:
            self._made[name] = leaf_key(self.shapes[name], self.profile.segment, self.kernels)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.shapes)

    def __len__(self) -> int:
        return len(self.shapes)


def trusted_keys(profile: Profile, kernels: Kernels, layers: Sequence[str] = LAYERS) -> Trusted:
    """The keys of the continuation: those that ship with the package, or computed here, which takes a while. `layers` as in `published`."""
    if (found := shipped(profile.name, tuple(layers))) is not None:
        wanted = layers_of(profile)
        if any(shape.parameters != wanted[layer] for layer, shape in found.shapes.items()):
            raise Malformed(f"the keys that ship for {profile.name} are those of another profile")
        return found
    if profile.name not in _BUILT:
        from continuation.setup import build
        _BUILT[profile.name] = build(LeafKeys(profile, kernels), layers_of(profile), kernels)
    return _BUILT[profile.name]


@cache
def shipped(profile: str, layers: tuple[str, ...]) -> Trusted | None:
    """Those that ship, read once; None if none do."""
    return published(profile, layers=layers)


def claimed_program(program: Program, profile: Profile, kernels: Kernels) -> Digest:
    """What a run's claim says for this program: its code and the memory that it starts with, whatever the shapes of its segments."""
    try:
        log_height = Shape.of(SIZES_OF["p100"][0], len(program.instructions)).log_program
    except LookupError:
        raise Rejected("the program can be proved", f"below 2^{PROGRAMS[-1]} instructions", len(program.instructions)) from None
    code = program_digest(program, log_height, profile.segment, kernels)
    permute = wide(kernels, profile.hash)
    return program_with_image(code, roots(MemoryTree(MemoryImage.initial(program, b""), permute)), permute)
