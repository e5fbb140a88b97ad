"""The exported model answers as the tuned one: real builds of tiny models."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.export.certificate import Colour, Findings, judge
from core.export.merge import MergeRequest
from core.export.onnx import BuildRequest
from core.export.prompts import Chat
from core.export.rows import read_rows
from core.export.targets import target
from core.export.verify import Asked, ask_tuned, check
from core.inference.base import Options, load
from core.models.load import load_tokenizer
from core.models.reference import Backend, ModelReference
from core.tasks.base import Constraint, Turn, task
from tests.unit.export_help import QUESTIONS, tiny_lora, tiny_model, write_rows

THREADS = 1


@dataclass(frozen=True)
class Built:
    """A tuned model with its ONNX folder."""

    tuned: ModelReference
    package: Path
    scratch: Path

    @property
    def exported(self) -> ModelReference:
        return ModelReference(name="package", folder=self.package, backend=Backend.GENAI)

    def checked(self, task_name: str = "classification") -> tuple[Findings, Chat, Asked]:
        write_rows(self.scratch / "rows.parquet")
        asked = Asked.of(task(task_name), read_rows(self.scratch / "rows.parquet", 100, 0))
        said = ask_tuned(self.tuned, asked, self.scratch, THREADS, lambda share: None, lambda: False)
        tokenizer = load_tokenizer(self.tuned.folder)
        found, chat = check(self.package, asked, said, tokenizer, self.scratch, THREADS, lambda share: None, lambda: False)
        return found, chat, asked


@pytest.fixture(scope="session")
def quiet_olive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Olive in this process, as a step has it: on a CI machine it writes no greeting; its caches lie in a folder of the test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CI", os.environ.get("CI") or "1")
        patch.setenv("HF_HUB_CACHE", str(tmp_path_factory.mktemp("hub")))
        yield


def built(tuned: ModelReference, precision: str, folder: Path) -> Built:
    from core.export import merge, onnx

    merged, package, scratch = folder / "merged", folder / "package", folder / "scratch"
    scratch.mkdir(parents=True)
    merge.main(MergeRequest(model=tuned, output=merged).model_dump())
    onnx.main(BuildRequest(merged=merged, cache=folder / "cache", output=package, target="cpu", precision=precision).model_dump())
    return Built(tuned, package, scratch)


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> ModelReference:
    return tiny_model(tmp_path_factory.mktemp("models") / "llama", "llama")


@pytest.fixture(scope="session")
def llama_fp32(llama: ModelReference, tmp_path_factory: pytest.TempPathFactory, quiet_olive: None) -> Built:
    return built(llama, "fp32", tmp_path_factory.mktemp("llama_fp32"))


@pytest.fixture(scope="session")
def llama_int4(llama: ModelReference, tmp_path_factory: pytest.TempPathFactory, quiet_olive: None) -> Built:
    return built(llama, "int4", tmp_path_factory.mktemp("llama_int4"))


@pytest.fixture(scope="session")
def qwen3_lora(tmp_path_factory: pytest.TempPathFactory, quiet_olive: None) -> Built:
    base = tiny_model(tmp_path_factory.mktemp("models") / "qwen3", "qwen3")
    return built(tiny_lora(tmp_path_factory.mktemp("adapters") / "lora", base), "fp32", tmp_path_factory.mktemp("qwen3_fp32"))


def test_fp32_gives_the_tuned_models_numbers_and_answers(llama_fp32: Built) -> None:
    found, _, _ = llama_fp32.checked()
    assert judge(found, target("cpu", "fp32")[1])[0] is Colour.GREEN
    assert found.logits is not None
    assert found.logits.largest <= 1e-4
    assert found.answers is not None
    assert found.answers.equal == found.answers.rows == 12
    assert found.tokenizer is not None
    assert found.tokenizer.equal == found.tokenizer.rows


def test_a_merged_lora_answers_as_base_and_adapter_side_by_side(qwen3_lora: Built) -> None:
    found, _, _ = qwen3_lora.checked()
    assert judge(found, target("cpu", "fp32")[1])[0] is Colour.GREEN
    assert found.answers is not None
    assert found.answers.equal == 12
    prompts = [(Turn(role="user", content=question),) for question in QUESTIONS]
    odd = Constraint(
        choices=tuple(f"{first} {second}" for first in ("card", "lost", "naive", "Where", "non va") for second in ("is", "here", "twice"))
    )
    options = Options(12, odd)
    base = load(ModelReference(name="base", folder=qwen3_lora.tuned.base or Path()), THREADS).generate(prompts, options)
    tuned, exported = (load(one, THREADS).generate(prompts, options) for one in (qwen3_lora.tuned, qwen3_lora.exported))
    assert tuned == exported != base


def test_int4_builds_runs_and_is_smaller(llama_fp32: Built, llama_int4: Built) -> None:
    found, _, _ = llama_int4.checked()
    assert found.load_failure is None
    assert found.exported is not None
    assert found.logits is not None
    assert 0 < found.logits.largest < 100
    sizes = [(built.package / "model.onnx.data").stat().st_size for built in (llama_int4, llama_fp32)]
    assert sizes[0] < sizes[1] / 2


def test_an_answer_ends_at_every_mark_that_ends_it_in_the_app(llama_fp32: Built) -> None:
    from core.inference.rendering import end_ids

    config = json.loads((llama_fp32.package / "genai_config.json").read_text())
    ends = config["model"]["eos_token_id"]
    assert set(ends if isinstance(ends, list) else [ends]) == end_ids(load_tokenizer(llama_fp32.tuned.folder), None)
    assert config["search"]["do_sample"] is False


def test_a_damaged_model_is_a_red_finding_and_no_crash(llama_fp32: Built, tmp_path: Path) -> None:
    broken = tmp_path / "package"
    broken.mkdir()
    for file in llama_fp32.package.iterdir():
        (broken / file.name).write_bytes(file.read_bytes() if file.suffix != ".onnx" else b"no model")
    found, _, _ = Built(llama_fp32.tuned, broken, tmp_path).checked()
    assert found.load_failure
    assert judge(found, target("cpu", "fp32")[1])[0] is Colour.RED


def test_another_tokenizer_in_the_package_is_red(llama_fp32: Built, tmp_path: Path) -> None:
    other = tmp_path / "package"
    other.mkdir()
    for file in llama_fp32.package.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    words = json.loads((other / "tokenizer.json").read_text())
    words["model"]["merges"] = words["model"]["merges"][:5]
    (other / "tokenizer.json").write_text(json.dumps(words))
    found, _, _ = Built(llama_fp32.tuned, other, tmp_path).checked()
    colour, reasons = judge(found, target("cpu", "fp32")[1])
    assert (colour, reasons[0].key) == (Colour.RED, "export.tokens")


@pytest.mark.parametrize("which", ["llama_fp32", "llama_int4"])
def test_chat_py_answers_as_the_app_does_with_the_same_package(which: str, request: pytest.FixtureRequest) -> None:
    package: Built = request.getfixturevalue(which)
    _, chat, asked = package.checked()
    texts = [*QUESTIONS, "  spaces  at the edges  ", "42"]
    too_long = "words " * 300
    dressed(package, chat, asked)
    app = load(package.exported, THREADS).generate([(Turn(role="user", content=text.rstrip()),) for text in texts], asked.options)
    restored = [asked.task.restore(answer, asked.known) for answer in app]
    assert ran(package.package, "\n".join([*texts, too_long, texts[0]]) + "\n") == [*restored, "", restored[0]]
    assert set(restored) <= set(asked.known)
    assert ran(package.package, "", texts[0]) == restored[:1]


def test_chat_py_writes_freely_where_answers_are_free(llama_fp32: Built) -> None:
    _, chat, asked = llama_fp32.checked("generation")
    assert chat.guidance is None
    (llama_fp32.package / "labels.json").unlink(missing_ok=True)
    (llama_fp32.package / "chat.json").write_text(chat.model_copy(update={"max_new_tokens": 10}).model_dump_json())
    (llama_fp32.package / "chat.py").write_text(script())
    app = load(llama_fp32.exported, THREADS).generate([(Turn(role="user", content=text),) for text in QUESTIONS], Options(10))
    assert ran(llama_fp32.package, "\n".join(QUESTIONS)) == [answer.strip().replace("\n", " ") for answer in app]


def test_labels_with_signs_of_patterns_are_written_as_they_are(llama_fp32: Built) -> None:
    odd = ("a.b*c (d)", "[x]|y", "$5+ & #1", "tab\\slash", "été – “q”", "-")
    answers = load(llama_fp32.exported, THREADS).generate(
        [(Turn(role="user", content=text),) for text in QUESTIONS], Options(40, Constraint(choices=odd))
    )
    assert set(answers) <= set(odd)


def dressed(built: Built, chat: Chat, asked: Asked) -> None:
    labels = {asked.task.target(answer): answer for answer in asked.known}
    (built.package / "labels.json").write_text(json.dumps(labels))
    (built.package / "chat.json").write_text(chat.model_dump_json())
    (built.package / "chat.py").write_text(script())


def script() -> str:
    import core.export

    return (Path(core.export.__file__).parent / "chat.py").read_text(encoding="utf-8")


def ran(folder: Path, lines: str, *arguments: str) -> list[str]:
    """chat.py as a person runs it: by path, from elsewhere, without our packages."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, str(folder / "chat.py"), *arguments],
        input=lines.encode(),
        capture_output=True,
        env=environment,
        cwd=folder.parent,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode("utf-8").splitlines()
