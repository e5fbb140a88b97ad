"""The probe: a few real steps on the real rows, to say before a training how long it takes and how much memory. Runs in a child process only."""

import time
from typing import Any

from core.jobs.handle import ChildJob
from core.jobs.memory import peak_bytes
from core.training.estimate import PROBE_FILE, Probe
from core.training.job import prepare
from core.training.settings import ProbeSettings
from core.training.telling import Telling
from storage.files import write_atomically

_MOST_STEPS = 12
_EVALUATION_TOKENS = 4096


def main(job: ChildJob) -> None:
    """Writes probe.json; the model that it trained for a moment is thrown away."""
    started = time.monotonic()
    settings = ProbeSettings.model_validate(job.spec.settings)
    telling = Telling(job)
    prepared = prepare(job, telling, settings.recipe, settings.base)
    startup = time.monotonic() - started
    telling.stage("probing", "Timing a few steps")
    timed, tokens = _steps(job, prepared, settings)
    validation_tokens = sum(len(example.ids) for example in prepared.rows.validation)
    probe = Probe(
        train_rows=len(prepared.rows.train),
        train_tokens=prepared.rows.tokens,
        validation_tokens=validation_tokens,
        cut=prepared.rows.cut,
        longest=prepared.rows.longest,
        startup_s=startup,
        step_s=sum(timed) / len(timed),
        batch_tokens=sum(tokens) / len(tokens),
        tokens_per_second=sum(tokens) / sum(timed),
        validation_s=_validation(job, prepared),
        peak_memory_bytes=peak_bytes(),
        is_flat=prepared.is_flat,
    )
    write_atomically(job.folder / PROBE_FILE, probe.model_dump_json(indent=1).encode())
    job.artefact("probe", job.folder / PROBE_FILE)


def _steps(job: ChildJob, prepared: Any, settings: ProbeSettings) -> tuple[list[float], list[int]]:
    """Seconds and real tokens of each step but the first, which warms up; at least one."""
    import torch

    from core.training.batches import drawn, flat, padded, piece_tokens, pieces, shortest
    from core.training.objective import Objective

    recipe = settings.recipe
    weights = [weight for weight in prepared.model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=recipe.learning_rate, fused=True)
    device = weights[0].device
    objective = Objective(prepared.model, recipe, job.folder, (flat if prepared.is_flat else padded)(shortest(prepared.rows.train)).to(device))
    budget = piece_tokens(device.type) if objective.takes_pieces else None
    timed: list[float] = []
    counted: list[int] = []
    began = time.monotonic()
    for number in range(_MOST_STEPS):
        job.check_stop()
        step_began, tokens = time.monotonic(), 0
        for part in range(recipe.gradient_accumulation_steps):
            rows = drawn(prepared.rows.train, recipe.per_device_train_batch_size, number * 1000 + part)
            batches = [piece.to(device) for piece in pieces(rows, budget, is_flat=prepared.is_flat)]
            learned = sum(len(batch.targets) for batch in batches)
            for batch in batches:
                (objective(prepared.model, batch)[0] / learned).backward()
            tokens += sum(batch.tokens for batch in batches)
        torch.nn.utils.clip_grad_norm_(weights, recipe.max_grad_norm)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        timed.append(time.monotonic() - step_began)
        counted.append(tokens)
        if time.monotonic() - began > settings.seconds:
            break
    return (timed[1:], counted[1:]) if len(timed) > 1 else (timed, counted)


def _validation(job: ChildJob, prepared: Any) -> float:
    """Seconds for all validation rows, from one batch of them."""
    import torch

    from core.training.batches import by_tokens, flat, padded
    from core.training.loss import logits_of

    rows = prepared.rows.validation
    if not rows:
        return 0.0
    batches = list(by_tokens(rows, _EVALUATION_TOKENS))
    chosen = batches[len(batches) // 2]
    batch = (flat if prepared.is_flat else padded)(chosen)
    prepared.model.eval()
    began = time.monotonic()
    with torch.no_grad():
        logits_of(prepared.model, batch)
    return (time.monotonic() - began) * sum(len(example.ids) for example in rows) / batch.tokens
