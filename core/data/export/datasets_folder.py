"""A folder as `datasets` saves it (save_to_disk of huggingface/datasets): `datasets.load_from_disk` opens it."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from core.data.export.base import Look, Pieces
from core.data.export.parquet import Parquet, batches, schema

_ALL, _SEALED = "rows", "sealed"


class DatasetsFolder(Parquet):
    """The columns of Parquet. Parts of a split become a DatasetDict."""

    name: ClassVar[str] = "datasets"
    label: ClassVar[str] = "Folder of Hugging Face datasets"
    suffix: ClassVar[str] = ""

    def write(self, pieces: Pieces, folder: Path, look: Look) -> None:
        for name, rows in pieces.items():
            target = folder / name if name in (_ALL, _SEALED) else folder / _ALL / name
            self.write_file(self.whole_rows(rows(), look), target, look)
        parts = [name for name in pieces if name not in (_ALL, _SEALED)]
        if parts:
            (folder / _ALL / "dataset_dict.json").write_text(json.dumps({"splits": parts}), encoding="utf-8")

    def write_file(self, rows: Iterable[dict[str, Any]], target: Path, look: Look) -> None:
        import pyarrow as pa
        from datasets import Dataset

        target.parent.mkdir(parents=True, exist_ok=True)
        stream = target.with_name(f".{target.name}.arrow")
        try:
            with pa.OSFile(str(stream), "wb") as file, pa.ipc.new_stream(file, schema(look)) as writer:
                for batch in batches(rows, look):
                    writer.write_batch(batch)
            Dataset.from_file(str(stream)).save_to_disk(str(target))
        finally:
            stream.unlink(missing_ok=True)
