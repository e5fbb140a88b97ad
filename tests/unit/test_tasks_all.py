"""What holds for every task in the folder, and what holds for each of them."""

import json
import re
from os.path import commonprefix

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.evaluation.metrics.about import metrics
from core.tasks.base import Task, Turn, UnknownTask, task, tasks
from core.tasks.extraction import fields_of, said_in
from core.tasks.overlap import Words, rouge_l

CHAT = (Turn(role="system", content="Be brief."), Turn(role="user", content="Where is it?"), Turn(role="assistant", content="card_arrival"))
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy
NAMES = ("top_up_failed", "card-arrival", "lost card", "A-1", "-1", "perché_no", "x")


def test_there_are_four_tasks_with_plain_words() -> None:
    assert list(tasks()) == ["classification", "extraction", "generation", "summarisation"]
    for found in tasks().values():
        assert found.label
        assert found.explanation.endswith(".")


def test_an_unknown_task_lists_the_known_ones() -> None:
    with pytest.raises(UnknownTask, match="classification"):
        task("guess")


@pytest.mark.parametrize("found", tasks().values(), ids=lambda found: found.name)
def test_every_metric_of_a_task_ships(found: Task) -> None:
    assert set(found.metrics) <= metrics().keys()
    assert found.headline_metric in found.metrics


@pytest.mark.parametrize("found", tasks().values(), ids=lambda found: found.name)
def test_a_prompt_never_shows_the_answer(found: Task) -> None:
    for prompt in (found.prompt_turns(CHAT), found.zero_shot_turns(CHAT, None), found.prompt_turns(CHAT[:2])):
        assert [turn.role for turn in prompt] == ["system", "user"]
        assert "arrival" not in "".join(turn.content for turn in prompt)
        assert prompt[1].content.endswith("Where is it?")


@pytest.mark.parametrize("found", tasks().values(), ids=lambda found: found.name)
@pytest.mark.parametrize("answer", ['{"a":"b"}', "some words", "card_arrival"])
def test_the_right_answer_scores_fully_and_survives_the_way_there_and_back(found: Task, answer: str) -> None:
    assert found.restore(found.target(answer), [answer]) == answer
    if found.name != "extraction" or answer.startswith("{"):
        assert found.score(answer, answer) == 1
    assert found.score("", answer) == 0


class TestClassification:
    found = task("classification")

    @pytest.mark.parametrize(
        ("label", "words"), [("card_arrival", "card arrival"), ("top-up", "top up"), ("lost card", "lost card"), ("A_b c", "A_b c")]
    )
    def test_labels_are_written_as_words(self, label: str, words: str) -> None:
        assert self.found.target(label) == words

    @pytest.mark.parametrize("label", ["-1", "2-3", "_x_", "__", "10_20"])
    def test_signs_and_numbers_stay(self, label: str) -> None:
        assert self.found.target(label) == label

    @pytest.mark.parametrize("labels", [("top_up", "top-up", "x_y"), ("card arrival", "card_arrival")])
    def test_labels_that_would_read_alike_stay_as_written(self, labels: tuple[str, ...]) -> None:
        knowing = self.found.knowing(labels)
        assert [knowing.target(label) for label in labels] == list(labels)
        assert knowing.knowing(labels).target("top_up") == "top_up"
        assert list(tasks()).count("classification") == 1, "the form that keeps labels as written is no task of its own"

    @CALM
    @given(st.lists(st.one_of(st.sampled_from(NAMES), st.text(alphabet="ab_- é1", min_size=1, max_size=5)), min_size=1, max_size=8))
    def test_every_known_label_comes_back_from_its_target(self, labels: list[str]) -> None:
        labels = [label for label in labels if label.strip()]
        knowing = self.found.knowing(labels)
        assert [knowing.restore(knowing.target(label), labels) for label in labels] == [label.strip() for label in labels]

    def test_case_is_forgiven_only_where_one_label_is_meant(self) -> None:
        assert self.found.restore(" Card Arrival\n", ["card_arrival"]) == "card_arrival"
        assert self.found.restore("IT", ["it", "It"]) == "IT"

    def test_what_is_no_category_stays_and_is_wrong(self) -> None:
        assert self.found.restore("I do not know", ["card_arrival"]) == "I do not know"

    def test_answers_are_held_to_the_known_labels(self) -> None:
        constraint = self.found.constraint(["b_c", "a", "b_c", " "])
        assert constraint is not None
        assert constraint.choices == ("a", "b c")
        assert self.found.constraint([]) is None

    def test_a_base_model_is_told_the_labels_where_they_fit(self) -> None:
        few = self.found.zero_shot_turns(CHAT, self.found.constraint(["card_arrival", "lost_card"]))
        assert "card arrival; lost card" in few[1].content
        many = self.found.zero_shot_turns(CHAT, self.found.constraint([f"category_number_{i}" for i in range(999)]))
        assert "category number" not in many[1].content


FIELDS = st.dictionaries(st.sampled_from(["date", "time", 'a "b"', "città"]), st.one_of(st.text(), st.none(), st.integers(), st.booleans()))


class TestExtraction:
    found = task("extraction")

    def test_answers_are_compact_and_in_one_order(self) -> None:
        assert self.found.target(' {"time": "6 pm", "date" : null, "a": "è"}') == '{"a":"è","time":"6 pm"}'

    def test_what_is_no_form_stays(self) -> None:
        assert self.found.target(" none ") == "none"
        assert fields_of("[1]") is None
        assert fields_of("[" * 100_000) is None

    @CALM
    @given(FIELDS)
    def test_a_target_is_its_own_target_and_says_the_same(self, fields: dict[str, object]) -> None:
        target = self.found.target(json.dumps(fields))
        assert self.found.target(target) == target
        assert said_in(target) == said_in(json.dumps(fields))

    @CALM
    @given(st.lists(FIELDS, min_size=1, max_size=6))
    def test_the_pattern_lets_every_known_answer_through(self, rows: list[dict[str, object]]) -> None:
        answers = [json.dumps(row) for row in rows]
        knowing = self.found.knowing(answers)
        constraint = knowing.constraint(answers)
        if constraint is None:
            assert not any(fields_of(answer) for answer in answers)
            return
        pattern = re.compile(constraint.regex or "")
        assert all(pattern.fullmatch(knowing.target(answer)) for answer in answers)
        assert [said_in(knowing.restore(knowing.target(answer), answers)) for answer in answers] == [said_in(answer) for answer in answers]

    def test_not_there_is_an_answer_of_its_own_that_is_learned_and_not_stored(self) -> None:
        answers = ['{"date":"x"}', '{"time":"y","date":"z"}', "{}"]
        knowing = self.found.knowing(answers)
        assert [knowing.target(answer) for answer in answers] == ['{"date":"x","time":null}', '{"date":"z","time":"y"}', '{"date":null,"time":null}']
        assert knowing.restore('{"date":null,"time":"y"}', answers) == '{"time":"y"}'
        assert knowing.knowing(['{"who":"a"}']) is knowing

    def test_what_a_form_writes_by_itself_is_certain_and_its_values_are_not(self) -> None:
        answers = ['{"a":"x, \\"b\\":","b":12,"c":["y","z"]}', '{"b":3}']
        knowing = self.found.knowing(answers)
        for answer in answers:
            target, at, values = knowing.target(answer), 0, []
            for start, end in knowing.certain(target):
                values.append(target[at:start])
                at = end
            assert at == len(target)
            assert [json.loads(value) for value in values[1:]] == list(json.loads(target).values())
            assert values[0] == ""
        assert knowing.certain("no form") == ()
        assert self.found.certain(answers[0]) == (), "without a form nothing is certain"
        assert self.found.knowing([json.dumps({f"f{n:02}": "x" for n in range(20)})]).certain('{"f01":"x"}') == (), "here a name is a choice"

    def test_of_an_answer_that_breaks_off_the_whole_fields_are_kept(self) -> None:
        answers = ['{"a":"x","b":1,"c":["y"]}']
        knowing = self.found.knowing(answers)
        assert knowing.restore('{"a":"one","b":null,"c":["tw', answers) == '{"a":"one"}'
        assert knowing.restore('{"a":"one","b":12', answers) == '{"a":"one"}', "the number may have gone on"
        assert knowing.restore("no form", answers) == "no form"
        many = [json.dumps({f"f{n:02}": "x" for n in range(20)})]
        for asked, begun in ((knowing, '{"a":"on'), (self.found.knowing(many), '{"f01":"x","f02":"')):
            assert asked.restore(begun, ()) == begun, "it says nothing, not that nothing is there"
            assert asked.score(begun, "{}") == 0

    def test_an_answer_may_be_as_long_as_the_form_allows(self) -> None:
        knowing = self.found.knowing(['{"a":"' + "x" * 300 + '"}'])
        assert knowing.max_new_tokens > 600

    def test_the_pattern_keeps_out_what_was_never_seen(self) -> None:
        constraint = self.found.constraint(['{"date":"x"}', '{"time":"y","date":"z"}'])
        assert constraint is not None
        assert constraint.fields == ("date", "time")
        pattern = re.compile(constraint.regex or "")
        for text in ('{"time":"a","date":"b"}', '{"who":"a"}', '{ "date":"a","time":null}', '{"date":"a","time":null', '{"date":"a"}', "{}", "",
                     '{"date":1,"time":null}', '{"date":["a"],"time":null}', '{"date":true,"time":null}', '{"date":"a","time":null}x'):  # fmt: skip
            assert not pattern.fullmatch(text)
        for text in ('{"date":null,"time":null}', '{"date":"a \\"b\\"","time":"ü"}', '{"date":null,"time":"b"}'):
            assert pattern.fullmatch(text)

    def test_with_many_fields_what_is_not_there_is_left_out(self) -> None:
        answers = [json.dumps({f"f{n:02}": "x" for n in range(20)}), '{"f03":"y"}']
        knowing = self.found.knowing(answers)
        constraint = knowing.constraint(answers)
        assert constraint is not None
        assert knowing.target(answers[1]) == answers[1]
        for text in ("{}", '{"f03":"y"}', '{"f01":null,"f19":"z"}'):
            assert re.fullmatch(constraint.regex or "", text)

    @pytest.mark.parametrize(
        ("known", "allowed", "kept_out"),
        [
            ({"names": ["a", "b"]}, ['["x"]', '["x","y"]', "null"], ['"x"', "[]", "[1]", '["x", "y"]']),
            ({"amount": 12.5}, ["3", "-0.25", "1e5", "null"], ['"3"', "01", "true", "NaN"]),
            ({"urgent": True}, ["true", "false", "null"], ["1", '"yes"']),
        ],
    )
    def test_a_field_holds_what_it_held_in_training(self, known: dict[str, object], allowed: list[str], kept_out: list[str]) -> None:
        constraint = self.found.constraint([json.dumps(known)])
        assert constraint is not None
        (name,) = known
        assert [value for value in allowed if not re.fullmatch(constraint.regex or "", f'{{"{name}":{value}}}')] == []
        assert [value for value in kept_out if re.fullmatch(constraint.regex or "", f'{{"{name}":{value}}}')] == []

    @CALM
    @given(st.lists(FIELDS, min_size=1, max_size=4))
    def test_what_is_taken_over_without_asking_is_what_every_known_answer_says_there(self, rows: list[dict[str, object]]) -> None:
        answers = [json.dumps(row) for row in rows]
        constraint = self.found.knowing(answers).constraint(answers)
        for answer in answers if constraint is not None else ():
            target = self.found.knowing(answers).target(answer)
            for at in range(len(target)):
                assert constraint is not None
                assert constraint.form is not None
                ahead = constraint.form.ahead(target[:at])
                assert target.startswith(commonprefix(ahead)) if ahead else True

    @pytest.mark.parametrize("answers", [["no form"], ['{"a":{"b":1}}'], [], ["{}"], ['{"a":NaN}']])
    def test_no_pattern_where_it_would_be_wrong(self, answers: list[str]) -> None:
        assert self.found.constraint(answers) is None

    def test_the_score_counts_fields(self) -> None:
        wanted = '{"a":"x","b":"y"}'
        assert self.found.score('{"a":"x"}', wanted) == pytest.approx(2 / 3)
        assert self.found.score('{"a":"x","b":"y","c":"z"}', wanted) == pytest.approx(4 / 5)
        assert self.found.score("{}", '{"a":null}') == 1
        assert self.found.score("nothing", "{}") == 0

    def test_a_base_model_is_told_the_fields(self) -> None:
        turns = self.found.zero_shot_turns(CHAT, self.found.constraint(['{"date":"x"}']))
        assert "date" in turns[1].content


class TestOverlap:
    def test_letters_beyond_ascii_are_kept_and_others_count_by_character(self) -> None:
        assert Words().tokenize("Perché_no, 3€ 東京") == ["perché", "no", "3", "東", "京"]

    @CALM
    @given(st.text(st.characters(max_codepoint=127)))
    def test_ascii_words_are_rouge_scores_own(self, text: str) -> None:
        from rouge_score.tokenize import tokenize

        assert Words().tokenize(text) == tokenize(text, None)

    def test_two_texts_without_words_are_equal(self) -> None:
        assert rouge_l("!", "...") == 1
        assert rouge_l("a", "...") == 0
