"""What can be exported where."""

import json
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from core.export.architectures import BUILDABLE, CannotBuildArchitecture, CannotRenderPrompts, check_architecture, check_template
from core.export.targets import UnknownTarget, target, targets


def test_an_unknown_target_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownTarget, match="cpu int4"):
        target("cpu", "int3")
    with pytest.raises(UnknownTarget, match="cpu fp32"):
        target("toaster", "int4")
    assert all(target(name, precision) for name, found in targets().items() for precision in found.precisions)


def test_every_architecture_that_we_promise_is_known_to_the_installed_builder() -> None:
    spec = find_spec("onnxruntime_genai")  # found, not imported
    assert spec is not None
    assert spec.submodule_search_locations
    source = (Path(spec.submodule_search_locations[0]) / "models" / "builder.py").read_text(encoding="utf-8")
    known = set(re.findall(r'config\.architectures\[0\] == "(\w+)"', source))
    assert known >= BUILDABLE


def test_the_builder_still_knows_the_options_that_we_pass() -> None:
    spec = find_spec("onnxruntime_genai")
    assert spec is not None
    assert spec.submodule_search_locations
    source = "".join(file.read_text(encoding="utf-8") for file in (Path(spec.submodule_search_locations[0]) / "models").rglob("*.py"))
    options = {name for found in targets().values() for how in found.precisions.values() for name in how.extra_options}
    assert all(name in source for name in options | {"hf_remote"})  # it ignores silently what it does not know


def test_an_architecture_that_the_builder_does_not_know_is_told_before_the_long_work(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["MambaForCausalLM"]}))
    with pytest.raises(CannotBuildArchitecture, match="MambaForCausalLM.*Llama"):
        check_architecture(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(CannotBuildArchitecture):
        check_architecture(tmp_path)


def test_a_tokenizer_without_a_chat_template_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tokenizer_config.json").write_text("{}")
    with pytest.raises(CannotRenderPrompts, match="raw"):
        check_template(tmp_path, "raw")
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": "{{ messages }}"}))
    check_template(tmp_path, "raw")
