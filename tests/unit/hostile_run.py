"""The child that reads hostile files as the product does, look and import, and tells what came of each. `python -m tests.unit.hostile_run FOLDER`."""

import json
import sys
import time
from pathlib import Path

from core.data.confined import Confines, confine
from core.data.job import BAD_ROWS_FILE, ROWS_FILE, ImportSettings, write_rows
from core.data.look import LookRequest, answer
from core.data.mapping import Mapping
from core.jobs.memory import peak_bytes

CONFINES = Confines(cpu_s=60, wall_s=240)


def outcome(path: Path, name: str, folder: Path) -> tuple[str, str]:
    """What the person is told: the expectation's form (hostile_files.py), and the sentence."""
    from core.errors import UserError

    folder.mkdir()
    reply = answer(LookRequest(path=str(path), file=name))
    if reply.preview is None:
        return reply.error, reply.said
    if reply.preview.mapping is None:
        column = "text" if "text" in reply.preview.columns else reply.preview.columns[0]
        mapping = Mapping(shape="text_only", columns={"text": column}, unanswered=True)
    else:
        mapping = reply.preview.mapping
    settings = ImportSettings(upload="upload", file=name, mapping=mapping, dataset="d", name="n", new=True)
    try:
        summary = write_rows(path, folder, settings)
    except UserError as error:
        assert not (folder / ROWS_FILE).exists()
        assert not [left for left in folder.iterdir() if left.name != BAD_ROWS_FILE], "half an import was left behind"
        key = error.facts.get("what_key")
        return f"{error.name}:{key}" if key else error.name, str(error)
    return f"rows:{summary.rows}", ""


def main(arguments: list[str]) -> int:
    confine(CONFINES)
    here = Path(arguments[0])
    for number, name in json.loads((here / "list.json").read_text("utf-8")):
        began = time.process_time()
        came, said = outcome(here / f"{number}.file", name, here / f"{number}.run")
        peak = peak_bytes()
        line = json.dumps({"number": number, "outcome": came, "said": said, "seconds": time.process_time() - began, "peak": peak})
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
