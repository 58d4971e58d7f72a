"""What a bundle directory says about itself: which files belong to the run, where every segment begins, how it ended."""
from __future__ import annotations

from dataclasses import dataclass

from bundles.packing import Fields, pack, unpack
from segments.catalogue import SIZES
from segments.shape import TOY
from stark.errors import Malformed
from stark.profiles import PROFILES, Profile
from wasm_exec.cutting import HASHES_LIMIT, ROWS_LIMIT, Budget
from wasm_exec.errors import TrapKind
from wasm_exec.instructions import Family
from wasm_exec.link import PC_LIMIT
from wasm_exec.recording import Outcome, Status
from wasm_exec.spaces import FRAME_POINTER_LIMIT

KIND = "longrun bundle"
VERSION = 4
SEGMENTS_LIMIT = 1 << 15
STEPS_LIMIT = 1 << 56
STATUSES = {int(status) for status in Status if status != Status.TRAPPED} | {Status.TRAPPED + kind for kind in TrapKind}

NAMES = ("kind", "version", "profile", "size", "program", "input", "output", "budgets", "outcome", "boundaries",
         "states")
BOUNDARY_NAMES = ("pc", "fp", "status", "steps", "snapshot")


@dataclass(frozen=True)
class BoundaryEntry:
    """A boundary of the run; `snapshot` is the digest of the pages that changed since the one before."""

    pc: int
    fp: int
    status: int
    steps: int
    snapshot: bytes


@dataclass(frozen=True)
class Manifest:
    """`program`, `input` and `output` are digests of files, `states` those of the application's state before and after. Segment k leads
    from boundary k to boundary k + 1 under budget k."""

    profile: str
    size: str
    program: bytes
    input: bytes
    output: bytes
    budgets: tuple[Budget, ...]
    outcome: Outcome
    boundaries: tuple[BoundaryEntry, ...]
    states: tuple[bytes, bytes]

    @property
    def segments(self) -> int:
        return len(self.boundaries) - 1

    @property
    def steps(self) -> int:
        return self.boundaries[-1].steps

    def encode(self) -> bytes:
        budgets = [[budget.hashes, *(budget.rows[family] for family in Family)] for budget in self.budgets]
        outcome = [self.outcome.status, self.outcome.pc, self.outcome.code]
        boundaries = [dict(zip(BOUNDARY_NAMES, (b.pc, b.fp, b.status, b.steps, b.snapshot), strict=True)) for b in self.boundaries]
        values = (KIND, VERSION, self.profile, self.size, self.program, self.input, self.output, budgets, outcome, boundaries,
                  list(self.states))
        return pack(dict(zip(NAMES, values, strict=True)))


def sizes_under(profile: Profile) -> list[str]:
    """The sizes of segments that runs can be cut into under a profile."""
    return [size for size in SIZES if (size == TOY) == profile.toy]


def decode_manifest(content: bytes) -> Manifest:
    """The manifest of canonical bytes; Malformed if they are anything else."""
    fields = Fields(unpack(content, "manifest"), "manifest", NAMES)
    if fields.text("kind") != KIND:
        raise Malformed("this is not the manifest of a bundle")
    version = fields.integer("version", 1 << 16)
    if version != VERSION:
        raise Malformed(f"this bundle has format {version}, this longrun reads format {VERSION}")
    if fields.text("profile") not in PROFILES:
        raise Malformed(f"manifest: no profile is named {fields.text('profile')!r}")
    if fields.text("size") not in sizes_under(PROFILES[fields.text("profile")]):
        raise Malformed(f"manifest: no segments of profile {fields.text('profile')} have the size {fields.text('size')!r}")
    budgets = tuple(decode_budget(item) for item in fields.sequence("budgets", SEGMENTS_LIMIT))
    status, pc, code = fields.integers("outcome", 3, 1 << 32)
    boundaries = tuple(decode_boundary(item) for item in fields.sequence("boundaries", SEGMENTS_LIMIT + 1))
    if len(budgets) != len(boundaries) - 1:
        raise Malformed("manifest: every segment has a budget")
    if not budgets and status != Status.RUNNING:                # a run can be given up before its first step
        raise Malformed("manifest: a run that has ended has at least one segment")
    if not boundaries or boundaries[0].steps or boundaries[-1].status != status:
        raise Malformed("manifest: the boundaries do not lead from the beginning to the outcome")
    pairs = zip(boundaries, boundaries[1:], strict=False)
    if any(before.status != Status.RUNNING or before.steps > after.steps for before, after in pairs):
        raise Malformed("manifest: the boundaries are not in order")
    before, after = fields.digests("states", 2)
    return Manifest(fields.text("profile"), fields.text("size"), fields.digest("program"), fields.digest("input"), fields.digest("output"),
                    budgets, Outcome(status, pc, code), boundaries, (before, after))


def decode_budget(value: object) -> Budget:
    hashes, *rows = Fields({"budget": value}, "manifest", ("budget",)).integers("budget", 1 + len(Family), HASHES_LIMIT + 1)
    if not hashes or not any(rows) or max(rows) > ROWS_LIMIT:
        raise Malformed("manifest: a budget is of no rows or hashes, or of too many")
    return Budget(dict(zip(Family, rows, strict=True)), hashes)


def decode_boundary(value: object) -> BoundaryEntry:
    fields = Fields(value, "manifest: a boundary", BOUNDARY_NAMES)
    status = fields.integer("status", 1 << 16)
    if status not in STATUSES:
        raise Malformed(f"manifest: no boundary has status {status}")
    return BoundaryEntry(fields.integer("pc", PC_LIMIT), fields.integer("fp", FRAME_POINTER_LIMIT), status,
                         fields.integer("steps", STEPS_LIMIT), fields.digest("snapshot"))
