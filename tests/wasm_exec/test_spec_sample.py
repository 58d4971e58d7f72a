"""A sample of the official tests; all of them: make spec-suite."""

from __future__ import annotations

import pytest

from tests.wasm_exec.spec.crate import data_folder
from tests.wasm_exec.spec.script import Script

SAMPLE = """wasm-v1/func_ptrs wasm-v1/traps wasm-v2/block wasm-v2/br wasm-v2/bulk wasm-v2/conversions wasm-v2/elem
wasm-v2/f32_bitwise wasm-v2/global wasm-v2/i64 wasm-v2/select wasm-v2/table_grow wasm-v2/unreached-invalid wasm-v2/binary""".split()


@pytest.mark.parametrize("name", SAMPLE)
def test_official_script(name: str) -> None:
    folder = data_folder()
    if folder is None:
        pytest.skip("the crate with the official tests cannot be fetched")
    report = Script(folder / f"{name}.wast").run()
    assert not report.failures, "\n".join(report.failures[:5])
    assert report.counts["module", "passed"] + report.counts["assert_invalid", "passed"]
