"""What this machine can do: what it has, and how long a billion steps would take, from one small segment proved here and now."""
from __future__ import annotations

import importlib.metadata
import platform
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bundles import api
from bundles.bundle import open_bundle
from bundles.errors import Misuse
from bundles.keys import SIZES_OF, RunKeys
from bundles.machine import cells_of, cores, fitting_workers, free_memory, worker_bytes
from bundles.proving import keys_of, prove_bundle
from segments.shape import Shape
from stark.profiles import Profile
from wasm_exec.text import from_text

PROCESSOR = Path("/proc/cpuinfo")
WIDE = ("avx512f", "avx2", "asimd")
BILLION = 10**9
TURNS = 1800
PROGRAM = b"""(module (memory 1) (func (export "_start") (local $turn i32) (local $k i32)
  (loop $turns
    (local.set $k (i32.const 0))
    (loop $inner
      (i32.store (local.get $k) (i32.xor (i32.load (local.get $k)) (i32.rotl (local.get $turn) (i32.const 7))))
      (br_if $inner (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 4))) (i32.const 16))))
    (br_if $turns (i32.lt_u (local.tee $turn (i32.add (local.get $turn) (i32.const 1))) (i32.const %d))))))""" % TURNS


def machine(place: Path) -> dict[str, object]:
    """What is here, without measuring anything."""
    try:
        native = importlib.metadata.version("longrun-native")
    except importlib.metadata.PackageNotFoundError:
        native = ""
    name = api.kernels().name
    flags = {word for line in (PROCESSOR.read_text() if PROCESSOR.is_file() else "").splitlines()
             if line.startswith(("flags", "Features")) for word in line.split()}
    return {"python": platform.python_version(), "cores": cores(), "free memory, GB": round(free_memory() / 1e9, 1),
            "free disk, GB": round(shutil.disk_usage(place).free / 1e9, 1),
            "kernels": f"native {native}".strip() if name == "native" else "reference (numpy: for verifying; too slow for proving)",
            "vector instructions": ", ".join(flag for flag in WIDE if flag in flags) or "none known"}


def measured(place: Path, profile: Profile) -> Mapping[str, object]:
    """The machine, and the seconds of one segment with its leaf under this profile; the rest is computed from them. Seconds are those of
    the processor, so that they say the same on a busy machine; circuits are left out, which a worker takes up once."""
    facts = machine(place)
    if not str(facts["kernels"]).startswith("native"):
        return facts | {"a billion steps": "not measured: proving needs the native kernels (make setup)"}
    small, large = SIZES_OF["p100"][0], SIZES_OF["p100"][-1]
    if profile.toy:
        raise Misuse("a toy proof is no measure of anything")
    with tempfile.TemporaryDirectory() as folder:
        recorded = api.record(from_text(PROGRAM), b"", Path(folder) / "run", profile.name, size=small)
        bundle = open_bundle(Path(folder) / "run")
        program = api.translated(bundle.app())
        keys = keys_of(bundle, program)
        kernels = api.kernels()
        seconds = prove_bundle(bundle, program, keys, kernels, lambda *_: None, api.Means(workers=1)).seconds
    busy = seconds["processor"] / seconds["all"] / recorded.segments
    fold = busy * sum(value for stage, value in seconds.items() if "leaf:" in stage and "circuit" not in stage)
    proving = busy * (seconds["prove segments"] + seconds["replay and fill"])
    larger = RunKeys(keys.profile, Shape.of(large, len(program.instructions), keys.shape.width))
    ratio = cells_of(larger) / cells_of(keys)
    count = BILLION / (recorded.steps / recorded.segments * 2 ** (int(large[2:]) - int(small[2:])))
    workers = fitting_workers(larger, 1 << 30, None, None)
    hours = count * (proving * ratio + 2 * fold) / min(workers, cores()) / 3600
    return facts | {
        "profile": profile.name, f"a segment of {small}, s of one core": round(proving, 2), "a leaf, s of one core": round(fold, 2),
        f"memory of a worker with segments of {large}, GB": round(worker_bytes(larger) / 1e9, 1), "workers": workers,
        "a billion steps, hours": round(hours, 1),
        "how": f"computed: {count:,.0f} segments of {large}, each {ratio:.1f} times the measured one, with a leaf and a join each; "
               "on a machine that does nothing else. The measured program loads, stores and shifts all the time: samples/sieve.wat "
               "takes half as long, a program that touches memory all over takes longer"}
