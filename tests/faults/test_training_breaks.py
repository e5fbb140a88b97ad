"""A training breaks in the middle: its cause is told within five seconds, what would help is offered, and the app answers all the while.

The breaks are planted by a loss of one's own, in a real child of a real workshop.
"""

import time
from dataclasses import replace

import pytest

from core.actions.registry import NeedsApproval, Scope, perform
from core.home import Home
from core.workshop import Workshop
from storage.rows import JobState
from tests.agreeing import agreed
from tests.unit.test_training_actions import project_with
from tests.unit.training_bench import recipe, tiny_model

_LOSS = """
import time
from pathlib import Path

import torch


def break_it(losses):
    {how}


class Breaks(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, logits, targets):
        losses = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
        self.calls += 1
        if self.calls < 40:
            return losses
        if self.calls == 40:
            Path("broke-at").write_text(str(time.time()))
        return break_it(losses)
"""
BREAKS = {
    "LossNotFinite": ("return losses * float('nan')", "learning_rate", "corrections were too big"),
    "OutOfMemory": ("return losses + torch.empty(1 << 44)", "gradient_accumulation_steps", "not enough memory"),
    "DiskFull": ("raise OSError(28, 'No space left on device')", None, "The disk is full"),
}
WITHIN_S = 5.0


@pytest.mark.parametrize("cause", BREAKS)
def test_the_cause_is_told_within_seconds_and_the_app_goes_on(cause, tmp_path):
    how, changed, words = BREAKS[cause]
    home = Home(tmp_path / "home").prepare()
    (home.root / "settings.toml").write_text("threads = 1\ntrusted_losses = true\n")
    tiny_model(home.models / "tiny")
    (tmp_path / "breaks.py").write_text(_LOSS.format(how=how))
    with Workshop.open(home) as workshop:
        context, project = project_with(workshop, ("apple", "pear", "plum"))
        context = replace(context, scopes=frozenset(Scope))
        agreed(context, "take-loss", {"upload": workshop.take_upload(context.actor, "breaks.py", tmp_path / "breaks.py").id})
        chosen = recipe(num_train_epochs=60, evaluations=60, early_stopping_patience=99, loss="own", loss_options={"file": "breaks.py"})
        _, run = agreed(context, "train", {"project": project.id, "recipe": chosen.to_toml()})
        slowest = 0.0
        with workshop.supervisor.subscribe(run.job) as changes:
            while workshop.supervisor.job(run.job).state in (JobState.QUEUED, JobState.RUNNING):
                asked = time.monotonic()
                perform(context, "runs", {"project": project.id})
                slowest = max(slowest, time.monotonic() - asked)
                changes.wait(1.0)
        told_at = time.time()
        status = perform(context, "run", {"run": run.id})
        broke_at = float((home.runs / run.job / "broke-at").read_text())
        assert status.job.state is JobState.FAILED
        assert status.error.key == f"errors.{cause}"
        assert words in status.error.english
        assert told_at - broke_at < WITHIN_S
        assert slowest < 1.0
        if changed is None:
            assert status.offer is None
        else:
            assert status.offer.verb == "train"
            assert f"{changed} = " in status.offer.values["recipe"]
            assert status.has_model
            with pytest.raises(NeedsApproval):
                perform(context, status.offer.verb, status.offer.values)
