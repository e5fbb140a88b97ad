"""Models that people bring: what opens, what is refused and in which words. Real tiny folders of several architectures."""

import json

import pytest

from core.errors import UserError
from core.home import Home
from core.models.advice import advise_model
from core.models.catalogue import NotInCatalogue, catalogue, entry
from core.models.fit import memory_of_entry
from core.models.installed import ModelHereAlready, ModelNotHere, add, find, names, shape_of
from core.models.load import ModelIncomplete, NoChatTemplate, NoSafetensors, UnknownArchitecture, load_base, load_tokenizer
from tests.unit.training_bench import ARCHITECTURES, tiny_model


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home").prepare()


@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
def test_a_folder_that_is_put_into_models_is_found_and_opens(home, architecture):
    made = tiny_model(home.models / architecture, architecture)
    found = find(architecture, home)
    assert found.folder == made.folder
    assert architecture in names(home)
    shape = shape_of(found)
    assert (shape.hidden_size, shape.layers, shape.context) == (32, 2, 256)
    model = load_base(found.folder)
    assert shape.parameters == sum(weight.numel() for weight in model.parameters())
    assert str(model.dtype) == "torch.float32"
    load_tokenizer(found.folder)


def test_pickled_weights_are_refused_with_the_safe_way(home):
    folder = tiny_model(home.models / "old").folder
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(NoSafetensors, match=r"'old' has no \.safetensors file, only pytorch_model\.bin.*save_pretrained"):
        find("old", home)


@pytest.mark.parametrize(("missing", "named"), [("config.json", "config.json"), ("tokenizer.json", "tokenizer")])
def test_a_missing_file_is_named(home, missing, named):
    folder = tiny_model(home.models / "half").folder
    (folder / missing).unlink()
    with pytest.raises(ModelIncomplete, match=named):
        find("half", home)


def test_weights_that_were_cut_off_are_refused(home):
    folder = tiny_model(home.models / "torn").folder
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ModelIncomplete, match="cut off"):
        load_base(folder)


def test_a_part_that_the_index_names_is_missed(home):
    folder = tiny_model(home.models / "parts").folder
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model.safetensors"}})
    )
    with pytest.raises(ModelIncomplete, match="model-00001-of-00002"):
        find("parts", home)


def test_code_in_a_model_s_folder_is_never_run(home):
    folder = tiny_model(home.models / "coded").folder
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(
        json.dumps({**config, "model_type": "mine", "auto_map": {"AutoConfig": "mine.Mine", "AutoModelForCausalLM": "mine.Model"}})
    )
    (folder / "mine.py").write_text(f"open({str(folder / 'ran')!r}, 'w')")
    with pytest.raises(UnknownArchitecture, match="'mine'"):
        load_base(folder)
    assert not (folder / "ran").exists()


def test_a_model_without_a_chat_template_was_never_taught_to_answer(home):
    folder = tiny_model(home.models / "raw").folder
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(NoChatTemplate, match="-Instruct"):
        load_tokenizer(folder)


def test_a_folder_is_copied_in_without_what_does_not_belong(home, tmp_path):
    folder = tiny_model(tmp_path / "mine").folder
    (folder / "modeling_mine.py").write_text("")
    (folder / "pytorch_model.bin").write_bytes(b"x")
    found = add(folder, home)
    assert not {file.name for file in found.folder.iterdir()} & {"modeling_mine.py", "pytorch_model.bin"}
    load_base(found.folder)
    with pytest.raises(ModelHereAlready):
        add(folder, home)


@pytest.mark.parametrize("name", ["../home", "nothing", "a/b", ".hidden", ""])
def test_a_name_that_is_no_model_here_opens_nothing(home, name):
    with pytest.raises(ModelNotHere):
        find(name, home)


def test_the_catalogue_is_whole():
    known = catalogue().model
    assert len({one.name for one in known}) == len(known) >= 10
    for one in known:
        assert one.hub_id.endswith(one.name)
        assert memory_of_entry(one, "lora") < memory_of_entry(one, "full")
        assert 1.5 < one.download_bytes / one.parameters < 3
        assert one.licence_words
        assert one.languages
    with pytest.raises(NotInCatalogue, match="SmolLM2-135M-Instruct"):
        entry("GPT-5")


@pytest.mark.parametrize("task", ["generation", "summarisation"])
def test_the_starter_is_never_offered_for_writing(home, task):
    small = shape_of(tiny_model(home.models / "tiny"))
    advice = advise_model(task, small)
    assert not advice.suited
    assert advice.better is not None
    assert task in advice.better.good_for
    for told in (advice.better.name, advice.better.licence, "GB", "not measured"):
        assert told in str(advice.said)
    assert "about 12 minutes" in str(advise_model(task, small, minutes=12).said)
    assert advise_model("classification", small).suited


def test_every_refusal_is_one_whole_sentence():
    for kind in (
        NoSafetensors(name="a", instead=""),
        ModelIncomplete(name="a", missing="x"),
        UnknownArchitecture(name="a", kind="b"),
        NoChatTemplate(name="a"),
    ):
        assert isinstance(kind, UserError)
        assert "{" not in str(kind)
