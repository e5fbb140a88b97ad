"""What each of Olive's options is in a recipe, and why the others have no counterpart. Defaults are Olive 0.13's own."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from core.data.layout import Layout
from core.methods.base import methods
from core.sentence import Sentence
from core.training.olive_brought import Brought, NoCounterpart, Option
from core.training.olive_data import SplitWish, columns_of, plan_of, slice_of, unescaped
from core.training.olive_words import PREFIXES, REASONS, REASONS_SAID
from core.training.recipe import BadRecipe, Recipe

_MOST_SHOWN = 200
# Olive's key and the recipe's field, where both mean the same.
FIELDS = {
    "learning_rate": "learning_rate", "num_train_epochs": "num_train_epochs", "per_device_train_batch_size": "per_device_train_batch_size",
    "gradient_accumulation_steps": "gradient_accumulation_steps", "weight_decay": "weight_decay", "max_grad_norm": "max_grad_norm",
    "label_smoothing_factor": "label_smoothing_factor", "seed": "seed", "max_seq_len": "max_length", "max_steps": "max_steps",
    "gradient_checkpointing": "activation_checkpointing", "activation_checkpointing": "activation_checkpointing",
}  # fmt: skip
# Olive's key and the names that a method's own setting may have here.
METHOD_OPTIONS = {
    "r": ("r",), "alpha": ("lora_alpha", "alpha"), "lora_dropout": ("lora_dropout",), "target_modules": ("target_modules",),
    "modules_to_save": ("modules_to_save",), "double_quant": ("double_quantisation", "double_quant", "use_double_quant"), "quant_type": ("quant_type",),
    "rank_dropout": ("rank_dropout",), "module_dropout": ("module_dropout",), "init_weights": ("init_weights",),
}  # fmt: skip
# What Olive takes where a person said nothing.
DEFAULTS: dict[str, Any] = {
    "learning_rate": 2e-4, "num_train_epochs": 3, "per_device_train_batch_size": 8, "gradient_accumulation_steps": 1, "weight_decay": 0.0,
    "max_grad_norm": 1.0, "label_smoothing_factor": 0.0, "seed": 42, "max_length": 1024, "activation_checkpointing": True,
    "warmup_ratio": 0.0, "lr_scheduler_type": "constant_with_warmup",
}  # fmt: skip
_METHOD_DEFAULTS = {"r": 64, "alpha": 16, "lora_dropout": 0.05}
_TASKS = {"text-classification": "classification", "summarization": "summarisation", "token-classification": "extraction", "ner": "extraction"}
_SCHEDULES = {"cosine": "cosine", "linear": "linear", "constant_with_warmup": "constant_with_warmup", "constant": "constant_with_warmup"}
_ADAMW = frozenset({"adamw", "adamw_torch", "adamw_torch_fused", "adamw_hf"})
_PLAIN_PRECISION = frozenset({"float32", "fp32", "torch.float32"})
_VARIANTS: dict[str, dict[str, Any]] = {"dora": {"use_dora": True}, "loftq": {"init_lora_weights": "loftq"}}


@dataclass
class Bag:
    """What was understood until now. Give it every option, then `finish`."""

    is_command: bool
    given: dict[str, Option] = field(default_factory=dict)
    listed: list[NoCounterpart] = field(default_factory=list)
    notes: list[Sentence] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    def give(self, option: Option) -> None:
        """The last of equal names counts."""
        if option.value is None:
            return
        if option.key in self.given:
            self.list(self.given[option.key].shown, self.given[option.key].value, "olive.twice")
        self.given[option.key] = option

    def list(self, option: str, value: Any, key: str, **facts: Any) -> None:
        shown = "" if value is True and self.is_command else str(value)
        self.listed.append(NoCounterpart(option[:_MOST_SHOWN], shown[:_MOST_SHOWN], Sentence(key, REASONS_SAID[key], facts)))

    def note(self, key: str, **facts: Any) -> None:
        self.notes.append(Sentence(key, REASONS_SAID[key], facts))

    def finish(self, rows: int | None) -> Brought:
        method = self._method()
        model, task = self._text("model_path"), self._text("task")
        layout, columns = self._layout()
        data, splits = self._data()
        for key, name in FIELDS.items():
            if (option := self.given.pop(key, None)) is not None and not (key == "max_steps" and _number(option.value) == -1):
                self._field(option, name)
        self._schedule()
        self._precision_and_optimiser()
        missing = [name for name in DEFAULTS if name not in self.fields]
        self.fields = {**DEFAULTS, **self.fields}
        self._evaluations(rows)
        self._rest()
        if missing:
            self.note("olive.defaults", fields=", ".join(missing))
        self.note("olive.answers_only")
        self.note("olive.stops_early")
        fields = {**self.fields, "preset": "olive", "method": method, "method_options": self.settings}
        known = _TASKS.get(task.value) if task is not None and isinstance(task.value, str) else None
        if task is not None and known is None and task.value not in ("text-generation", "text-generation-with-past"):
            self.list(task.shown, task.value, "olive.task")
        base = None if model is None else str(model.value)
        return Brought(fields, layout, known, base, data, columns, splits, plan_of(splits), tuple(self.listed), tuple(self.notes))

    def _text(self, key: str) -> Option | None:
        return self.given.pop(key, None)

    def _method(self) -> str:
        """The method here, with its settings. What a method does not have is listed."""
        asked = self.given.pop("method", None)
        name, known = (str(asked.value).lower() if asked else "lora"), methods()
        used = {"dora": "lora", "loftq": "qlora"}.get(name, name)
        if used not in known:
            used = "lora"
        options = known[used].Options
        variant = _VARIANTS.get(name, {})
        if asked is not None and ((used != name and not variant) or not variant.keys() <= options.model_fields.keys()):
            self.list(asked.shown, asked.value, "olive.method", used=known[used].label)
        self.settings.update({key: value for key, value in variant.items() if key in options.model_fields})
        if name == "qlora" and self.is_command and (targets := self.given.pop("target_modules", None)) is not None:
            self.list(targets.shown, targets.value, "olive.targets_qlora")
        defaults = {key: value for key, value in _METHOD_DEFAULTS.items() if key not in self.given}
        if not self.given.keys() & {"target_modules"}:
            self.note("olive.targets")
        for key, names in METHOD_OPTIONS.items():
            option = self.given.pop(key, None) or (Option(key, key, defaults[key]) if key in defaults else None)
            if option is None:
                continue
            here = next((one for one in names if one in options.model_fields), None)
            value = _names(option.value) if key in ("target_modules", "modules_to_save") else option.value
            if here is None:
                if key not in defaults and value not in ([], ""):
                    self.list(option.shown, option.value, "olive.not_of_method", method=known[used].label)
                continue
            try:
                checked = options.model_validate({here: value})
            except ValidationError as error:
                self.list(option.shown, option.value, "olive.refused", why=error.errors(include_url=False)[0]["msg"])
                continue
            self.settings[here] = checked.model_dump(mode="json")[here]
        return used

    def _layout(self) -> tuple[Layout | None, dict[str, str]]:
        template, chat, field_ = (self.given.pop(key, None) for key in ("text_template", "chat_template", "text_cols"))
        if chat is not None and isinstance(chat.value, str) and chat.value.lower() not in ("true", "false"):
            self.list(chat.shown, chat.value, "olive.own_chat_template")
        if field_ is not None:
            self.list(field_.shown, field_.value, "olive.text_field")
        if template is None or not isinstance(template.value, str):
            if template is not None:
                self.list(template.shown, template.value, "olive.template")
            return None, {}
        found = columns_of(unescaped(template.value) if self.is_command else template.value)
        if found is None:
            self.list(template.shown, template.value, "olive.template")
            return None, {}
        self.note("olive.columns", question=found.question, answer=found.answer)
        return found.layout, {"question": found.question, "answer": found.answer}

    def _data(self) -> tuple[tuple[str, ...], tuple[SplitWish, ...]]:
        files, name = self.given.pop("data_files", None), self.given.pop("data_name", None)
        for key in ("eval_data_files", "eval_data_name"):
            same = {"eval_data_files": files, "eval_data_name": name}[key]
            if (other := self.given.pop(key, None)) is not None and (same is None or other.value != same.value):
                self.list(other.shown, other.value, "olive.other_data")
        found = tuple(_names(files.value)) if files is not None else (str(name.value),) if name is not None else ()
        if found:
            self.note("olive.data", files=", ".join(found)[:_MOST_SHOWN])
        wishes = []
        for key, part in (("split", "train"), ("eval_split", "eval")):
            option = self.given.pop(key, None)
            if option is None or option.value == "":
                continue
            wish = slice_of(part, str(option.value))
            if wish is None:
                self.list(option.shown, option.value, "olive.slice")
                continue
            wishes.append(wish)
            if part == "train" and (wish.start or wish.stop):
                self.note("olive.train_rows", rows=wish.text)
            elif part == "eval":
                self.note("olive.eval_rows", rows=wish.text)
        if (most := self.given.pop("max_samples", None)) is not None:
            self.list(most.shown, most.value, "olive.max_samples")
        elif self.is_command:
            self.note("olive.max_samples_default", count=256)
        return found, tuple(wishes)

    def _field(self, option: Option, name: str) -> bool:
        try:
            checked = Recipe.of({"task": "generation", name: option.value})
        except BadRecipe as error:
            self.list(option.shown, option.value, "olive.refused", why=error.facts["why"])
            return False
        self.fields[name] = getattr(checked, name)
        return True

    def _schedule(self) -> None:
        schedule, ratio, steps = (self.given.pop(key, None) for key in ("lr_scheduler_type", "warmup_ratio", "warmup_steps"))
        name = "constant" if schedule is None else str(schedule.value)
        if name not in _SCHEDULES and schedule is not None:
            self.list(schedule.shown, schedule.value, "olive.schedule")
            name = "cosine"
        self.fields["lr_scheduler_type"] = _SCHEDULES[name]
        share: float | None = 0.03  # Olive's own, which a constant schedule does not look at
        if ratio is not None and (share := _number(ratio.value)) is None:
            self.list(ratio.shown, ratio.value, "olive.refused", why=Sentence("bad.number", "a number is needed"))
        if steps is not None and (count := _number(steps.value)) != 0:
            most = self.fields.get("max_steps")
            share = count if count is not None and 0 < count < 1 else count / most if count is not None and most else None
            if share is None:
                self.list(steps.shown, steps.value, "olive.warmup_steps")
        if name == "constant":
            if ratio is not None:
                self.list(ratio.shown, ratio.value, "olive.no_warmup")
            share = 0.0
        if share is not None:
            self._field(Option("warmup_ratio", (steps or ratio or Option("", "warmup_ratio", 0)).shown, share), "warmup_ratio")
        else:
            self.fields["warmup_ratio"] = 0.03

    def _precision_and_optimiser(self) -> None:
        for key in ("torch_dtype", "compute_dtype", "dtype", "bf16", "fp16", "tf32", "allow_tf32"):
            if (option := self.given.pop(key, None)) is not None and str(option.value).lower() not in (*_PLAIN_PRECISION, "false"):
                self.list(option.shown, option.value, "olive.precision")
        optimiser = self.given.pop("optim", None)
        if optimiser is not None and str(optimiser.value) not in _ADAMW:
            self.list(optimiser.shown, optimiser.value, "olive.optim")

    def _evaluations(self, rows: int | None) -> None:
        """Olive counts the steps between two evaluations, a recipe the evaluations of a whole training."""
        every = self.given.pop("eval_steps", None)
        strategy = self.given.pop("eval_strategy", None) or self.given.pop("evaluation_strategy", None)
        if strategy is not None and str(strategy.value) == "epoch":
            self.fields["evaluations"] = min(1000, max(1, math.ceil(self.fields["num_train_epochs"])))
            if every is not None:
                self.list(every.shown, every.value, "olive.by_epoch")
            return
        if strategy is not None and str(strategy.value) != "steps":
            self.list(strategy.shown, strategy.value, "olive.always_evaluates")
        if every is None:
            return
        count, steps = _number(every.value), self._steps(rows)
        if count is None or not 0 < count <= 1e9:
            self.list(every.shown, every.value, "olive.refused", why=Sentence("bad.above", "it has to be more than {gt:,}", {"gt": 0}))
        elif steps is None and count >= 1:
            self.list(every.shown, every.value, "olive.eval_steps")
        else:
            self.fields["evaluations"] = min(1000, max(1, round(1 / count if count < 1 else (steps or 1) / count)))

    def _steps(self, rows: int | None) -> int | None:
        if self.fields.get("max_steps"):
            return int(self.fields["max_steps"])
        if rows is None:
            return None
        a_step = self.fields["per_device_train_batch_size"] * self.fields["gradient_accumulation_steps"]
        return math.ceil(math.ceil(rows / a_step) * self.fields["num_train_epochs"])

    def _rest(self) -> None:
        """Everything that was given and not taken. Olive's own words for 'off' need no word."""
        for key, option in self.given.items():
            name = key.removeprefix("eval_") if key not in REASONS and key.removeprefix("eval_") in REASONS else key
            reason = REASONS.get(name) or next((said for start, said in PREFIXES.items() if name.startswith(start)), None)
            self.list(option.shown, option.value, reason or "olive.unknown")
        self.given = {}


def _number(value: Any) -> float | None:
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _names(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [name for one in value.values() for name in _names(one)]
    parts = value if isinstance(value, list | tuple) else str(value).split(",")
    return [str(part).strip() for part in parts if str(part).strip()]
