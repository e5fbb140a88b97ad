"""Bottega as a Hugging Face Space: how it starts there, how a visitor's things are erased, and how the Space's folder is built."""

import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from core.workshop import Workshop

SWEEP_S = 600.0


def main() -> None:
    """Serve as a Space does: on all addresses of its container, framed, each visitor an owner of their own."""
    from core.quiet import be_quiet

    be_quiet()
    from core.home import Home
    from core.recovery import open_workshop
    from ui.server import ServerOptions, serve

    with open_workshop(Home.find(), hosted=True) as workshop:
        stop = threading.Event()
        sweeper = threading.Thread(target=_sweep, args=(workshop, stop), name="erase visitors", daemon=True)
        sweeper.start()
        try:
            serve(workshop, ServerOptions.of_space(), open_browser=False)
        finally:
            stop.set()


def _sweep(workshop: "Workshop", stop: threading.Event) -> None:
    from core.visitors import erase_visitors

    while True:
        erase_visitors(workshop, older_than_hours=workshop.settings.visitor_hours)
        if stop.wait(SWEEP_S):
            return


@click.group()
def cli() -> None:
    """The Space's own commands."""


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--source", type=click.Path(path_type=Path, exists=True, file_okay=False), default=Path("."), help="The checkout to build from.")
def build(folder: Path, source: Path) -> None:
    """Write a self-contained Space into FOLDER: front matter, app.py, requirements and the wheel."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("app.py", "README.md", "requirements.txt"):
        shutil.copyfile(source / "spaces" / name, folder / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(source)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    wheel = next(folder.glob("bottega-*.whl"))
    (folder / "requirements.txt").write_text(f"./{wheel.name}\n", encoding="utf-8")
    click.echo(folder)


if __name__ == "__main__":
    cli()
