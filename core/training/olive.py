"""What Olive's users bring: an `olive finetune` command or an `olive run` configuration becomes fields of a recipe, and a list of what has no
counterpart. Nothing is executed and no file is opened. Read from the source of Olive 0.13 (cli/finetune.py, passes/pytorch/lora.py)."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.errors import UserError
from core.sentence import Sentence
from core.training.olive_brought import Brought, NoCounterpart, Option
from core.training.olive_data import SplitWish
from core.training.olive_options import Bag
from core.training.olive_words import PREFIXES, REASONS

__all__ = ["Brought", "NoCounterpart", "NotOlive", "OliveUnreadable", "SplitWish", "from_command", "from_configuration", "is_command"]

_MOST_CHARS = 200_000
_MOST_DEPTH = 40
_LORA_PASSES = {"lora": "lora", "qlora": "qlora", "dora": "dora", "loftq": "loftq", "loha": "loha", "lokr": "lokr"}
_SHORT = {"m": "model_name_or_path", "t": "task", "o": "output_path", "d": "data_name"}
# Olive's own options of `finetune`, by our key for them; argparse also takes a beginning of a name that fits one of them only.
FINETUNE = {
    "model_name_or_path": "model_path", "task": "task", "trust_remote_code": "trust_remote_code", "test": "test", "output_path": "output_path",
    "method": "method", "lora_r": "r", "lora_alpha": "alpha", "target_modules": "target_modules", "torch_dtype": "torch_dtype",
    "data_name": "data_name", "train_subset": "subset", "train_split": "split", "eval_subset": "eval_subset", "eval_split": "eval_split",
    "data_files": "data_files", "text_field": "text_cols", "text_template": "text_template", "use_chat_template": "chat_template",
    "max_seq_len": "max_seq_len", "add_special_tokens": "add_special_tokens", "max_samples": "max_samples", "batch_size": "batch_size",
    "input_cols": "input_cols", "account_name": "account_name", "container_name": "container_name", "log_level": "log_level",
    "save_config_file": "save_config_file", "dry_run": "dry_run", "disable_telemetry": "disable_telemetry", "help": "help",
}  # fmt: skip
_FLAGS = frozenset({"trust_remote_code", "use_chat_template", "save_config_file", "dry_run", "disable_telemetry", "help"})
_MANY = frozenset({"input_cols"})
_ENDS = frozenset({"&&", "||", ";", "|", "&", ">", ">>", "<"})
_NAME = re.compile(r"--?([A-Za-z][A-Za-z0-9_-]*)(?:=(.*))?", re.S)
_BARE = re.compile(r"([A-Za-z][A-Za-z0-9_]*)=(.*)", re.S)
_CONTINUED = re.compile(r"[\\^`][ \t]*\r?\n")
_WINDOWS = re.compile(r"\^[ \t]*\r?\n|`[ \t]*\r?\n|(?<![A-Za-z])[A-Za-z]:\\")

_NESTED = Sentence("bad.nested", "it has aliases or is nested too deeply")


class OliveUnreadable(UserError):
    """A text that cannot be read as a command, JSON or YAML."""

    sentence = "What you brought cannot be read: {why}. Nothing was changed."
    status = 422

    def __init__(self, *, why: Sentence | str) -> None:
        super().__init__(why=why)


class NotOlive(UserError):
    """Readable, but no fine-tuning of Olive's."""

    sentence = "There is no fine-tuning in what you brought: {why}. Bring a recipe, an 'olive finetune' command or an Olive configuration. Nothing was changed."
    status = 422

    def __init__(self, *, why: Sentence | str) -> None:
        super().__init__(why=why)


def is_command(text: str) -> bool:
    """Whether a text is meant as a command line of Olive's."""
    return (
        re.match(
            r"(?:\s|[$!>%#]\s*|\w+=\S*\s|(?:sudo|python3?|-m|uv|run|accelerate|launch)\s+)*(?:\S*[\\/])?olive(?:\.exe|\.cli)?\s", text[:2000] + " "
        )
        is not None
    )


def from_command(text: str, rows: int | None = None) -> Brought:
    """`rows` is how many there are to train on, for what Olive counts in steps. Raises OliveUnreadable, NotOlive."""
    tokens, rest = _tokens(text)
    bag = Bag(is_command=True)
    for option in _options(tokens, bag):
        bag.give(option)
    if rest:
        bag.list("…", " ".join(rest), "olive.only_one")
    return bag.finish(rows)


def from_configuration(configuration: str | Mapping[str, Any], rows: int | None = None) -> Brought:
    """JSON, YAML or what was read from it. Raises OliveUnreadable, NotOlive."""
    found = _read(configuration) if isinstance(configuration, str) else configuration
    bag = Bag(is_command=False)
    name, chosen = _lora_pass(found, bag)
    data = _data_configs(found.get("data_configs"))
    _model(found.get("input_model"), bag)
    config = {**{key: value for key, value in chosen.items() if key != "config"}, **_table(chosen.get("config"))}
    bag.give(Option("method", f"passes.{name}.type", _LORA_PASSES[str(config.pop("type")).lower()]))
    used = [_data(config.pop("train_data_config", None), data, "", bag), _data(config.pop("eval_data_config", None), data, "eval_", bag)]
    for key, value in data.items():
        if key not in used:
            bag.list(f"data_configs.{key}", value, "olive.other_data")
    training = config.pop("training_args", None)
    extra = _table(_table(training).get("extra_args"))
    for key, value in {**{key: value for key, value in _table(training).items() if key != "extra_args"}, **extra}.items():
        bag.give(Option(str(key), f"training_args.{key}", value))
    for key, value in config.items():
        bag.give(Option(str(key), f"passes.{name}.{key}", value))
    for key, value in found.items():
        if key not in ("input_model", "data_configs", "passes"):
            bag.list(str(key), value, REASONS.get(str(key), "olive.workflow"))
    return bag.finish(rows)


def _tokens(text: str) -> tuple[list[str], list[str]]:
    """The words behind `olive finetune`, and what follows the end of that command."""
    _check_text(text)
    lexer = shlex.shlex(_CONTINUED.sub(" ", text.strip()), posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters = True, ""
    if _WINDOWS.search(text):
        lexer.escape = ""  # a path of Windows keeps its backslashes
    try:
        words = list(lexer)
    except ValueError as error:
        raise OliveUnreadable(why=Sentence("bad.quotation", "a quotation mark is never closed")) from error
    olive = next((at for at, word in enumerate(words) if re.fullmatch(r"!?(?:.*[\\/])?olive(\.exe|\.cli)?", word)), None)
    if olive is None or olive + 1 >= len(words):
        raise NotOlive(why=Sentence("bad.no_finetune", "the command 'olive finetune' does not stand in it"))
    verb = words[olive + 1].rstrip(";")
    if verb != "finetune":
        more = "; bring the configuration file that it names" if verb == "run" else ""
        raise NotOlive(why=f"it is the command 'olive {verb[:40]}'{more}")
    words = words[olive + 2 :]
    end = next((at for at, word in enumerate(words) if word in _ENDS), len(words))
    return words[:end], words[end:]


def _options(words: Sequence[str], bag: Bag) -> Iterator[Option]:
    """Each option once: as with argparse the last counts, and an earlier one is listed."""
    found: dict[str, Option] = {}
    at = 0
    while at < len(words):
        named = _NAME.fullmatch(words[at])
        bare = None if named else _BARE.fullmatch(words[at])
        at += 1
        if named is None and bare is None:
            bag.list(words[at - 1], "", "olive.stray")
            continue
        name, value = (named or bare).groups()  # type: ignore[union-attr]
        name = _whole(name.replace("-", "_"))
        values: list[str] = [] if value is None else [value]
        if value is None and name not in _FLAGS:
            most = len(words) if name in _MANY or name not in FINETUNE else 1
            while at < len(words) and len(values) < most and not _NAME.fullmatch(words[at]):
                values.append(words[at])
                at += 1
        key = FINETUNE.get(name, name)
        if key in found:
            bag.list(found[key].shown, found[key].value, "olive.twice")
        found[key] = Option(key, f"--{name}", True if not values else values[0] if len(values) == 1 and name not in _MANY else values)
    yield from found.values()


def _whole(name: str) -> str:
    if name in _SHORT:
        return _SHORT[name]
    fitting = [one for one in FINETUNE if one.startswith(name)]
    return fitting[0] if len(fitting) == 1 and name not in PREFIXES else name


def _read(text: str) -> Mapping[str, Any]:
    _check_text(text)
    try:
        found = json.loads(text) if text.lstrip().startswith("{") else _yaml(text)
        json.dumps(found, ensure_ascii=False, default=str).encode()
    except (ValueError, RecursionError, TypeError) as error:
        raise OliveUnreadable(
            why=_NESTED
            if isinstance(error, RecursionError)
            else Sentence("bad.no_json_yaml", "it is no JSON or YAML ({error})", {"error": str(error)[:200]})
        ) from error
    if not isinstance(found, Mapping):
        raise NotOlive(why=Sentence("bad.no_table", "it is no table of settings"))
    return found


def _yaml(text: str) -> Any:
    import yaml

    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):  # aliases let a small text stand for a huge one
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent) or depth > _MOST_DEPTH:
                raise OliveUnreadable(why=_NESTED)
        return yaml.safe_load(text)
    except (yaml.YAMLError, KeyError, AttributeError, IndexError) as error:
        raise OliveUnreadable(
            why=Sentence("bad.no_json_yaml", "it is no JSON or YAML ({error})", {"error": " ".join(str(error).split())[:200]})
        ) from error


def _check_text(text: str) -> None:
    if len(text) > _MOST_CHARS:
        raise OliveUnreadable(why=Sentence("bad.letters", "it has to be {max_length:,} letters or fewer", {"max_length": _MOST_CHARS}))
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise OliveUnreadable(why=Sentence("bad.no_letters", "it holds characters that no text has"))


def _lora_pass(found: Mapping[str, Any], bag: Bag) -> tuple[str, Mapping[str, Any]]:
    """The first that fine-tunes; the others are listed."""
    passes = found.get("passes")
    listed: Sequence[tuple[Any, Any]] = ()
    if isinstance(passes, Mapping | list):
        listed = list(passes.items() if isinstance(passes, Mapping) else enumerate(passes))
    flat = [(str(name), one) for name, value in listed for one in (value if isinstance(value, list) else [value])]
    chosen = next(((name, one) for name, one in flat if str(_table(one).get("type", "")).lower() in _LORA_PASSES), None)
    if chosen is None:
        raise NotOlive(why=Sentence("bad.no_lora_pass", "it has no pass of type LoRA, QLoRA, DoRA, LoftQ, LoHa or LoKr"))
    for name, one in flat:
        if one is not chosen[1]:
            bag.list(f"passes.{name}", _table(one).get("type", one), "olive.other_pass")
    return chosen


def _data_configs(given: Any) -> dict[str, Mapping[str, Any]]:
    if isinstance(given, Mapping):
        return {str(name): _table(one) for name, one in given.items()}
    return {str(_table(one).get("name", number)): _table(one) for number, one in enumerate(given)} if isinstance(given, list) else {}


def _data(named: Any, known: Mapping[str, Mapping[str, Any]], under: str, bag: Bag) -> str | None:
    """The name of the data configuration that was read. `under` marks what is asked of the validation rows."""
    if named is None:
        return None
    found = named if isinstance(named, Mapping) else known.get(str(named))
    if found is None:
        bag.list(f"{under}data_config", named, "olive.no_such_data")
        return None
    name = str(found.get("name", named if isinstance(named, str) else "data"))
    for part, values in found.items():
        if part == "name":
            continue
        if not isinstance(values, Mapping):
            bag.give(Option(under + str(part), f"{name}.{part}", values))
            continue
        for key, value in {**values, **_table(values.get("params"))}.items():
            own = bag.given.get("component" if key == "type" else str(key))
            if key == "params" or (under and part == "pre_process_data_config" and own is not None and own.value == value):
                continue
            if under and part == "pre_process_data_config":  # how rows are written is the training rows' affair
                bag.list(f"{name}.{part}.{key}", value, "olive.other_data")
                continue
            bag.give(Option(under + ("component" if key == "type" else str(key)), f"{name}.{part}.{key}", value))
    return name


def _model(given: Any, bag: Bag) -> None:
    if isinstance(given, str):
        bag.give(Option("model_path", "input_model", given))
        return
    model = {**_table(given), **_table(_table(given).get("config"))}
    for key, value in {**model, **_table(model.get("load_kwargs"))}.items():
        if key not in ("type", "config", "load_kwargs"):
            bag.give(Option(str(key), f"input_model.{key}", value))


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
