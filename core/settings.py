"""What the keeper of a home may set: home/settings.toml, read once at the start."""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core.data.limits import LIMITS, Limits
from core.errors import UserError
from core.home import Home

SETTINGS_FILE = "settings.toml"
GB = 10**9


class BadSettings(UserError):
    """settings.toml is no TOML or one of its fields is wrong."""

    sentence = "The file {file} has a fault at '{field}': {why}. Correct it, or remove the file to go back to the defaults. Nothing was started."

    def __init__(self, *, file: Path, field: str, why: str) -> None:
        super().__init__(file=str(file), field=field, why=why)


class Settings(BaseModel):
    """All have defaults; a home without the file has them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    upload_limit_bytes: int = Field(GB, ge=1, description="The largest file that is taken in.")
    threads: int = Field(2, ge=1, le=256, description="Processor cores that a job may use.")
    store_memory: str = Field("640MB", pattern=r"^[0-9]+(MB|GB)$", description="What the database may keep in memory.")
    loaded_models: int = Field(2, ge=1, le=8, description="Models that are kept ready to answer.")
    idle_minutes: float = Field(5, gt=0, description="After this long without a question a model is let go.")
    visitor_hours: float = Field(24, gt=0, description="Hosted: a visitor's things are erased after this long.")

    checkpoint_bytes: int | None = Field(20 * GB, ge=1, description="What the checkpoints of one training may take on the disk.")
    trusted_losses: bool = Field(False, description="Let trainings run Python files with losses of one's own. Never on a hosted server.")
    limits: Limits = Field(LIMITS, description="How much a file of rows may ask of us: the fields of core.data.limits.Limits.")

    @field_validator("limits")
    @classmethod
    def _no_limit_is_nothing(cls, limits: Limits) -> Limits:
        for name, value in vars(limits).items():
            if value <= 0:
                raise ValueError(f"{name} must be more than 0")
        return limits

    @classmethod
    def of(cls, home: Home) -> "Settings":
        """Raises BadSettings."""
        file = home.root / SETTINGS_FILE
        if not file.exists():
            return cls()
        try:
            return cls.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BadSettings(file=file, field="the text", why=str(error)) from error
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise BadSettings(file=file, field=".".join(str(part) for part in first["loc"]), why=first["msg"]) from error
