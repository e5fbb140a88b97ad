"""Saved filters of a dataset: what is looked at often, by a name."""

from dataclasses import dataclass

from pydantic import Field

from core.actions.data import DatasetRequest, dataset_id_of
from core.actions.registry import Context, Request, Scope, action
from core.data.filter import RowFilterModel
from core.errors import NotFound
from storage import views as saved
from storage.errors import RowMissing
from storage.rows import Order, SavedView, ViewId

_EXAMPLE_ID = "abcdefghijklm"


class ViewFilter(RowFilterModel):
    """A filter and its order, as a view keeps them."""

    order: Order = Order.POSITION


class SaveViewRequest(DatasetRequest):
    name: str = Field(min_length=1, max_length=60, description="What the view is called; one of that name is replaced.")
    filter: ViewFilter = Field(description="Which rows, and how they are sorted.")


class ViewRequest(Request):
    view: str = Field(description="The view.")


@dataclass(frozen=True)
class View:
    """A saved filter."""

    id: ViewId
    name: str
    filter: ViewFilter


@action("save-view", request=SaveViewRequest, sentence="Keep a filter of a dataset's rows under a name.", undo="Delete the view.",
        example={"dataset": _EXAMPLE_ID, "name": "To check", "filter": {"unreviewed": True}})  # fmt: skip
def save_view(context: Context, request: SaveViewRequest) -> View:
    dataset = dataset_id_of(context, request.dataset)
    name = " ".join(request.name.split()) or request.name
    return _view(saved.save(context.workshop.store, context.actor, dataset, name, request.filter.model_dump_json(exclude_defaults=True)))


@action("views", request=DatasetRequest, sentence="List the saved filters of a dataset.", scope=Scope.READ, example={"dataset": _EXAMPLE_ID})
def views(context: Context, request: DatasetRequest) -> tuple[View, ...]:
    return tuple(_view(found) for found in saved.of_dataset(context.workshop.store, dataset_id_of(context, request.dataset)))


@action("delete-view", request=ViewRequest, sentence="Forget a saved filter. The rows stay.", undo="Save it again.", example={"view": _EXAMPLE_ID})
def delete_view(context: Context, request: ViewRequest) -> View:
    try:
        return _view(saved.delete(context.workshop.store, context.actor, ViewId(request.view)))
    except RowMissing as error:
        raise NotFound(thing="view", id=request.view) from error


def _view(found: SavedView) -> View:
    return View(found.id, found.name, ViewFilter.model_validate_json(found.filter))
