"""A tiny starter for tests: same architecture, template and file format, learned in seconds from generated text alone."""

from __future__ import annotations

import tempfile
from pathlib import Path

STEPS, VOCABULARY, ROWS = 80, 1000, 2000
CARD = "---\nlicense: apache-2.0\nlibrary_name: transformers\n---\n# A tiny starter\n\nFor tests only: it knows a few generated sentences and nothing else.\n"


def make_tiny(out: Path, seed: int = 0) -> Path:
    """Write a tiny model's folder to `out` and give it back; the same seed gives the same weights on the same machine."""
    from core.models.starter.exercises import exercises
    from core.models.starter.folder import write_model
    from core.models.starter.network import Size
    from core.models.starter.pretrain import Plan, Pretraining
    from core.models.starter.shelf import Shelf
    from core.models.starter.tokenizer import learn_tokenizer

    documents = list(exercises(ROWS, seed))
    tokenizer = learn_tokenizer(("\n".join(content for _, content in document.turns) for document in documents), VOCABULARY)
    size = Size(tokenizer.get_vocab_size(), hidden_size=64, intermediate_size=176, num_hidden_layers=2)
    plan = Plan(budget_s=float("inf"), batch_tokens=2048, warm_up_steps=10, max_steps=STEPS, save_every_s=float("inf"), seed=seed)
    with tempfile.TemporaryDirectory() as work:
        network = Pretraining(size, Shelf.encode(documents, tokenizer), Path(work), plan).run()
    return write_model(network, tokenizer, out, card=CARD)
