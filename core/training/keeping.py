"""What a run keeps on disk: the best weights in model/, and at most two checkpoints to go on from. Whole or not there at all."""

import json
import os
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.methods.base import Method
from core.models.reference import REFERENCE_FILE, ModelReference
from storage.files import Manifest, free_bytes, size_bytes, sync_folder

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

MODEL_FOLDER = "model"
CHECKPOINT_FOLDER = "checkpoints"
WRITING = ".writing"  # where the Trainer puts a checkpoint before it is whole
_OLD = ".model.old"
_NEW = ".model.new"
_STATE_FILE = "bottega-state.json"
_KEPT_CHECKPOINTS = 2
_SHARE_OF_TIME = 0.05  # of a run that may go into checkpoints


@dataclass
class Best:
    """The best evaluation until now, and how many came after it. `score` is what decides before the loss does, the more the better. `unasked`: the
    evaluation of the checkpoint's own step was called off."""

    step: int | None = None
    loss: float = float("inf")
    since: int = 0
    score: float = float("-inf")
    unasked: bool = False

    def is_beaten_by(self, loss: float, score: float) -> bool:
        return (score, -loss) > (self.score, -self.loss)


def kept_model(run_folder: Path) -> ModelReference | None:
    """The best weights of a run, or None when none were kept. Mends what a kill between two renames left."""
    _mend(run_folder)
    folder = run_folder / MODEL_FOLDER
    return ModelReference.of(folder) if (folder / REFERENCE_FILE).is_file() and Manifest.read(folder) is not None else None


def last_checkpoint(run_folder: Path, *, check: bool = True) -> Path | None:
    """The newest whole one: every byte as its manifest says. A torn or changed one is passed over. Without `check` any with a manifest."""
    found = (folder for folder in _checkpoints(run_folder) if Manifest.read(folder) is not None)
    return next((folder for folder in found if not check or not Manifest.check(folder)), None)


def state_of(checkpoint: Path) -> Best:
    """The best evaluation as it was when the checkpoint was written."""
    stored = json.loads((checkpoint / _STATE_FILE).read_text(encoding="utf-8"))
    return Best(stored["step"], float(stored["loss"]), stored["since"], float(stored.get("score", 0.0)), stored.get("unasked", False))


class Keeper:
    """Writes for one run. `base` is what was trained on: an adapter's reference names it. `budget_bytes` is what its checkpoints may take."""

    def __init__(
        self, run_folder: Path, name: str, method: Method, base: Path, tokenizer: "PreTrainedTokenizerBase", *, budget_bytes: int | None = None
    ) -> None:
        self.run_folder, self.name, self.method, self.base, self.tokenizer = run_folder, name, method, base, tokenizer
        self.best = Best()
        self._budget_bytes, self._checkpoint_bytes = budget_bytes, 0
        self._next_checkpoint_at = float("-inf")
        _mend(run_folder)
        shutil.rmtree(self.writing_folder, ignore_errors=True)
        self.writing_folder.mkdir(parents=True)

    @property
    def writing_folder(self) -> Path:
        return self.run_folder / CHECKPOINT_FOLDER / WRITING

    def keep_model(self, model: Any) -> None:
        """Put these weights into model/, in one rename; what was there stays until then. Raises OSError (disk full …)."""
        from core.models.head import plain_output

        new, old, folder = (self.run_folder / name for name in (_NEW, _OLD, MODEL_FOLDER))
        shutil.rmtree(new, ignore_errors=True)
        try:
            new.mkdir()
            with plain_output(model) as head:
                self.method.save(model, new)
            if head is not None:
                head.save(new)
            self.tokenizer.save_pretrained(new)
            whole = self.method.name == "full"
            written = ModelReference(name=self.name, folder=new, base=None if whole else self.base, method=self.method.name)
            written.save()
            Manifest.write(new)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        if folder.exists():
            os.replace(folder, old)
        os.replace(new, folder)
        sync_folder(self.run_folder)
        shutil.rmtree(old, ignore_errors=True)

    def wants_checkpoint(self) -> bool:
        """Writing a large model's state at every evaluation would cost more than it saves."""
        return time.monotonic() >= self._next_checkpoint_at

    def has_room(self, about_bytes: int) -> bool:
        """Whether one more checkpoint may be written, if need be in place of the one before the last. `about_bytes` is used until one was written. The
        disk keeps as much air again, for the best weights."""
        needed = self._checkpoint_bytes or about_bytes
        if self._budget_bytes is not None and needed > self._budget_bytes:
            return False
        for older in _checkpoints(self.run_folder)[1:]:
            if free_bytes(self.run_folder) < 2 * needed:
                shutil.rmtree(older, ignore_errors=True)
        return free_bytes(self.run_folder) >= 2 * needed

    def finish_checkpoint(self, step: int, started: float, *, unasked: bool = False) -> None:
        """What the Trainer wrote becomes whole: our state, every byte's hash, the rename. Older ones than the last two go."""
        written = self.writing_folder / f"checkpoint-{step}"
        state = {**asdict(self.best), "loss": repr(self.best.loss), "score": repr(self.best.score), "unasked": unasked}
        (written / _STATE_FILE).write_text(json.dumps(state), encoding="utf-8")
        Manifest.write(written)
        place = self.run_folder / CHECKPOINT_FOLDER / written.name
        shutil.rmtree(place, ignore_errors=True)
        os.replace(written, place)
        sync_folder(place.parent)
        self._checkpoint_bytes = size_bytes(place)
        kept = _KEPT_CHECKPOINTS if self._budget_bytes is None or _KEPT_CHECKPOINTS * self._checkpoint_bytes <= self._budget_bytes else 1
        for older in _checkpoints(self.run_folder)[kept:]:
            shutil.rmtree(older, ignore_errors=True)
        now = time.monotonic()
        self._next_checkpoint_at = now + (now - started) / _SHARE_OF_TIME

    def clean_up(self) -> None:
        """After a run's own end nothing is to be resumed: the checkpoints go, the model stays."""
        shutil.rmtree(self.run_folder / CHECKPOINT_FOLDER, ignore_errors=True)


def _checkpoints(run_folder: Path) -> list[Path]:
    """Newest first."""
    found = [folder for folder in (run_folder / CHECKPOINT_FOLDER).glob("checkpoint-*") if folder.name.rsplit("-", 1)[-1].isdigit()]
    return sorted(found, key=lambda folder: int(folder.name.rsplit("-", 1)[-1]), reverse=True)


def _mend(run_folder: Path) -> None:
    old, folder = run_folder / _OLD, run_folder / MODEL_FOLDER
    if old.exists() and not folder.exists():
        os.replace(old, folder)
    shutil.rmtree(old, ignore_errors=True)
