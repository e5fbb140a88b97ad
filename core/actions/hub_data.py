"""Rows from a dataset on the Hugging Face hub: the one thing about data that needs the network."""

import os
import re
from collections.abc import Mapping as Mapped

from pydantic import Field, SecretStr

from core.actions.models import kept_token
from core.actions.project import project_of
from core.actions.registry import Context, Request, action
from core.data.hub import HUB_ID, TOKEN_NAME, UPLOAD_NAME, HubDataset
from core.data.job import ImportSettings
from core.data.kind import IMPORT_KIND
from core.data.mapping import Mapping
from core.data.shapes.base import shape
from core.errors import BadValue
from core.sentence import Sentence
from storage.ids import new_id
from storage.rows import Job

_EXAMPLE_ID = "abcdefghijklm"
_PAGES = ("https://huggingface.co/datasets/", "http://huggingface.co/datasets/", "huggingface.co/datasets/", "hf.co/datasets/")


class HubDatasetRequest(Request):
    project: str = Field(description="The project that receives the rows.")
    id: str = Field(description="The dataset as the hub calls it, owner/name, or the address of its page.", max_length=300)
    part: str = Field("train", pattern=r"^[\w.-]{1,60}$", description="Which part of it, such as train or test.")
    mapping: Mapping | None = Field(None, description="Which column is what; without it a guess is made.")
    name: str | None = Field(None, min_length=1, max_length=120, description="What the new dataset is called; without it, as on the hub.")
    leave_out_incomplete: bool = Field(False, description="Leave out rows that cannot be read or lack a cell, instead of importing nothing.")
    token: SecretStr | None = Field(None, description="A read token, for a private dataset. It is never stored.")


@action("import-hub-dataset", request=HubDatasetRequest, sentence="Fetch a dataset from the Hugging Face hub, over the network, and import its rows.",
        undo="Delete the dataset.", example={"project": _EXAMPLE_ID, "id": "fancyzhx/ag_news"})  # fmt: skip
def import_hub_dataset(context: Context, request: HubDatasetRequest) -> Job:
    """Starts the job; its subject is the dataset that the rows will be in. The token goes into the child's environment and nowhere else."""
    project, id = project_of(context, request.project), _id(request.id)
    if not re.fullmatch(HUB_ID, id):
        raise BadValue(field="id", value=request.id, why=Sentence("bad.hub_name", "a dataset on the hub is called owner/name"))
    if request.mapping is not None and request.mapping.shape:
        shape(request.mapping.shape)
    settings = ImportSettings(
        upload=UPLOAD_NAME, file=id, mapping=request.mapping or Mapping(shape=""), dataset=new_id(), name=(request.name or id.rpartition("/")[2])[:120],
        new=True, leave_out_incomplete=request.leave_out_incomplete, hub=HubDataset(id=id, part=request.part),
    )  # fmt: skip
    token = request.token.get_secret_value() if request.token else kept_token(context)
    return context.workshop.supervisor.submit(
        IMPORT_KIND.name, settings, owner=context.actor, project=project.id, subject=settings.dataset, environment=_environment(token)
    )


def _id(given: str) -> str:
    given = given.strip()
    page = next((page for page in _PAGES if given.lower().startswith(page)), "")
    return "/".join(given[len(page) :].split("?")[0].split("#")[0].strip("/").split("/")[:2])


def _environment(token: str | None) -> Mapped[str, str]:
    told = {"HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1", TOKEN_NAME: token or ""}
    kept = ("HF_ENDPOINT", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE")
    return told | {name: os.environ[name] for name in kept if os.environ.get(name)}
