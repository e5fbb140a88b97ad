"""No method leaves anything in the home folder: every one applied, trained for a few steps, kept, opened and merged, in an empty HOME."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
WALK = """
import sys
from pathlib import Path
from core.methods.base import Merge
from core.models.load import load_base
from tests.unit.methods_bench import SETTINGS, trained
from tests.unit.training_bench import tiny_model

place = Path(sys.argv[1])
base = tiny_model(place / "base").folder
for name in {name: setting for setting, (name, _) in SETTINGS.items()}.values():
    found, kept = trained(base, name, steps=3), place / name
    kept.mkdir()
    found.chosen.save(found.model, kept)
    found.chosen.load(load_base(base), kept)
    if found.chosen.merge is not Merge.NEVER:
        found.chosen.merged(load_base(base), kept)
"""


def test_from_the_first_layer_to_the_merged_model_no_method_writes_into_the_home_folder(tmp_path: Path) -> None:
    empty, place = tmp_path / "empty", tmp_path / "place"
    empty.mkdir()
    place.mkdir()
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "TORCH_", "TRITON_", "XDG_"))}
    environment |= {"HOME": str(empty), "USERPROFILE": str(empty), "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-c", WALK, str(place)], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert sorted(path.relative_to(empty).as_posix() for path in empty.rglob("*")) == []
