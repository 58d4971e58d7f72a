"""python -m tests.wasm_exec.spec [-v] [NAME ...]: runs the official tests and prints a table."""

from __future__ import annotations

import sys
from collections import Counter
from multiprocessing import Pool
from pathlib import Path

from tests.wasm_exec.spec.crate import CRATE, VERSION, data_folder
from tests.wasm_exec.spec.script import Report, Script

SUITES = ("wasm-v1", "wasm-v2")
MOST_EXCLUDED = 0.02
KINDS = ("module", "action", "assert_return", "assert_trap", "assert_exhaustion", "assert_invalid", "assert_malformed", "malformed text",
         "assert_unlinkable")


def run(path: Path) -> Report:
    return Script(path).run()


def main(arguments: list[str]) -> int:
    verbose = "-v" in arguments
    names = [name for name in arguments if name != "-v"]
    folder = data_folder()
    if folder is None:
        print(f"the crate {CRATE} {VERSION} cannot be fetched")
        return 2
    paths = [path for suite in SUITES for path in sorted((folder / suite).glob("*.wast"))
             if not names or path.stem in names or f"{suite}/{path.stem}" in names]
    totals: dict[str, Counter[tuple[str, str]]] = {suite: Counter() for suite in SUITES}
    reasons: dict[str, Counter[str]] = {suite: Counter() for suite in SUITES}
    with Pool(2) as pool:
        for report in pool.imap_unordered(run, paths):
            suite = report.name.split("/")[0]
            totals[suite].update(report.counts)
            reasons[suite].update(report.reasons)
            failed = sum(count for (_, result), count in report.counts.items() if result == "failed")
            if failed:
                print(f"{report.name}: {failed} failed", flush=True)
                for line in report.failures[: None if verbose else 3]:
                    print(f"    {line}", flush=True)
    too_many = False
    for suite in SUITES:
        print(f"\n{suite:<20}{'passed':>10}{'excluded':>10}{'failed':>10}")
        for kind in KINDS:
            print(f"  {kind:<18}" + "".join(f"{totals[suite][kind, result]:>10}" for result in ("passed", "excluded", "failed")))
        everything = sum(totals[suite].values())
        share = sum(count for (_, result), count in totals[suite].items() if result == "excluded") / max(everything, 1)
        print(f"  {everything} commands, {share:.2%} excluded")
        too_many |= share > MOST_EXCLUDED
        for reason, count in reasons[suite].most_common():
            print(f"    excluded {count:>6}: {reason}")
    if too_many:
        print(f"more than {MOST_EXCLUDED:.0%} are excluded")
    return int(too_many or any(counts[kind, "failed"] for counts in totals.values() for kind in KINDS))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
