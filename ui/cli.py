"""The command line: `bottega` starts the server, and every action of the registry is a command of its own."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from core.quiet import be_quiet

be_quiet()  # before Gradio and the hub's client are imported by anything below


class Verbs(click.Group):
    """Our own commands, then one for each action. The registry is read when a command is looked up, not when this file is imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from core.actions.registry import actions

        return sorted({*super().list_commands(ctx), *actions()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        from core.actions.registry import actions
        from ui.verbs import command_of

        known = actions().get(cmd_name)
        return None if known is None else command_of(known)


@click.group(cls=Verbs, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--home", type=click.Path(path_type=Path), help="The data folder (else BOTTEGA_HOME, else the platform's user data folder).")
@click.option("--lang", "language", type=click.Choice(["en", "it"]), default="en", envvar="BOTTEGA_LANG", show_default=True)
@click.version_option(package_name="bottega")
@click.pass_context
def main(ctx: click.Context, home: Path | None, language: str) -> None:
    """Turn a small language model into your own. Without a command, Bottega starts and opens in your browser."""
    ctx.obj = {"home": home, "language": language}
    if ctx.invoked_subcommand is None:
        ctx.invoke(serve)


@main.command()
@click.option("--home", "own_home", type=click.Path(path_type=Path), help="The data folder.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen. Anything but this computer alone exposes your data.")
@click.option("--port", default=7860, show_default=True, type=click.IntRange(1, 65535))
@click.option("--hosted", is_flag=True, help="For many people: each visitor has a session and things of their own.")
@click.option("--public-host", "public_hosts", multiple=True, help="A further name that the server is reached by, as host or host:port.")
@click.option("--no-browser", is_flag=True, help="Print the link only.")
@click.pass_obj
def serve(
    obj: Mapping[str, Any],
    own_home: Path | None = None,
    host: str = "127.0.0.1",
    port: int = 7860,
    hosted: bool = False,
    public_hosts: tuple[str, ...] = (),
    no_browser: bool = False,
) -> None:
    """Start the app (what `bottega` does by itself)."""
    from core.errors import UserError
    from core.home import Home
    from core.recovery import HomeDamaged, open_workshop
    from ui.server import ServerOptions, repair
    from ui.server import serve as run
    from ui.words import Words

    home = Home.find(own_home or obj["home"])
    options = ServerOptions(host, port, hosted, False, tuple(public_hosts))
    open_browser = not no_browser and sys.stdout.isatty()
    try:
        try:
            workshop = open_workshop(home, hosted=hosted)
        except HomeDamaged as damaged:
            repair(home, options, damaged, open_browser=open_browser)
            workshop, open_browser = open_workshop(home, hosted=hosted), False
        with workshop:
            run(workshop, options, open_browser=open_browser)
    except UserError as error:
        raise click.ClickException(Words.of(obj["language"]).error(error)) from error


@main.command(name="open")
@click.pass_obj
def open_(obj: Mapping[str, Any]) -> None:
    """A new one-time link into the running app."""
    from core.home import Home
    from ui.doors import ServerDoor, ServerFile

    server = ServerFile.read(Home.find(obj["home"]))
    if server is None:
        raise click.ClickException("No Bottega is running on this data folder. Start it with: bottega")
    with ServerDoor(server, obj["language"]) as door:
        click.echo(door.ticket_link())


@main.command()
@click.pass_obj
def mcp(obj: Mapping[str, Any]) -> None:
    """Answer another assistant over standard input and output (Model Context Protocol)."""
    from core.home import Home
    from core.recovery import open_workshop
    from ui.mcp_door import serve_stdio

    with open_workshop(Home.find(obj["home"])) as workshop:
        serve_stdio(workshop, obj["language"])


@main.command()
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def check(obj: Mapping[str, Any], as_json: bool) -> None:
    """Prove this installation in one page."""
    from core.home import Home
    from ui.check import inspect

    found = inspect(Home.find(obj["home"]))
    click.echo(json.dumps([line.__dict__ for line in found], indent=1) if as_json else "\n".join(line.as_text() for line in found))
    if not all(line.good for line in found):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
