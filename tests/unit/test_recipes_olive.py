"""What Olive's users bring becomes a recipe, and nothing of it gets lost in silence."""

import argparse
import contextlib
import dataclasses
import json
import shlex
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.actions.recipes import NothingBrought
from core.actions.registry import Context, perform
from core.data.layout import Layout
from core.errors import UserError
from core.home import Home
from core.training.command import train_command
from core.training.olive import FINETUNE, NotOlive, OliveUnreadable, from_command, from_configuration, is_command
from core.training.olive_data import plan_of, slice_of
from core.training.olive_options import FIELDS, METHOD_OPTIONS
from core.training.olive_words import PREFIXES, REASONS, REASONS_SAID
from core.training.recipe import Recipe
from core.workshop import Workshop
from storage.rows import LOCAL_OWNER

# The form of Olive's documentation for `olive finetune`.
DOCUMENTED = r"""olive finetune \
    --method lora \
    --model_name_or_path meta-llama/Llama-3.2-1B-Instruct \
    --trust_remote_code \
    --output_path models/llama/ft \
    --data_name xxyyzzz/phrase_classification \
    --text_template "<|start_header_id|>user<|end_header_id|>\n{phrase}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n{tone}" \
    --train_split train[:4096] \
    --eval_split 'train[4096:4224]' \
    --max_steps 150 --eval_steps 50 \
    --gradient_checkpointing False \
    --per_device_train_batch_size 4 --learning_rate=1e-4 \
    --lora_r 8 --lora_alpha 32 --target_modules q_proj,v_proj \
    --log_level 1
"""
CONFIGURATION = {
    "input_model": {"type": "HfModel", "model_path": "HuggingFaceTB/SmolLM2-135M-Instruct", "load_kwargs": {"trust_remote_code": True}},
    "systems": {"local_system": {"type": "LocalSystem", "accelerators": [{"device": "gpu"}]}},
    "data_configs": [
        {
            "name": "train_data",
            "type": "HuggingfaceContainer",
            "user_script": "mine.py",
            "load_dataset_config": {"params": {"data_name": "json", "data_files": ["data/train.jsonl"], "split": "train[:80%]"}},
            "pre_process_data_config": {"text_template": "### Question: {prompt} \n### Answer: {response}", "strategy": "line-by-line", "max_seq_len": 512},
        },
        {"name": "eval_data", "type": "HuggingfaceContainer", "load_dataset_config": {"data_name": "json", "data_files": ["data/train.jsonl"], "split": "train[80%:]"}},
    ],
    "passes": {
        "f": {
            "type": "LoRA", "r": 16, "alpha": 32, "lora_dropout": 0.1, "train_data_config": "train_data", "eval_data_config": "eval_data",
            "training_args": {"learning_rate": 5e-5, "max_steps": 200, "eval_steps": 20, "optim": "paged_adamw_32bit", "warmup_ratio": 0.1, "lr_scheduler_type": "cosine"},
        },
        "o": {"type": "ModelBuilder", "precision": "int4"},
    },
    "output_dir": "out",
}  # fmt: skip


def olive_parser() -> argparse.ArgumentParser:
    from olive.cli.finetune import FineTuneCommand

    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    FineTuneCommand.register_subcommand(commands)
    return commands.choices["finetune"]


def reasons(brought):
    return {one.option: str(one.why) for one in brought.no_counterpart}


def test_every_option_of_the_installed_olive_finetune_is_mapped_or_listed():
    taken = {*FIELDS, *METHOD_OPTIONS, "method", "model_path", "task", "data_name", "data_files", "split", "eval_split", "text_template", "text_cols",
             "chat_template", "torch_dtype", "max_samples"}  # fmt: skip
    for act in olive_parser()._actions:
        name = max((one.lstrip("-") for one in act.option_strings), key=len)
        assert name in FINETUNE, name
        key = FINETUNE[name].removeprefix("eval_") if name == "eval_subset" else FINETUNE[name]
        assert key in taken or key in REASONS, name


def test_every_training_argument_of_the_installed_trainer_is_mapped_or_listed_with_its_reason():
    from transformers import TrainingArguments

    handled = {"eval_steps", "eval_strategy", "lr_scheduler_type", "warmup_ratio", "warmup_steps", "optim"}
    for one in dataclasses.fields(TrainingArguments):
        if one.init and one.name not in handled | FIELDS.keys():
            brought = from_command(f"olive finetune --{one.name} weird")
            assert f"--{one.name}" in reasons(brought), one.name
            assert reasons(brought)[f"--{one.name}"] != REASONS_SAID["olive.unknown"], one.name


def test_the_documented_command_becomes_a_recipe_with_all_that_it_says():
    brought = from_command(DOCUMENTED)
    made = brought.recipe("classification", "starter")
    assert (made.method, made.max_steps, made.evaluations, made.per_device_train_batch_size, made.learning_rate) == ("lora", 150, 3, 4, 1e-4)
    assert {"r": 8, "lora_alpha": 32, "target_modules": ["q_proj", "v_proj"]}.items() <= made.method_options.items()
    assert made.activation_checkpointing is False
    assert made.layout == Layout(
        text_template="<|start_header_id|>user<|end_header_id|>\n{question}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n{answer}"
    )
    assert brought.columns == {"question": "phrase", "answer": "tone"}
    assert brought.base_model == "meta-llama/Llama-3.2-1B-Instruct"
    assert [(one.part, one.start, one.stop) for one in brought.splits] == [("train", None, "4096"), ("eval", "4096", "4224")]
    assert reasons(brought).keys() == {"--trust_remote_code", "--output_path", "--log_level"}


def test_what_was_not_said_has_olives_own_defaults_and_that_is_said():
    brought = from_command("olive finetune -m starter -d data.jsonl")
    made = brought.recipe("generation", "starter")
    assert (made.method_options["r"], made.method_options["lora_alpha"], made.method_options["lora_dropout"]) == (64, 16, 0.05)
    assert (made.learning_rate, made.num_train_epochs, made.seed, made.max_length) == (2e-4, 3, 42, 1024)
    assert (made.lr_scheduler_type, made.warmup_ratio, made.activation_checkpointing) == ("constant_with_warmup", 0.0, True)
    assert any("learning_rate" in str(note) for note in brought.notes)


def test_the_defaults_are_those_of_the_installed_olive():
    from olive.passes.pytorch.lora import HFTrainingArguments

    given = {act.dest: act.default for act in olive_parser()._actions}
    assert (given["lora_r"], given["lora_alpha"], given["max_seq_len"], given["max_samples"], given["method"]) == (64, 16, 1024, 256, "lora")
    own = HFTrainingArguments()
    assert (own.learning_rate, own.lr_scheduler_type, own.gradient_checkpointing) == (2e-4, "constant", True)


def test_a_configuration_becomes_a_recipe_and_the_rest_is_listed():
    brought = from_configuration(json.dumps(CONFIGURATION))
    made = brought.recipe("generation", "starter")
    assert (made.method_options["r"], made.method_options["lora_alpha"], made.method_options["lora_dropout"]) == (16, 32, 0.1)
    assert (made.max_steps, made.evaluations, made.warmup_ratio, made.lr_scheduler_type, made.max_length) == (200, 10, 0.1, "cosine", 512)
    assert (brought.data, brought.split and brought.split.validation_share) == (("data/train.jsonl",), 0.2)
    listed = reasons(brought)
    for option in ("systems", "output_dir", "passes.o", "training_args.optim", "train_data.user_script", "input_model.trust_remote_code",
                   "train_data.pre_process_data_config.strategy"):  # fmt: skip
        assert option in listed, option


def test_other_ways_of_writing_validation_rows_are_listed_and_the_same_are_not():
    train, check = CONFIGURATION["data_configs"]
    ways = {**train["pre_process_data_config"], "max_seq_len": 64}
    changed = {**CONFIGURATION, "data_configs": [train, {**check, "pre_process_data_config": ways}]}
    assert [name for name in reasons(from_configuration(changed)) if name.startswith("eval_data.pre")] == [
        "eval_data.pre_process_data_config.max_seq_len"
    ]


def test_a_configuration_in_yaml_is_the_same_as_in_json():
    import yaml

    assert from_configuration(yaml.safe_dump(CONFIGURATION, sort_keys=False)) == from_configuration(CONFIGURATION)


@pytest.mark.parametrize(
    "text",
    [
        "olive finetune --lora_r 8 --seed 7 -m starter",
        "$ olive finetune \\\n  --lora_r 8 \\\n  --seed=7 -m starter",
        "olive finetune ^\r\n  --lora_r 8 ^\r\n  --seed 7 -m starter",
        "CUDA_VISIBLE_DEVICES=0 olive finetune lora_r=8 seed=7 -m starter",
        "python -m olive finetune --lora-r '8' --seed \"7\" --model_name starter",
        "!olive finetune --lora_r 8 --seed 7 -m starter",
    ],
)
def test_a_command_reads_the_same_however_it_is_written(text):
    assert is_command(text)
    brought = from_command(text)
    assert (brought.fields["method_options"]["r"], brought.fields["seed"], brought.base_model) == (8, 7, "starter")
    assert brought.no_counterpart == ()


def test_a_path_of_windows_keeps_its_backslashes():
    assert from_command(r"olive finetune -m C:\models\smol --data_files C:\data\train.jsonl").data == (r"C:\data\train.jsonl",)


def test_unknown_options_stray_words_values_out_of_range_and_further_commands_are_listed():
    listed = reasons(from_command("olive finetune --wonder 3 --learning_rate 7 --lora_r none --seed 1 --seed 2 -m a b && rm -rf /"))
    assert listed.keys() == {"--wonder", "--learning_rate", "--lora_r", "--seed", "b", "…"}
    assert listed["--wonder"] == REASONS_SAID["olive.unknown"]


def test_a_template_without_question_and_answer_is_listed_and_others_keep_their_columns():
    assert "--text_template" in reasons(from_command("olive finetune --text_template '{text}'"))
    assert "--text_template" in reasons(from_command("olive finetune --text_template 'open {brace'"))
    found = from_command("olive finetune --text_template '{context} Q: {instruction} {{x}} A: {output}'")
    assert found.layout == Layout(text_template="{context} Q: {question} {{x}} A: {answer}")
    assert found.columns == {"question": "instruction", "answer": "output"}


@pytest.mark.parametrize(
    ("train", "check", "share"),
    [("train[:90%]", "train[90%:]", 0.1), ("train[20%:]", "train[:20%]", 0.2), ("train[:90%]", "test", None), ("train[:50%]", "train[40%:60%]", None),
     ("train[:4096]", "train[4096:]", None)],
)  # fmt: skip
def test_slices_that_are_shares_become_a_split(train, check, share):
    plan = plan_of([slice_of("train", train), slice_of("eval", check)])
    assert (plan.validation_share if plan else None) == share


def test_evaluations_come_from_steps_where_the_rows_are_known():
    text = "olive finetune --num_train_epochs 2 --per_device_train_batch_size 10 --eval_steps 20"
    assert "--eval_steps" in reasons(from_command(text))
    assert from_command(text, rows=1000).fields["evaluations"] == 10
    assert from_command(text + " --eval_strategy epoch").fields["evaluations"] == 2


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("olive finetune --text_template 'open", OliveUnreadable),
        ("olive run --config x.json", NotOlive),
        ("olive quantize -m x", NotOlive),
        ("olive", NotOlive),
        ("hello", NotOlive),
    ],
)
def test_what_is_no_finetuning_is_said_in_a_sentence(text, error):
    with pytest.raises(error):
        from_command(text)


@pytest.mark.parametrize(
    "text",
    ["[" * 5000, "{" * 5000, "a: &a [1]\nb: *a", "{}", "passes: {f: {type: OnnxConversion}}", '{"passes": 3}', "- 1", "2001-99-99", '{"a": "\\ud800"}',
     "!!python/object/apply:os.system ['true']", "\t", "x" * 300_000],
)  # fmt: skip
def test_hostile_or_empty_configurations_are_refused_in_a_sentence(text):
    with pytest.raises((OliveUnreadable, NotOlive)):
        from_configuration(text)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200), st.sampled_from(["", "olive finetune ", "olive finetune --text_template ", "olive finetune --max_steps 3 --"]))
def test_any_text_is_read_or_refused_in_a_sentence(text, before):
    for read in (from_command, from_configuration):
        try:
            made = read(before + text).recipe("generation", "starter")
        except UserError:
            continue
        assert Recipe.from_toml(made.to_toml()) == made


_LEAF = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8)
_JSON = st.recursive(_LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=8)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["type", "r", "alpha", "train_data_config", "training_args", "config", "target_modules"]), _JSON), _JSON, _JSON
)
def test_any_configuration_is_read_or_refused_in_a_sentence(made, data, model):
    with contextlib.suppress(UserError):
        from_configuration({"passes": {"f": {"train_data_config": data, **made, "type": "LoRA"}}, "data_configs": data, "input_model": model})


def test_a_command_holds_exactly_its_recipe():
    made = from_command(DOCUMENTED).recipe("classification", "it's")
    words = shlex.split(train_command("My project", made))
    assert words[:5] == ["bottega", "train", "--project", "My project", "--recipe"]
    assert Recipe.from_toml(words[5]) == made


def test_an_old_recipe_without_the_new_fields_still_loads():
    old = Recipe.from_toml('task = "classification"\nlearning_rate = 0.001')
    assert (old.max_steps, old.activation_checkpointing) == (None, False)
    assert "max_steps" not in tomllib.loads(old.to_toml())


def test_all_reasons_have_words():
    assert {*REASONS.values(), *PREFIXES.values()} <= REASONS_SAID.keys()


def test_recipes_come_and_go_through_the_actions(tmp_path):
    with Workshop.open(Home(tmp_path / "home").prepare()) as workshop:
        context = Context(workshop, LOCAL_OWNER)
        project = perform(context, "create-project", {"name": "Tone"})
        card = perform(context, "import-recipe", {"text": DOCUMENTED, "project": project.id, "base_model": "starter"})
        assert card.command.startswith("bottega train --project Tone --recipe ")
        assert perform(context, "import-recipe", {"text": card.toml}).recipe == card.recipe
        assert perform(context, "export-recipe", {"recipe": card.toml}).toml == card.toml
        named = perform(context, "import-recipe", {"text": json.dumps(CONFIGURATION)})
        assert (named.recipe.base_model, named.blocked is None) == ("SmolLM2-135M-Instruct", False)
        file = tmp_path / "olive.yaml"
        file.write_text(json.dumps(CONFIGURATION))
        upload = workshop.take_upload(LOCAL_OWNER, "olive.yaml", file)
        assert perform(context, "import-recipe", {"upload": upload.id}).kind == "configuration"
        with pytest.raises(NothingBrought):
            perform(context, "import-recipe", {"text": "  "})
