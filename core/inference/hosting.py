"""Which model is to be in memory for another to answer."""

from core.methods.base import method
from core.models.reference import ModelReference


def hosted(model: ModelReference) -> tuple[ModelReference, ModelReference | None]:
    """What is to be in memory for a model to answer, and the adapter on it: a model that cannot share its base is its own host."""
    if model.base is None or not method(model.method).shares_base:
        return model, None
    return ModelReference(name=model.base.name, folder=model.base), model
