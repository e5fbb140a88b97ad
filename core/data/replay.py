"""What was asked for when rows were changed, kept with the change, so that the same can be done to rows that come later."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.data.doctor.base import How, UnknownCheck, check, mend_of
from core.data.filter import RowFilterModel
from core.data.rewriting import is_lasting
from storage.rows import Change

_ASKED = "asked"  # the fact of a change's sentence that holds it; no template shows it


class Doing(StrEnum):
    """Changes of many rows that can be done again, by the verbs of their actions."""

    MEND = "mend"
    EDIT = "bulk-edit"
    DELETE = "bulk-delete"
    PIECES = "split-documents"


class Deed(BaseModel):
    """One of them with what it was told; the fields that a doing does not know keep their defaults. `how` is a mend of `check`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    doing: Doing
    check: str = ""
    bundle: int | None = None
    how: str | None = None
    filter: RowFilterModel = RowFilterModel()
    answer: str | None = None
    find: str | None = None
    replace: str = ""
    where: str = "both"
    match_case: bool = False
    rows: int = Field(0, description="How many rows it changed.")

    @property
    def lasts(self) -> bool:
        """Whether it means rows that come later too: not single findings, single rows, rows that somebody marked, or texts cut for one model."""
        if self.doing is Doing.MEND:
            return self.bundle is None and self.mends_content
        return self.doing in (Doing.EDIT, Doing.DELETE) and is_lasting(self.filter)

    @property
    def mends_content(self) -> bool:
        """A mend that changes rows or takes them out; one that marks them, or looks at one split, says nothing of new ones."""
        try:
            return mend_of(check(self.check), self.how).how in (How.REPAIR, How.TAKE_OUT, How.KEEP_ONE)
        except UnknownCheck:  # of an earlier release
            return False


@dataclass(frozen=True)
class Past:
    """What was done to the rows until now: what is done to rows that come too, in its order; what is not; and how many changes nobody can tell that of,
    since an earlier release did not keep what was asked for."""

    repeated: tuple[Deed, ...]
    left: tuple[Deed, ...]
    unnoted: int

    @classmethod
    def of(cls, changes: Sequence[Change]) -> "Past":
        """The newest first, as history gives them."""
        known = deeds(changes)
        return cls(tuple(deed for deed in known if deed.lasts), tuple(deed for deed in known if not deed.lasts), _unnoted(changes))


def noting(doing: str, request: BaseModel) -> dict[str, str]:
    """The fact for the sentence of a change: what was asked for, as JSON."""
    asked = request.model_dump(mode="json", exclude={"dataset"}, exclude_defaults=True)
    return {_ASKED: json.dumps({**asked, "doing": doing}, ensure_ascii=False)}


def deeds(changes: Sequence[Change]) -> list[Deed]:
    """Those of these changes (the newest first, as history gives them) that stand and can be done again, the oldest first."""
    found = []
    for change in changes:
        asked = _asked(change) if not change.undone and change.undoes is None else None
        if asked is not None:
            found.append(Deed.model_validate({**asked, "rows": change.rows}))
    return [deed for deed in reversed(found) if deed.doing is not Doing.MEND or deed.mends_content]


def _unnoted(changes: Sequence[Change]) -> int:
    return sum(change.kind in set(Doing) and not change.undone and change.undoes is None and _asked(change) is None for change in changes)


def _asked(change: Change) -> dict[str, Any] | None:
    facts = json.loads(change.what).get("facts", {})
    asked = json.loads(facts[_ASKED]) if _ASKED in facts else None
    return asked if isinstance(asked, dict) else None
