"""Puts the store, the supervisor and inference together over one home: the one way in for the server and for a command without a server."""

import contextlib
import json
import logging
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, Protocol

from core import uploads
from core.data.cutting.kind import KINDS as CUTTING
from core.data.doctor.kind import KINDS as DOCTOR
from core.data.export.kind import KINDS as DATA_EXPORT
from core.data.kind import KINDS as DATA
from core.data.kind import settle_rows
from core.data.labelling.kind import KINDS as LABELLING
from core.data.showing.room import LOG_FILE as SHOWING_LOG
from core.data.showing.room import ShowingRoom
from core.errors import NotFound, UserError
from core.evaluation.kind import KINDS as EVALUATION
from core.evaluation.suggesting import KINDS as SUGGESTING
from core.export.kind import KINDS as EXPORT
from core.home import Home
from core.inference.pool import Inference
from core.jobs.selftest import KINDS as SELFTEST
from core.jobs.spec import Kind
from core.jobs.supervisor import Supervisor
from core.search.kind import KINDS as SEARCH
from core.settings import Settings
from core.training.kind import KINDS as TRAINING
from core.updating.kind import KINDS as UPDATING
from storage import archive
from storage import uploads as upload_rows
from storage.errors import StoreBusy, StoreClosed
from storage.ids import new_id
from storage.rows import DatasetId, JobId, OwnerId, Upload, UploadId
from storage.store import Store

KINDS: tuple[Kind, ...] = (
    *SELFTEST,
    *DATA,
    *CUTTING,
    *DOCTOR,
    *DATA_EXPORT,
    *TRAINING,
    *SEARCH,
    *EVALUATION,
    *EXPORT,
    *LABELLING,
    *SUGGESTING,
    *UPDATING,
)
INFERENCE_LOG = "inference.log"
log = logging.getLogger(__name__)


class HomeBusy(UserError):
    """Another process has opened this home."""

    sentence = "Bottega already runs on {home} (process {pid}). Use that one, stop it first, or give another folder with --home. Nothing was changed."
    status = 409

    def __init__(self, *, home: Path, pid: int | None) -> None:
        super().__init__(home=str(home), pid=pid if pid is not None else "unknown")
        self.pid = pid


class ReviewDoor(Protocol):
    """Where colleagues with a link come in: a listener of its own, which the server has."""

    def open(self, *, network: bool) -> str:
        """Listen if it does not yet; returns the address that links begin with. Raises a UserError when it cannot."""


class Workshop:
    """One in a process. A context manager; closing it leaves running jobs alive, and the next one finds them."""

    def __init__(self, home: Home, store: Store, settings: Settings, *, hosted: bool, kinds: Iterable[Kind]) -> None:
        self.home, self.store, self.settings, self.hosted = home, store, settings, hosted
        self.review_door: ReviewDoor | None = None
        self.update_turn = threading.RLock()  # held from the wish for an update's next job until that job is written down as its own
        self._behind = ThreadPoolExecutor(1, "behind")
        self.checkup_turn = threading.Lock()  # held from the question whether a check-up goes on until another has begun
        self.inference = Inference(settings.loaded_models, settings.idle_minutes * 60, threads=settings.threads, log=home.root / INFERENCE_LOG)
        self.showing = ShowingRoom(settings.idle_minutes * 60, home.root / SHOWING_LOG)
        self.supervisor = Supervisor(store, home, kinds, threads=settings.threads, before_exclusive=self.inference.evict, after=self._follow)

    @classmethod
    def open(cls, home: Home, *, hosted: bool = False, kinds: Iterable[Kind] = KINDS) -> "Workshop":
        """Raises HomeBusy, BadSettings and storage's StoreDamaged and StoreTooNew (the server has a page for these). Finds jobs of an earlier process."""
        home.prepare()
        settings = Settings.of(home)
        try:
            store = Store.open(home.database, memory_limit=settings.store_memory, threads=settings.threads)
        except StoreBusy as error:
            raise HomeBusy(home=home.root, pid=error.process_id or _server_pid(home)) from error
        archive.sweep(store)
        workshop = cls(home, store, settings, hosted=hosted, kinds=kinds)
        workshop.supervisor.adopt()
        from core.actions.update_chain import take_up

        workshop.behind(take_up, workshop)
        return workshop

    def take_upload(
        self,
        owner: OwnerId,
        name: str,
        source: BinaryIO | Path | Iterable[bytes],
        limit_bytes: int | None = None,
        *,
        expected_bytes: int | None = None,
    ) -> Upload:
        """To the disk piece by piece. `expected_bytes` is what the sender announced. Raises UploadTooLarge, UploadBroken, DiskFull."""
        id = UploadId(new_id())
        limit = self.settings.upload_limit_bytes if limit_bytes is None else limit_bytes
        taken = uploads.take(self.home, id, name, source, limit, expected_bytes)
        return upload_rows.add(self.store, owner, taken.name, taken.size_bytes, taken.sha256, id=id)

    def upload_path(self, owner: OwnerId, id: UploadId) -> Path:
        """Raises NotFound, also for another owner's."""
        upload = upload_rows.get(self.store, owner, id)
        path = self.home.uploads / id / upload.name if upload is not None else None
        if path is None or not path.is_file():
            raise NotFound(thing="upload", id=id)
        return path

    def settle(self, dataset: DatasetId) -> None:
        """Work out what is kept beside rows that came or changed, while others go on."""
        self.behind(settle_rows, self.store, dataset)

    def behind(self, work: Callable[..., object], *given: object) -> None:
        """Do it while others go on, one such thing after another. What the workshop's closing leaves undone, the next one has to see for itself."""
        self._behind.submit(work, *given).add_done_callback(_tell_fault)

    def _follow(self, job_id: JobId) -> None:
        """What begins by itself once a job has ended: a check-up of rows that came in, or changed while the doctor looked at them; an update's next job."""
        from core.actions import doctor, update_chain  # the actions are above the workshop's parts and below the workshop

        doctor.after_job(self, job_id)
        self.behind(update_chain.after_job, self, job_id)

    def close(self) -> None:
        self.supervisor.close()
        self._behind.shutdown(cancel_futures=True)
        self.inference.close()
        self.showing.close()
        self.store.close()

    def __enter__(self) -> "Workshop":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _tell_fault(done: Future[object]) -> None:
    """Nobody waits for it: its fault stands in the log. That the store was closed in between is none."""
    error = None if done.cancelled() else done.exception()
    if error is not None and not isinstance(error, StoreClosed):
        log.error("what was done behind broke off", exc_info=error)


def _server_pid(home: Home) -> int | None:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        pid = json.loads(home.server_file.read_text(encoding="utf-8"))["pid"]
        return int(pid) if int(pid) != os.getpid() else None
    return None
