"""What a job is to do: a spec file in its run folder. jobs knows no kind of job; a kind brings its own main and its own ending."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from storage.files import write_atomically

if TYPE_CHECKING:
    from storage.rows import Job
    from storage.store import Store

SPEC_FILE = "spec.json"


class JobSpec(BaseModel):
    """Written as spec.json. `main` is 'core.package.module:function'; `settings` is the kind's own pydantic model as JSON; `inputs` maps a
    relative file of the run folder to its SHA-256, which the child checks before it starts. `secrets` never stand here: they go through the
    child's environment. `attempt` counts the children of this folder: a late one of an earlier attempt finds another number and leaves. For a
    `heavy` job the computer is kept awake and its memory is watched."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    kind: str
    main: str = Field(pattern=r"^core(\.\w+)+:\w+$")
    settings: dict[str, Any] = Field(default_factory=dict)
    inputs: dict[str, str] = Field(default_factory=dict)
    threads: int = 2
    memory_limit_bytes: int | None = None
    heavy: bool = False
    resume: bool = False
    attempt: int = 1

    @classmethod
    def of(cls, folder: Path) -> "JobSpec":
        return cls.model_validate_json((folder / SPEC_FILE).read_text(encoding="utf-8"))

    def save(self, folder: Path) -> None:
        write_atomically(folder / SPEC_FILE, self.model_dump_json(indent=1).encode())


@dataclass(frozen=True)
class Kind:
    """A kind of job as the server sees it. `finish` takes the announced results into the store before the job counts as done; after a crash it
    can be called again for the same job, so it must not add twice. `exclusive` kinds (a trainer) run one at a time on a machine. `stop_grace_s`
    is how long a child that was asked to stop may take before it is killed. One that `pauses` keeps its place when it is asked to, for which it may
    take `pause_grace_s`, and goes on from there. `beforehand` names what a child that stands by
    for such a job does already."""

    name: str
    main: str
    finish: "Callable[[Store, Job, Path], None] | None" = None
    exclusive: bool = True
    stop_grace_s: float = 20.0
    pauses: bool = False
    pause_grace_s: float = 600.0
    beforehand: str | None = None
    memory_limit_bytes: int | None = None
