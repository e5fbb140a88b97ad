"""Opening a home whose database may be damaged: what is wrong is told in a sentence, and what can be opened is brought back on request."""

from core.errors import UserError
from core.home import Home
from core.sentence import Sentence
from core.workshop import Workshop
from storage.errors import StoreDamaged, StoreTooNew
from storage.recovery import RecoveryResult, recover


class HomeDamaged(UserError):
    """The database does not open."""

    sentence = (
        "The database in {home} does not open: {why}. Nothing was changed. Bottega can keep a copy of it aside and bring back what can still be read."
    )
    status = 503

    def __init__(self, *, home: str, why: str) -> None:
        super().__init__(home=home, why=why)


class HomeTooNew(UserError):
    """A newer Bottega wrote it."""

    sentence = "The data folder {home} was written by a newer Bottega. Install that one, or choose another folder with --home. Nothing was changed."
    status = 503

    def __init__(self, *, home: str) -> None:
        super().__init__(home=home)


def open_workshop(home: Home, *, hosted: bool = False) -> Workshop:
    """Raises HomeBusy, HomeDamaged, HomeTooNew."""
    try:
        return Workshop.open(home.prepare(), hosted=hosted)
    except StoreDamaged as error:
        raise HomeDamaged(home=str(home.root), why=error.why) from error
    except StoreTooNew as error:
        raise HomeTooNew(home=str(home.root)) from error


def bring_back(home: Home) -> Sentence:
    """Open what can be opened and say what was done; the damaged file stays in backups/."""
    found: RecoveryResult = recover(home.database)
    facts = {"lost": sum(part.rows for part in found.lost), "backups": str(home.backups)}
    return Sentence(f"recovery.{found.recovered}", _ENGLISH[found.recovered], facts)


_ENGLISH = {
    "whole": "The database opens again, and nothing is missing.",
    "without_log": "The database opens again. The changes of the last minutes before it broke are missing. What was found lies in {backups}.",
    "in_part": "What could be read was brought back; {lost:,} rows could not be. What was found lies in {backups}.",
    "from_backup": "The newest backup was opened; what came after it is missing. What was found lies in {backups}.",
    "nothing": "Nothing could be read, so Bottega begins with an empty database. What was found lies in {backups}.",
}
