"""`longrun setup` tells the identity by which proofs of a program are known, and refuses keys that do not follow from the texts."""
from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bundles import preparing
from continuation.published import published
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
    assert facts["program"] == shown["in toy claims"] and facts["keys come from"] == "ship with longrun"
    assert told(longrun, "sum.wasm")["program"] == shown["in p100 claims"]
    changed = Path("sum.wasm").read_bytes().replace(bytes([0x41, 10]), bytes([0x41, 11]), 1)        # i32.const 10
    assert changed != Path("sum.wasm").read_bytes()
    Path("other.wasm").write_bytes(changed)
    assert told(longrun, "other.wasm", "--profile", "toy")["program"] != facts["program"]
    assert {**told(longrun, "sum.wasm", "--profile", "toy"), "recorder compiled, s": 0} == {**facts, "recorder compiled, s": 0}


def test_more_shapes_are_for_programs_that_call_host_functions(longrun: Longrun) -> None:
    Path("hashes.wat").write_text("""(module (import "longrun" "sha256_compress" (func $compress (param i32 i32))) (memory 1)
      (func (export "_start") (call $compress (i32.const 0) (i32.const 32))))""")
    with_none, with_some = told(longrun, "sum.wasm"), told(longrun, "hashes.wat")
    assert not with_none["calls host functions"] and with_some["calls host functions"]
    assert int(str(with_none["shapes of its segments"])) < int(str(with_some["shapes of its segments"]))


def test_keys_that_ship_are_computed_again(longrun: Longrun, monkeypatch: pytest.MonkeyPatch) -> None:
    """That the circuits give them is shown in tests/continuation/test_published.py; here most are believed."""
    good = toy()

    def again(segments: Mapping[str, object], layers: Mapping[str, object], kernels: object, told: Told) -> Trusted:
        assert set(segments) == set(good.segments) and set(layers) == set(good.shapes)
        told("circuits", 1, 1)
        return good
    monkeypatch.setattr(preparing, "build", again)
    assert "the same as ship" in str(told(longrun, "sum.wasm", "--profile", "toy", "--derive")["keys come from"])
    last = max(good.caps)
    for changes in (*({"digests": {**good.digests, name: good.digests["batch of run and run"]}} for name in list(good.digests)[:2]),
                    {"digests": {name: digest for name, digest in good.digests.items() if name != last}},
                    {"caps": {**good.caps, last: good.caps[last] + 1}}, {"segments": good.segments[1:]}, {"root": good.digests[last]}):
        monkeypatch.setattr(preparing, "trusted_keys", lambda *_, changes=changes: replace(good, **changes))
        code, _, err = longrun("setup", "sum.wasm", "--profile", "toy", "--derive")
        assert code == 1 and "follow" in err and "from the texts" in err, changes


def test_what_cannot_be_proved_is_said_before_it_runs(longrun: Longrun) -> None:
    Path("simd.wat").write_text('(module (func (export "_start") (drop (v128.const i64x2 0 0))))')
    code, _, err = longrun("setup", "simd.wat")
    assert code == 3 and "Traceback" not in err
    assert longrun("setup", "absent.wasm")[0] == 4 and longrun("setup", "sum.wasm", "--profile", "p7")[0] == 2
