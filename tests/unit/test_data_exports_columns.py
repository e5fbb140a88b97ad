"""Further columns of an export keep what they hold, whatever they are called."""

import json
from pathlib import Path

import pytest

from core.data.exported import MARK, PART, WHOLE
from storage.bulk.splitting import freeze_split
from storage.bulk.versions import freeze_version
from tests.unit.data_files import imported
from tests.unit.store_rows import open_store
from tests.unit.test_data_exports import ALL, _back, _data_file, _dataset, _exported, _says, _store_rows, _user

_CLASHING = (
    "question", "original question", "original question 2", "answer", "messages", "system", "instruction", "output", "input", "history", "tools",
    "parallel_tool_calls", "text", "label", "prompt", "completion", MARK, PART, WHOLE, "a", " a", "A", "=b", "'=b",
)  # fmt: skip


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("shape", ["question_answer", "text_label", "prompt_completion"])
def test_columns_that_would_share_a_name_or_take_one_of_ours_all_survive(tmp_path: Path, kind: str, shape: str) -> None:
    with open_store(tmp_path) as store:
        originals = [{column: f"{number} of {row}" for number, column in enumerate(_CLASHING)} for row in range(30)]
        path = _store_rows(tmp_path / "a.parquet", [[_user(f"what is {n}?"), _says(f"it is {n}")] for n in range(30)], originals)
        version = freeze_version(store, _dataset(store, shape, [(path, False)]))
        split = freeze_split(store, version.id, "{}", test_share=0.2, validation_share=0.2, seed=7)
        for name, chosen in (("whole", None), ("dealt", split.id)):
            out = _exported(store, version, kind, tmp_path / name, shape=shape, split=chosen, further=_CLASHING)
            again = _back(store, out, tmp_path / f"back-{name}")
            assert freeze_version(store, again).content_hash == version.content_hash
            _, back = imported(_data_file(out, "rows"), tmp_path / f"look-{name}", new=False)
            for source, row in zip(originals, back, strict=True):
                assert set(source.values()) <= set(map(str, json.loads(str(row["original"])).values()))
