"""`longrun setup` tells the identity by which proofs of a program are known, and refuses keys that do not follow from the texts."""
from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from bundles import preparing
from continuation.published import FOLDER, file_of, published
from continuation.setup import Told
from continuation.verify import Trusted
from tests.longrun.conftest import Longrun


def told(longrun: Longrun, *arguments: str) -> dict[str, object]:
    code, out, err = longrun("setup", *arguments, "--json")
    assert code == 0, err
    facts = json.loads(out)
    assert isinstance(facts, dict)
    return facts


def toy() -> Trusted:
    found = published("toy")
    assert found is not None
    return found


def test_the_identity_is_what_claims_say_and_all_else_has_another(longrun: Longrun) -> None:
    facts = told(longrun, "sum.wasm", "--profile", "toy")
    shown = json.loads(longrun("inspect", "sum.wasm", "--json")[1])
    assert facts["program"] == shown["in toy claims"] and facts["where the keys come from"] == "they are in the package"
    assert told(longrun, "sum.wasm")["program"] == shown["in p100 claims"]
    changed = Path("sum.wasm").read_bytes().replace(bytes([0x41, 10]), bytes([0x41, 11]), 1)        # i32.const 10
    assert changed != Path("sum.wasm").read_bytes()
    Path("other.wasm").write_bytes(changed)
    assert told(longrun, "other.wasm", "--profile", "toy")["program"] != facts["program"]
    assert told(longrun, "sum.wasm", "--profile", "toy") == facts


def test_more_shapes_are_for_programs_that_call_host_functions(longrun: Longrun) -> None:
    Path("hashes.wat").write_text("""(module (import "longrun" "sha256_compress" (func $compress (param i32 i32))) (memory 1)
      (func (export "_start") (call $compress (i32.const 0) (i32.const 32))))""")
    with_none, with_some = told(longrun, "sum.wasm"), told(longrun, "hashes.wat")
    assert (with_none["host functions"], with_some["host functions"]) == ("none called", "called")
    assert int(str(with_none["shapes of its segments"])) < int(str(with_some["shapes of its segments"]))


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The file of toy keys, to be changed; that the circuits give what is in it is shown in tests/continuation/test_published.py."""
    good = toy()

    def again(segments: Mapping[str, object], layers: Mapping[str, object], kernels: object, told: Told) -> Trusted:
        assert set(segments) == set(good.segments) and set(layers) == set(good.shapes)
        told("circuits", 1, 1)
        return good
    monkeypatch.setattr(preparing, "build", again)
    monkeypatch.setattr(preparing, "trusted_keys", lambda *_: good)
    monkeypatch.setattr(preparing, "file_of", lambda name: file_of(name, tmp_path))
    monkeypatch.setattr(preparing, "shipped", lambda name, layers: published(name, tmp_path, layers))
    return Path(shutil.copy(FOLDER / "toy.json", tmp_path))


CHANGES: dict[str, Callable[[Any], None]] = {
    "a chip": lambda found: found["layers"]["leaf"]["digest"].__setitem__(0, 1),
    "a height": lambda found: found["layers"]["wide"]["log_heights"][0].__setitem__(1, 3),
    "a digest": lambda found: found["digests"]["rollup"].__setitem__(0, 1),
    "a cap": lambda found: found["caps"]["rollup"][0].__setitem__(0, 1),
    "the root": lambda found: found["root"].__setitem__(0, 1),
    "a shape": lambda found: found["segments"].pop(),
    "a kind": lambda found: found["digests"].pop("rollup"),
    "more": lambda found: found.update(more=1),
    "no digests": lambda found: found.update(digests=[]),
    "nothing": lambda found: found.clear()}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_keys_that_do_not_follow_from_the_texts_are_refused(longrun: Longrun, keys: Path, change: Callable[[Any], None]) -> None:
    assert "the same" in str(told(longrun, "sum.wasm", "--profile", "toy", "--derive")["where the keys come from"])
    found = json.loads(keys.read_text())
    change(found)
    for content in (json.dumps(found), json.dumps(found)[:-1], "[]"):
        keys.write_text(content)
        code, _, err = longrun("setup", "sum.wasm", "--profile", "toy", "--derive")
        assert code == 1 and "what follows from the texts of chips and circuits" in err and "proof" not in err


def test_where_keys_come_from_is_said(longrun: Longrun, keys: Path) -> None:
    assert told(longrun, "sum.wasm", "--profile", "toy")["where the keys come from"] == "they are in the package"
    good = json.loads(keys.read_text())
    for name in ("the root", "a cap", "a digest"):
        found = json.loads(json.dumps(good))
        CHANGES[name](found)
        keys.write_text(json.dumps(found))
        code, _, err = longrun("setup", "sum.wasm", "--profile", "toy")
        assert code == 3 and "the file of keys is damaged" in err, name
    CHANGES["a chip"](good)
    keys.write_text(json.dumps(good))
    code, out, err = longrun("setup", "sum.wasm", "--profile", "toy")
    assert code == 0 and "those in the package are of other chips" in out and "all keys are computed now" in err
    keys.unlink()
    for option in ([], ["--derive"]):
        assert "there are none in the package" in str(told(longrun, "sum.wasm", "--profile", "toy", *option)["where the keys come from"])


def test_what_cannot_be_proved_is_said_before_it_runs(longrun: Longrun) -> None:
    Path("simd.wat").write_text('(module (func (export "_start") (drop (v128.const i64x2 0 0))))')
    code, _, err = longrun("setup", "simd.wat")
    assert code == 3 and "Traceback" not in err
    assert longrun("setup", "absent.wasm")[0] == 4 and longrun("setup", "sum.wasm", "--profile", "p7")[0] == 2
