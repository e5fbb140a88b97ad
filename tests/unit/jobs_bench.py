"""What the tests of jobs arrange: a workshop over a real store, with the self-test as its kind of job."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from core.home import Home
from core.jobs.selftest import SelfTest
from core.jobs.selftest import main as _main
from core.jobs.spec import Kind
from core.workshop import Workshop
from storage import jobs, projects
from storage.rows import LIVE, LOCAL_OWNER, Job, JobId, JobState, Point

MAIN = f"{_main.__module__}:{_main.__name__}"
PATIENCE_S = 30.0
KINDS = (
    Kind("selftest", MAIN, exclusive=False),
    Kind("trainer", MAIN),
    Kind("deaf", MAIN, exclusive=False, stop_grace_s=0.3),
)


@contextmanager
def workshop(folder: Path, kinds: tuple[Kind, ...] = KINDS) -> Iterator[Workshop]:
    with Workshop.open(Home(folder), kinds=kinds) as opened:
        yield opened


def start(shop: Workshop, kind: str = "selftest", *, environment: Mapping[str, str] | None = None, **settings: object) -> Job:
    found = projects.of_owner(shop.store, LOCAL_OWNER)
    project = found[0] if found else projects.create(shop.store, LOCAL_OWNER, "cards")
    wanted = SelfTest.model_validate(settings)
    return shop.supervisor.submit(kind, wanted, owner=LOCAL_OWNER, project=project.id, subject="x", environment=environment)


def ended(shop: Workshop, job: Job) -> Job:
    now = shop.supervisor.wait(job.id, PATIENCE_S)
    assert now.state not in LIVE, now
    return now


def until(shop: Workshop, id: JobId, holds: Callable[[], bool]) -> None:
    """Wait for changes of a job until something holds of it."""
    with shop.supervisor.subscribe(id) as changes:
        while not holds():
            assert changes.wait(PATIENCE_S), "nothing changed"


def counted(shop: Workshop, job: Job) -> list[float]:
    points = shop.store.read(Point, "SELECT step, name, value FROM point WHERE job = ? AND name = 'count' ORDER BY step", [job.id])
    return [point.value for point in points]


def is_at_work(shop: Workshop, job: Job) -> Callable[[], bool]:
    return lambda: shop.supervisor.job(job.id).state is JobState.RUNNING and jobs.offset(shop.store, job.id) > 100
