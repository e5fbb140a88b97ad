"""Events as lines: nothing is lost, nothing counted twice, damage is skipped."""

import io
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.jobs.events import Advice, Artefact, Best, Event, Failure, MetricPoint, Progress, Resource, State, from_lines, to_line
from core.jobs.failures import OutOfMemory, SaidByChild, rebuilt, redacted, told
from core.jobs.handle import EVENTS_FILE, RESERVE_FILE, ChildJob
from core.jobs.spec import JobSpec

texts = st.text(max_size=20)
numbers = st.floats(allow_nan=False)
facts = st.dictionaries(texts, st.one_of(texts, st.integers(), st.booleans()), max_size=3)
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(State, texts),
    st.builds(Progress, st.none() | st.floats(0, 1), texts, st.none() | st.floats(0, 1e6), texts),
    st.builds(MetricPoint, st.integers(0), texts, numbers),
    st.builds(Resource, st.integers(0), st.floats(0, 1e9)),
    st.builds(Best, st.integers(0), texts, numbers),
    st.builds(Advice, st.integers(0), texts, texts, facts),
    st.builds(Artefact, texts, texts, texts, st.integers(0)),
    st.builds(Failure, texts, texts, facts, texts),
)


@given(st.lists(events, max_size=8))
def test_what_was_written_is_read_back_in_order(written: list[Event]) -> None:
    data = "".join(map(to_line, written)).encode()
    assert [event for event, _ in from_lines(data)] == written


@given(st.lists(events, max_size=6), st.data())
def test_reading_on_from_any_offset_gives_the_rest_and_reading_twice_changes_nothing(written: list[Event], data: st.DataObject) -> None:
    whole = "".join(map(to_line, written)).encode()
    torn = data.draw(st.integers(0, len(whole)))
    first = list(from_lines(whole[:torn]))
    assert first == list(from_lines(whole[:torn]))
    reached = first[-1][1] if first else 0
    assert [event for event, _ in first] + [event for event, _ in from_lines(whole[reached:])] == written


@given(st.lists(st.one_of(st.binary(max_size=30), events.map(lambda event: to_line(event).encode().rstrip(b"\n"))), max_size=8))
def test_damage_and_unknown_kinds_are_skipped_and_stop_nothing(lines: list[bytes]) -> None:
    last = to_line(State("done")).encode()
    data = b"".join(line + b"\n" for line in [*lines, b'{"kind": "point"}', b'{"kind": "tomorrow", "x": 1}', b"[1]", b'{"kind": ["a"]}']) + last
    found = list(from_lines(data))
    assert found[-1] == (State("done"), len(data))


def test_nan_and_infinity_survive() -> None:
    values = [event.value for event, _ in from_lines("".join(to_line(MetricPoint(1, "loss", x)) for x in (math.nan, math.inf, -math.inf)).encode())]  # type: ignore[union-attr]
    assert math.isnan(values[0])
    assert values[1:] == [math.inf, -math.inf]


def test_a_child_that_goes_on_cuts_off_the_torn_line_of_the_one_before(tmp_path: Path) -> None:
    whole = to_line(State("running")).encode()
    (tmp_path / EVENTS_FILE).write_bytes(whole + b'{"kind": "poi')
    job = ChildJob(tmp_path, JobSpec(id="a", kind="k", main="core.a:b"))
    job.emit(MetricPoint(1, "loss", 2.0))
    job.close()
    assert (tmp_path / EVENTS_FILE).read_bytes() == whole + to_line(MetricPoint(1, "loss", 2.0)).encode()


def test_a_child_on_a_full_disk_still_says_so_with_the_room_it_kept_aside(tmp_path: Path) -> None:
    class FullDisk(io.FileIO):
        def write(self, data: Any) -> int:
            if (tmp_path / RESERVE_FILE).exists():
                super().write(bytes(data)[:5])
                raise OSError(28, "No space left on device")
            return super().write(data)

    job = ChildJob(tmp_path, JobSpec(id="a", kind="k", main="core.a:b"))
    job.emit(State("running"))
    job._events.close()
    job._events = FullDisk(tmp_path / EVENTS_FILE, "r+")
    job._events.seek(0, io.SEEK_END)
    with pytest.raises(OSError, match="No space left"):
        job.emit(MetricPoint(1, "loss", 2.0))
    job.say_end(Failure("DiskFull", "The disk is full."))
    assert [event for event, _ in from_lines((tmp_path / EVENTS_FILE).read_bytes())] == [State("running"), Failure("DiskFull", "The disk is full.")]


def test_a_full_disk_or_no_memory_is_found_wherever_it_stands_in_the_chain(tmp_path: Path) -> None:
    try:
        try:
            raise OSError(28, "No space left on device")
        except OSError as error:
            raise RuntimeError("could not save") from error
    except RuntimeError as error:
        found = told(error, place=tmp_path)
    assert found is not None
    assert found.name == "DiskFull"
    assert isinstance(told(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"), place=tmp_path), OutOfMemory)
    assert told(ValueError("out of range"), place=tmp_path) is None


def test_a_childs_error_keeps_its_name_also_where_its_class_is_unknown() -> None:
    assert isinstance(rebuilt("OutOfMemory", "x", {}), OutOfMemory)
    other = rebuilt("FromTomorrow", "It rains {hard}.", {"hard": 1})
    assert isinstance(other, SaidByChild)
    assert (other.name, str(other), other.facts["hard"]) == ("FromTomorrow", "It rains {hard}.", 1)


def test_values_of_secrets_are_taken_out_of_a_text() -> None:
    assert redacted("Bearer hf_abcdef at /home", {"HF_TOKEN": "hf_abcdef", "HOME": "/home"}) == "Bearer <HF_TOKEN> at /home"
