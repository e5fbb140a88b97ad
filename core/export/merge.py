"""The tuned model as one whole model in fp32: what was learned is put into the base's own weights."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from core.methods.base import CannotBeOneModel, Merge, method
from core.models.reference import ModelReference


class MergeRequest(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    model: ModelReference
    output: Path


def main(values: dict[str, Any]) -> None:
    """A step: write a Hugging Face folder with fp32 safetensors and the tokenizer. Raises CannotBeOneModel.

    Where the method has grafts (core/export/graft.py puts them into the graph afterwards) it is the base as it was."""
    from core.models.load import load_base, load_model, load_tokenizer

    request = MergeRequest.model_validate(values)
    chosen = method(request.model.method)
    if request.model.base is None or chosen.merge is not Merge.NEVER:
        model = load_model(request.model)
    elif chosen.has_grafts:
        model = load_base(request.model.base)
    else:
        raise CannotBeOneModel(method=chosen.label)  # writing the base alone would look like an export
    model.save_pretrained(request.output)
    load_tokenizer(request.model.folder).save_pretrained(request.output)
