"""Several adapters on one base in memory: one of them is at work at a time, and which one may change between two words of two answers.

The base's weights are never touched (nothing is merged), so that taking an adapter off leaves the base just as it was. Heavy: for resident children only.
"""

import itertools
import json
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from core.inference.base import Options, Stop
from core.inference.chances import Chance
from core.inference.head_backend import HeadBackend
from core.inference.transformers_backend import TransformersBackend
from core.methods.adapter import AdapterMethod
from core.methods.base import Method, method
from core.models.load import check_weights
from core.models.reference import ModelReference
from core.tasks.base import Turn

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_MOST_KEPT = 8  # adapters in memory; they are small, the base is not
_CONFIG_FILE = "adapter_config.json"

Key = tuple[str, int]
Stream = Generator[str, None, tuple[Chance, ...]]


class Adapters:
    """A base and what lies beside it. `use` is all there is."""

    def __init__(self, base: Any) -> None:
        self._base = base
        self._laid: Any = None  # what the method made of the base
        self._method: Method | None = None
        self._kind = ""  # peft's name for what is laid: of one kind several can be in memory
        self._names: OrderedDict[Key, str] = OrderedDict()  # of those, the latest used last
        self._used: Key | None = None
        self._numbers = itertools.count(1)

    def use(self, adapter: ModelReference | None) -> None:
        """From now on the base answers with this adapter, or as itself. An adapter that was trained further is read anew."""
        from core.models.head import read_head, take_head_off

        key = None if adapter is None else key_of(adapter)
        if key == self._used:
            return
        take_head_off(self._base)
        self._used = None
        if adapter is None or key is None:
            self._rest()
        else:
            self._lay(adapter, key)
            if adapter.has_head:
                read_head(self._base, adapter.folder)
        self._used = key

    def _rest(self) -> None:
        if isinstance(self._method, AdapterMethod):
            self._laid.base_model.disable_adapter_layers()
        else:
            self._lift()

    def _lay(self, adapter: ModelReference, key: Key) -> None:
        check_weights(adapter.folder, adapter.name)  # a fault met half-way would leave half an adapter on the base
        kind = _kind_of(adapter)
        if isinstance(self._method, AdapterMethod) and self._kind == kind and self._switched(adapter, key):
            return
        self._lift()
        chosen = method(adapter.method)
        self._laid = chosen.load(self._base, adapter.folder)
        self._method, self._kind = chosen, kind
        self._names[key] = "default"

    def _switched(self, adapter: ModelReference, key: Key) -> bool:
        """False where the kind bears one adapter only, or only such as have numbers in common."""
        if key not in self._names:
            name = f"adapter{next(self._numbers)}"
            try:
                self._laid.load_adapter(str(adapter.folder), adapter_name=name, is_trainable=False, local_files_only=True)
            except ValueError:
                return False
            self._names[key] = name
            if len(self._names) > _MOST_KEPT:
                self._laid.delete_adapter(self._names.popitem(last=False)[1])
        self._names.move_to_end(key)
        self._laid.base_model.enable_adapter_layers()
        self._laid.set_adapter(self._names[key])
        self._laid.eval()
        return True

    def _lift(self) -> None:
        if self._method is not None:
            self._method.lift(self._laid)
        self._laid = self._method = None
        self._names.clear()


class SharedBase:
    """A loaded base that answers as itself or with any adapter that was trained on it."""

    def __init__(self, base: TransformersBackend) -> None:
        self._own, self._adapters = base, Adapters(base.model)
        self._backends: OrderedDict[Key, TransformersBackend | HeadBackend] = OrderedDict()

    def stream(self, adapter: ModelReference | None, messages: Sequence[Turn], options: Options, stop: Stop) -> Stream:
        """As the backend's own. Other answers may be written between its pieces."""
        self._adapters.use(adapter)
        answer = self._backend(adapter).stream(messages, options, stop=stop)
        return (yield from told_at_end(answer, lambda: self._adapters.use(adapter)))

    def _backend(self, adapter: ModelReference | None) -> TransformersBackend | HeadBackend:
        if adapter is None:
            return self._own
        key = key_of(adapter)
        if key not in self._backends:
            kind = HeadBackend if adapter.has_head else TransformersBackend
            self._backends[key] = kind(self._own.model, _tokenizer(adapter))
            if len(self._backends) > _MOST_KEPT:
                self._backends.popitem(last=False)
        self._backends.move_to_end(key)
        return self._backends[key]


def told_at_end(answer: Iterator[str], before: Callable[[], None] = lambda: None) -> Stream:
    """A backend's answer with what it says of it at the end, nothing for most. `before` is done before each piece is written."""
    while True:
        before()
        try:
            piece = next(answer)
        except StopIteration as ended:
            return ended.value or ()
        yield piece


def key_of(adapter: ModelReference) -> Key:
    """A run that was resumed writes its best adapter into the same folder: the folder's time tells the two apart."""
    return str(adapter.folder), adapter.folder.stat().st_mtime_ns


def _kind_of(adapter: ModelReference) -> str:
    return str(json.loads((adapter.folder / _CONFIG_FILE).read_text(encoding="utf-8"))["peft_type"])


def _tokenizer(adapter: ModelReference) -> "PreTrainedTokenizerBase":
    """Its own, which wears the layout that it was trained with."""
    from core.models.load import load_tokenizer

    own = (adapter.folder / "tokenizer_config.json").is_file()
    return load_tokenizer(adapter.folder if own or adapter.base is None else adapter.base)
