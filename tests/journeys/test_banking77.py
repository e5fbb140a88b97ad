"""The whole path on real input: 10,003 rows to learn from, 3,080 sealed ones as the exam, and the package at work where only its own requirement is installed."""

import csv
import json
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journeys.conftest import Visitor
from tests.unit.data_files import real_file

QUESTIONS = 20
TRAIN_S, JUDGE_S, EXPORT_S = 3000, 1800, 1800


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_the_package_of_banking77_answers_outside_as_it_does_in_the_app(visit: Callable[..., Visitor], tmp_path: Path) -> None:
    person = visit()
    person.page.set_default_timeout(60_000)
    person.new_project("Banking")
    person.upload(real_file("banking77-train.csv"))
    person.press("Import these rows")
    assert person.lead("10,003 texts", seconds=120) == "10,003 texts, 77 categories"
    person.page.locator("#panel-data .drop.small input[type=file]").set_input_files(real_file("banking77-test.csv"))
    person.press("Import as the exam")
    person.page.get_by_text("3,080").first.wait_for(timeout=120_000)
    person.press("Choose what it should learn")
    person.press("Start training")
    person.agree()
    person.lead("Trained", seconds=TRAIN_S)
    person.press("Put it to the test")
    person.lead("Is it really better?")
    person.press("Put it to the test")
    person.agree()
    print(person.lead("etter than", "orse than", seconds=JUDGE_S))
    person.press("Take it home")
    person.lead("Take it home")
    person.press("Build and check")
    person.agree()
    print(person.lead("It answers outside", "Usable, with a loss", seconds=EXPORT_S))
    with person.page.expect_download() as coming:
        person.page.get_by_role("link", name="Download").first.click()
    coming.value.save_as(tmp_path / "package.zip")
    questions = _questions()
    assert _outside(tmp_path, questions) == _inside(person, questions)


def _questions() -> list[str]:
    with real_file("banking77-test.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [rows[i]["text"].replace("\n", " ") for i in range(0, len(rows), len(rows) // QUESTIONS)][:QUESTIONS]


def _outside(folder: Path, questions: list[str]) -> list[str]:
    """What chat.py says in a new virtual environment that holds what the package's requirements.txt names."""
    with zipfile.ZipFile(folder / "package.zip") as package:
        package.extractall(folder / "package")
    script = next((folder / "package").rglob("chat.py"))
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    subprocess.run([python, "-m", "pip", "install", "-q", "-r", script.with_name("requirements.txt")], check=True, timeout=600)
    ran = subprocess.run([python, script], input="\n".join(questions) + "\n", capture_output=True, text=True, check=True, timeout=600, cwd=folder)
    return ran.stdout.splitlines()


def _inside(person: Visitor, questions: list[str]) -> list[str]:
    """What the app says with that same exported file."""
    known = json.loads((person.server.home / "server.json").read_text(encoding="utf-8"))
    with httpx.Client(base_url=known["address"], headers={"authorization": f"Bearer {known['secret']}"}, trust_env=False, timeout=120) as client:

        def do(verb: str, **values: Any) -> Any:
            return client.post(f"/api/actions/{verb}", json={"values": values}).raise_for_status().json()["result"]

        project = next(one["project"] for one in do("projects") if one["name"] == "Banking")
        package = do("packages", project=project)[0]
        pairs = [do("compare", run=package["run"], question=question, first="tuned", second=package["id"]) for question in questions]
    print("as the tuned model answers:", sum(pair["left"]["text"] == pair["right"]["text"] for pair in pairs), "of", len(pairs))
    return [pair["right"]["text"] for pair in pairs]
