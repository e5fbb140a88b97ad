"""Files that come in: whole or not at all, within a limit, under a safe name; and the settings of a home."""

import hashlib
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import uploads
from core.errors import DiskFull, NotFound
from core.home import Home
from core.settings import BadSettings, Settings
from core.uploads import UploadBroken, UploadTooLarge, safe_name
from storage.files import is_safe_name
from storage.rows import LOCAL_OWNER, OwnerId, UploadId
from tests.unit.jobs_bench import workshop


@given(st.text(max_size=300))
def test_a_name_is_one_safe_component_of_at_most_200_characters(given_name: str) -> None:
    name = safe_name(given_name)
    assert is_safe_name(name)
    assert 0 < len(name) <= 201
    assert len(name.encode()) <= 255
    assert safe_name(name) == name


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("../../etc/passwd", "passwd"),
        (r"C:\Users\me\tickets.csv", "tickets.csv"),
        ("a\x00b\n.csv", "ab.csv"),
        ("..", "file"),
        ("CON.csv", "_CON.csv"),
        ("perché – 1.csv", "perché – 1.csv"),
        ("x" * 400 + ".jsonl", "x" * 194 + ".jsonl"),
    ],
)
def test_names_that_senders_think_of(given_name: str, name: str) -> None:
    assert safe_name(given_name) == name


def test_an_upload_lies_in_the_home_with_its_hash_and_belongs_to_its_owner(tmp_path: Path) -> None:
    data = b"text,label\r\n" * 1000
    with workshop(tmp_path) as shop:
        upload = shop.take_upload(LOCAL_OWNER, "../t.csv", io.BytesIO(data), expected_bytes=len(data))
        assert (upload.name, upload.size_bytes, upload.sha256) == ("t.csv", len(data), hashlib.sha256(data).hexdigest())
        assert shop.upload_path(LOCAL_OWNER, upload.id).read_bytes() == data
        with pytest.raises(NotFound):
            shop.upload_path(OwnerId("another"), upload.id)
        again = shop.take_upload(LOCAL_OWNER, "t.csv", shop.upload_path(LOCAL_OWNER, upload.id))
        assert again.sha256 == upload.sha256


@pytest.mark.parametrize(
    ("size", "limit", "expected", "error"),
    [(11, 10, None, UploadTooLarge), (5, 10, 11, UploadTooLarge), (5, 10, 6, UploadBroken)],
)
def test_what_is_too_large_or_not_whole_leaves_nothing(tmp_path: Path, size: int, limit: int, expected: int | None, error: type[Exception]) -> None:
    home = Home(tmp_path).prepare()
    with pytest.raises(error, match=r"t\.csv"):
        uploads.take(home, UploadId("u"), "t.csv", iter([b"x"] * size), limit, expected)
    assert list(home.uploads.iterdir()) == []


def test_a_full_disk_is_told_before_it_is_full_and_also_when_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path).prepare()

    def full() -> object:
        yield b"x"
        raise OSError(28, "No space left on device")

    with pytest.raises(DiskFull, match="data folder"):
        uploads.take(home, UploadId("u"), "t.csv", full(), 10)  # type: ignore[arg-type]
    monkeypatch.setattr(uploads, "free_bytes", lambda path: 60 * 10**6)
    with pytest.raises(DiskFull, match="60 MB are free"):
        uploads.take(home, UploadId("u"), "t.csv", io.BytesIO(b""), 10**9, 20 * 10**6)
    assert list(home.uploads.iterdir()) == []


def test_settings_have_defaults_and_a_fault_in_the_file_is_named(tmp_path: Path) -> None:
    home = Home(tmp_path).prepare()
    assert Settings.of(home).upload_limit_bytes == 10**9
    (tmp_path / "settings.toml").write_text("upload_limit_bytes = 5\n")
    assert Settings.of(home).upload_limit_bytes == 5
    for text, field in (("upload_limit = 5\n", "upload_limit"), ("threads = 0\n", "threads"), ("threads =\n", "the text")):
        (tmp_path / "settings.toml").write_text(text)
        with pytest.raises(BadSettings, match=field):
            Settings.of(home)
