"""Where Bottega keeps its things: one folder, laid out the same on every platform."""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

SPACE_DISK = Path("/data")  # a Space's persistent disk, when it was given one


@dataclass(frozen=True)
class Home:
    """The data folder. Properties are places in it; `prepare` makes the folders, readable by their owner only."""

    root: Path

    @classmethod
    def find(cls, given: Path | None = None, environment: Mapping[str, str] = os.environ) -> "Home":
        """`given` (--home), else BOTTEGA_HOME, else /data on a Space that has it, else the platform's user data folder."""
        if given is not None:
            return cls(given.expanduser().resolve())
        if environment.get("BOTTEGA_HOME"):
            return cls(Path(environment["BOTTEGA_HOME"]).expanduser().resolve())
        if environment.get("SPACE_ID"):
            return cls(SPACE_DISK / "bottega" if os.access(SPACE_DISK, os.W_OK) else Path(tempfile.gettempdir()) / "bottega")
        return cls(user_data_path("bottega", appauthor=False))

    def prepare(self) -> "Home":
        for folder in (self.root, self.uploads, self.runs, self.packages, self.models, self.backups):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self

    @property
    def database(self) -> Path:
        return self.root / "bottega.duckdb"

    @property
    def uploads(self) -> Path:
        return self.root / "uploads"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def packages(self) -> Path:
        return self.root / "packages"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def losses(self) -> Path:
        """Python files with losses of one's own; made when the first is brought in."""
        return self.root / "losses"

    @property
    def backups(self) -> Path:
        return self.root / "backups"

    @property
    def server_file(self) -> Path:
        return self.root / "server.json"

    @property
    def secret_file(self) -> Path:
        return self.root / "secret"
