"""The demo: two runs of a small program, proved, batched and verified, with every command as one would type it; then a forgery."""
from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
PLACE = ROOT / "build" / "demo"
LONGRUN = Path(sys.executable).parent / "longrun"


def command(place: Path, line: str, expected: int = 0) -> None:
    """Shows a command, runs it in the demo's folder, and stops the demo if it ends otherwise than expected."""
    print(f"\n$ {line}", flush=True)
    started = time.perf_counter()
    done = subprocess.run([LONGRUN, *shlex.split(line)[1:]], cwd=place, check=False)
    seconds = time.perf_counter() - started
    print(f"[{seconds:.1f} s]" if done.returncode == 0 else f"[{seconds:.1f} s, exit code {done.returncode}]", flush=True)
    if done.returncode != expected:
        sys.exit(f"the demo expected exit code {expected}")


def forge(place: Path, proof: str, forged: str) -> None:
    """Changes one bit among the opened rows of a proof, which are at its end."""
    content = bytearray((place / proof).read_bytes())
    content[len(content) * 7 // 8] ^= 1
    (place / forged).write_bytes(content)
    print(f"\n# {forged} is {proof} with one bit changed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default="toy")
    parser.add_argument("--sample", default="sum")
    parser.add_argument("--place", type=Path, default=PLACE, help="the folder that the demo works in; what is in it is removed")
    options = parser.parse_args()
    profile, app, allow = options.profile, f"{options.sample}.wasm", " --allow-toy" if options.profile == "toy" else ""

    place = options.place
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    from wasm_exec.text import from_text
    (place / app).write_bytes(from_text(ROOT / "samples" / f"{options.sample}.wat"))
    (place / "first.txt").write_text(" ".join(str(number) for number in range(1, 201)))
    (place / "second.txt").write_text(" ".join(str(number * number) for number in range(1, 101)))

    for name in ("first", "second"):
        command(place, f"longrun run {app} --input {name}.txt -o {name} --profile {profile}")
        command(place, f"longrun prove {name} -o {name}.proof")
    command(place, f"longrun verify first.proof --program {app} --input first.txt{allow}")
    command(place, "longrun batch first.proof second.proof -o both.proof")
    command(place, f"longrun verify both.proof --program {app}{allow}")
    command(place, "longrun inspect both.proof")
    forge(place, "first.proof", "forged.proof")
    command(place, f"longrun verify forged.proof --program {app}{allow}", expected=1)
    if profile == "toy":
        print("\n# a toy proof proves nothing, so that it is refused unless one asks for it")
        command(place, f"longrun verify both.proof --program {app}", expected=1)


if __name__ == "__main__":
    main()
