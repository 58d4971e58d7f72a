"""The habits of the house that can be executed: what a verifier may load, what library code may not do."""
from __future__ import annotations

import ast
import runpy
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("wasm_exec", "stark", "segments", "continuation", "bundles", "longrun")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
VERIFIERS = [path for path in SOURCES if path.stem in ("verify", "verifier")]
NOT_FOR_VERIFYING = {"prove", "prover", "recorder"}
LONGEST = 400
KNOWS_THE_ENVIRONMENT = ("wasm_exec.kept_files",)     # where the user keeps caches; it changes no result


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(), str(path)))


@pytest.mark.parametrize("module", [name_of(path) for path in VERIFIERS])
def test_verifying_loads_no_prover_and_needs_no_native_code(module: str) -> None:
    program = f"import sys; sys.modules['longrun_native'] = None; import {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = done.stdout.split()
    assert module in loaded
    assert [name for name in loaded if name.split(".")[0] in PACKAGES and name.split(".")[-1] in NOT_FOR_VERIFYING] == []
    assert not {"wasmtime", "typer", "rich"} & set(loaded)


@pytest.mark.parametrize("path", VERIFIERS, ids=name_of)
def test_a_verifier_asserts_nothing(path: Path) -> None:
    assert [node.lineno for node in nodes(path) if isinstance(node, ast.Assert)] == []


@pytest.mark.parametrize("path", [path for path in SOURCES if path.parent.name != "longrun"], ids=name_of)
def test_library_code_is_quiet_and_has_no_hidden_switches(path: Path) -> None:
    for node in nodes(path):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("print", "eval", "exec"), f"line {node.lineno}"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os":
            assert node.attr not in ("environ", "getenv") or name_of(path) in KNOWS_THE_ENVIRONMENT, f"line {node.lineno}"
        if isinstance(node, ast.Import | ast.ImportFrom):
            imported = [alias.name for alias in node.names] + ([node.module] if isinstance(node, ast.ImportFrom) and node.module else [])
            assert not {"pickle", "marshal", "shelve", "yaml"} & set(imported), f"line {node.lineno}"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_file_has_one_idea(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST
    assert not text or ast.get_docstring(ast.parse(text)), "a module says in a sentence what it is for"


@pytest.mark.parametrize("path", sorted((ROOT / "scripts").glob("*.py")), ids=lambda path: path.stem)
def test_a_script_finds_what_it_imports(path: Path) -> None:
    """Nobody else imports it, so that a name may leave a module unnoticed."""
    runpy.run_path(str(path), run_name=f"scripts.{path.stem}")


def test_every_package_is_in_the_distribution() -> None:
    packaged = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]["include"]
    on_disk = {path.parent.name for path in ROOT.glob("*/__init__.py") } - {"tests", "benchmarks"}
    assert on_disk == set(PACKAGES)
    assert {name for name in packaged if "*" not in name} == set(PACKAGES)


def test_the_package_ships_the_keys() -> None:
    """Without them an installed verifier records circuits for a minute."""
    import tomllib
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert settings["tool"]["setuptools"]["package-data"]["continuation"] == ["keys/*.json"]
    assert list((ROOT / "continuation" / "keys").glob("*.json"))
