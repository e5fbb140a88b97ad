"""A command for an action, made from its declaration: its fields are options, a file is an argument, a plan is asked about."""

import enum
import json
import sys
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, Union

import click
from click.termui import progressbar
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from core.actions.registry import Action
from core.home import Home
from ui.doors import Door, Refused, door, ended_well
from ui.folder import as_one_file
from ui.telling import failure_text, plan_text, result_text
from ui.words import Words

UPLOAD_FIELD = "upload"
LATEST = {"dataset": "datasets", "run": "runs", "package": "packages"}  # a field, and the verb that lists what it may be, newest first
CREATES_PROJECT = frozenset({"import", "sample"})
DOWNLOAD_VERB, DOWNLOAD_EXPORT_VERB, EXPORT_VERB = "download", "download-export", "export-version"
AFTERWARDS = {
    "train": ("run", "run"),
    "evaluate": ("verdict", "verdict"),
}  # what is shown once the job has ended, and the field that takes the run's id


def command_of(action: Action) -> click.Command:
    """`bottega <verb>`; help, options and the example come from the registry."""
    parameters: list[click.Parameter] = []
    for name, field in action.request.model_fields.items():
        if name == UPLOAD_FIELD:
            parameters.append(click.Argument(["file"], type=click.Path(exists=True, path_type=Path), required=field.is_required()))
        else:
            parameters.append(_option(name, field, latest=name in LATEST))
    if "project" not in action.request.model_fields and LATEST.keys() & action.request.model_fields.keys():
        parameters.append(click.Option(["--project", "of_project"], help="Its latest one is meant where none is named."))
    parameters += [
        click.Option(["--json", "as_json"], is_flag=True, help="Print the result as JSON."),
        click.Option(["--home", "own_home"], type=click.Path(path_type=Path), help="The data folder."),
        click.Option(["--no-wait"], is_flag=True, help="Do not wait for a job that it starts."),
    ]
    if action.asks_first:
        parameters += [
            click.Option(["--yes", "-y"], is_flag=True, help="Go on without asking."),
            click.Option(["--dry-run"], is_flag=True, help="Show the plan and do nothing."),
        ]
    if action.verb in (DOWNLOAD_VERB, DOWNLOAD_EXPORT_VERB, EXPORT_VERB):
        parameters.append(click.Option(["--to"], type=click.Path(path_type=Path), default=Path("."), help="The file or folder to write to."))
    help_text = f"{action.sentence}\n\n{action.undo}".strip()
    return click.Command(action.verb, params=parameters, callback=_callback(action), help=help_text, epilog=_example(action))


def _option(name: str, field: FieldInfo, *, latest: bool) -> click.Option:
    kind, multiple = _kind(field.annotation)
    flag = name.replace("_", "-")
    label = f"--{flag}/--no-{flag}" if kind is bool else f"--{flag}"
    default = "" if field.is_required() or field.default in (None, PydanticUndefined) else f" [default: {field.default}]"
    kind = _TextOrFile() if kind is str else kind
    return click.Option(
        [label, name],
        type=kind,
        multiple=multiple,
        required=field.is_required() and not latest,
        default=None,
        help=(field.description or "") + default,
    )


def _kind(annotation: Any) -> tuple[Any, bool]:
    """The click type of a field, and whether it may be given several times. What has no simple type is given as JSON."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (Union, types.UnionType):
        return _kind(next(part for part in inner if part is not type(None)))
    if origin is Literal:
        return click.Choice([str(value) for value in inner]), False
    if origin in (tuple, list, frozenset):
        return _kind(inner[0])[0], True
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return click.Choice([str(member.value) for member in annotation]), False
    if annotation in (str, int, float, bool):
        return annotation, False
    if origin is dict or (isinstance(annotation, type) and issubclass(annotation, BaseModel | dict)):
        return _Json(), False
    return str, False


class _TextOrFile(click.ParamType):
    """A text, or @FILE for what stands in a file."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str) or not value.startswith("@"):
            return value
        try:
            return Path(value[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            self.fail(f"{value[1:]} cannot be read as text: {error}", param, ctx)


class _Json(click.ParamType):
    name = "json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return json.loads(value) if isinstance(value, str) else value
        except ValueError as error:
            self.fail(f"is not JSON: {error}", param, ctx)


def _callback(action: Action) -> Callable[..., None]:
    @click.pass_context
    def call(ctx: click.Context, **given: Any) -> None:
        extras = {key: given.pop(key, None) for key in ("as_json", "own_home", "no_wait", "yes", "dry_run", "file", "to", "of_project")}
        values = {key: list(value) if isinstance(value, tuple) else value for key, value in given.items() if value is not None and value != ()}
        words = Words.of(ctx.obj["language"])
        try:
            with door(Home.find(extras["own_home"] or ctx.obj["home"]).prepare(), ctx.obj["language"]) as way:
                _walk(way, action, values, extras, words)
        except Refused as error:
            raise click.ClickException(str(error)) from error

    return call


def _walk(way: Door, action: Action, values: dict[str, Any], extras: Mapping[str, Any], words: Words) -> None:
    if isinstance(values.get("project"), str):
        values["project"] = project_id(way, values["project"], create=action.verb in CREATES_PROJECT)
    _fill_latest(way, action, values, extras["of_project"])
    if action.verb == DOWNLOAD_VERB:
        click.echo(way.save(values["package"], extras["to"], accept_red=bool(values.get("accept_red"))))
        return
    if action.verb == DOWNLOAD_EXPORT_VERB:
        click.echo(way.save_export(values["job"], extras["to"]))
        return
    if extras["file"] is not None:
        with as_one_file(extras["file"]) as file:
            values[UPLOAD_FIELD] = way.upload(file)
    result = _agreed(way, action, values, extras, words)
    if result is None and extras["dry_run"]:
        return
    job = _job_of(result)
    if job is not None and not extras["no_wait"]:
        ended = _wait(way, job, words)
        if not ended_well(ended):
            error = json.loads(ended.get("error") or "{}")
            raise Refused(error.get("error", "JobEnded"), failure_text(words, error) if error else words(f"cli.{ended['state']}"))
        if action.verb == EXPORT_VERB:
            click.echo(way.save_export(job, extras["to"]))
            return
        result = _outcome(way, action, values, result, ended)
    click.echo(json.dumps(result, ensure_ascii=False) if extras["as_json"] else result_text(words, result))


def _outcome(way: Door, action: Action, values: Mapping[str, Any], result: Any, ended: Mapping[str, Any]) -> Any:
    """What a person waited for: the run or verdict that came of it, else the job as it ended."""
    if action.verb in AFTERWARDS:
        verb, field = AFTERWARDS[action.verb]
        return way.perform(verb, {field: values.get("run") or result["id"]})
    return ended if "kind" in result else result


def _agreed(way: Door, action: Action, values: Mapping[str, Any], extras: Mapping[str, Any], words: Words) -> Any:
    try:
        return way.perform(action.verb, values)
    except Refused as asked:
        if asked.token is None or asked.plan is None:
            raise
        click.echo(plan_text(words, asked.plan), err=not extras["dry_run"])
        if extras["dry_run"]:
            return None
        if not extras["yes"] and not click.confirm(words("cli.go_on"), err=True):
            raise Refused("NotAgreed", words("cli.nothing_done")) from asked
        return way.perform(action.verb, values, asked.token)


def project_id(way: Door, given: str, *, create: bool) -> str:
    """A project by its id or its name. Raises Refused when there is none and it is not to be made."""
    known = way.perform("projects", {})
    for project in known:
        if given in (project["project"], project["name"]):
            return str(project["project"])
    if create:
        return str(way.perform("create-project", {"name": given})["id"])
    names = ", ".join(project["name"] for project in known) or "none yet"
    raise Refused("NotFound", f"There is no project '{given}'. There are: {names}.")


def _fill_latest(way: Door, action: Action, values: dict[str, Any], project: str | None) -> None:
    """A required dataset, run or package that was not named is the project's latest; without a project, that of the only project."""
    missing = [name for name, field in action.request.model_fields.items() if name in LATEST and field.is_required() and name not in values]
    for name in missing:
        project = values.get("project") or project_id(way, project or _only_project(way), create=False)
        listed = way.perform(LATEST[name], {"project": project})
        if not listed:
            raise Refused("NothingYet", f"The project has no {name} yet. Name one with --{name}, or make one first.")
        named = listed[0].get(name, listed[0])
        values[name] = named["id"] if isinstance(named, dict) else named


def _only_project(way: Door) -> str:
    known = way.perform("projects", {})
    if len(known) != 1:
        raise Refused(
            "WhichProject", f"Say which project is meant with --project: {', '.join(project['name'] for project in known) or 'there is none yet'}."
        )
    return str(known[0]["name"])


def _job_of(result: Any) -> str | None:
    """The job that an action started: the result itself, or its field `job`."""
    if not isinstance(result, dict):
        return None
    if {"id", "state", "kind", "folder"} <= result.keys():
        return str(result["id"])
    inner = result.get("job")
    return _job_of(inner) if isinstance(inner, dict) else inner if isinstance(inner, str) else None


def _wait(way: Door, job: str, words: Words) -> Mapping[str, Any]:
    with progressbar(range(1000), label=" ", file=sys.stderr, show_eta=False) as bar:

        def changed(now: Mapping[str, Any]) -> None:
            key, _, english = str(now.get("message") or now.get("state") or "").partition("|")
            bar.label = words.either(f"progress.{key}", english or key)
            bar.update(round(1000 * (now.get("progress") or 0)) - bar.pos)

        return way.follow(job, changed)


def _example(action: Action) -> str | None:
    if not action.example:
        return None
    parts = [
        f"--{key.replace('_', '-')} {json.dumps(value) if not isinstance(value, str) else value}"
        for key, value in action.example.items()
        if key != UPLOAD_FIELD
    ]
    return f"Example: bottega {action.verb} {'FILE ' if UPLOAD_FIELD in action.example else ''}{' '.join(parts)}"
