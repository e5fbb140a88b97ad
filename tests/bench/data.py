"""All figures of the data workshop, each against its peer in the same run: `python -m tests.bench.data [--quick] [--json] [--only NAME …]`.

Each part runs in a process of its own, so that none measures with another's memory.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.bench.figures import Figure, tell

PARTS = ("data_import", "data_duplicates", "data_doctor", "data_split", "data_pages")
_ROOT = Path(__file__).parents[2]
_RUN = """
import json, sys
from dataclasses import asdict
from importlib import import_module
for figure in import_module("tests.bench." + sys.argv[1]).figures(sys.argv[2] == "quick"):
    print("FIGURE " + json.dumps(asdict(figure)), flush=True)
"""


def main() -> int:
    """1 when a part failed; it is told which, and the others run nevertheless."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true", dest="as_json")
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS)
    given = parser.parse_args()
    failed = [part for part in given.only if not _ran(part, quick=given.quick, as_json=given.as_json)]
    if failed:
        print(f"without figures, or with some only: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _ran(part: str, *, quick: bool, as_json: bool) -> bool:
    command = [sys.executable, "-c", _RUN, part, "quick" if quick else "full"]
    environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE", "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    told = 0
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("FIGURE "):
                tell(Figure(**json.loads(line.removeprefix("FIGURE "))), as_json=as_json)
                told += 1
    return process.returncode == 0 and told > 0


if __name__ == "__main__":
    sys.exit(main())
