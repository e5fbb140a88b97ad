"""What goes over the pipe to a resident child and back: one JSON line a message, typed at both ends."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from core.inference.chances import Chance
from core.models.reference import ModelReference
from core.tasks.base import Constraint, Turn


class Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def line(self) -> bytes:
        return self.model_dump_json().encode() + b"\n"


class Load(Message):
    """The first message; answered by Loaded or Failed with number 0. `adapters`: some are to be asked, so what they need is made ready too."""

    op: Literal["load"] = "load"
    reference: ModelReference
    threads: int
    adapters: bool = False


class Generate(Message):
    """Answered by any number of Token and then Ended or Failed, all with this number. `adapter` lies on the loaded model while it answers."""

    op: Literal["generate"] = "generate"
    number: int
    messages: tuple[Turn, ...]
    max_new_tokens: int
    constraint: Constraint | None = None
    seed: int = 0
    adapter: ModelReference | None = None


class Stop(Message):
    """Answered by the Ended of that number."""

    op: Literal["stop"] = "stop"
    number: int


class Loaded(Message):
    op: Literal["loaded"] = "loaded"
    number: int = 0


class Token(Message):
    op: Literal["token"] = "token"
    number: int
    text: str


class Ended(Message):
    """`chances`: the likeliest categories, of a model that knows how likely they are."""

    op: Literal["ended"] = "ended"
    number: int
    chances: tuple[Chance, ...] = ()


class Failed(Message):
    """A UserError of the child: its class name, its English sentence and its facts."""

    op: Literal["failed"] = "failed"
    number: int
    error: str
    sentence: str
    facts: dict[str, Any]


Asked = Annotated[Load | Generate | Stop, Field(discriminator="op")]
Said = Annotated[Loaded | Token | Ended | Failed, Field(discriminator="op")]
ASKED: TypeAdapter[Load | Generate | Stop] = TypeAdapter(Asked)
SAID: TypeAdapter[Loaded | Token | Ended | Failed] = TypeAdapter(Said)
