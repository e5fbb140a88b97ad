"""What a training needs whatever its rows and its model are: the libraries, imported while a person still reads the Method page. Children only."""

import importlib

from core.training.job import import_heavy, wait_quietly

_LAZY = ("core.training.probe", "core.training.layout", "pyarrow.parquet", "transformers.models.auto.modeling_auto",
         "transformers.models.auto.tokenization_auto", "transformers.models.llama.modeling_llama", "psutil")  # fmt: skip


def main() -> None:
    """All but what an architecture of its own brings; the most common one's is among it."""
    wait_quietly()
    import_heavy("lora")
    for name in _LAZY:
        importlib.import_module(name)
