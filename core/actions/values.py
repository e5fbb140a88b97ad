"""Where the values that were pulled out of a text stand in it."""

from pydantic import Field

from core.actions.compare import form_names
from core.actions.registry import Context, Request, Scope, action
from core.actions.run import run_of
from core.tasks.places import Standing, Value, values_in

__all__ = ["Standing", "Value", "ValuesRequest", "values"]


class ValuesRequest(Request):
    run: str = Field(description="The training whose fields are meant.")
    question: str = Field(min_length=1, max_length=1_000_000, description="The text.")
    answer: str = Field(max_length=1_000_000, description="The fields that were pulled out of it, as JSON.")


@action("values", request=ValuesRequest, sentence="Show where each value that was pulled out stands in its text, and which do not stand there.",
        scope=Scope.READ, example={"run": "abcdefghijklm", "question": "A table for 4 at 7 pm", "answer": '{"people":"4","time":"7 pm"}'})  # fmt: skip
def values(context: Context, request: ValuesRequest) -> tuple[Value, ...]:
    """A value each, by field; empty when the run pulls out no fields or the answer holds none. Raises NotFound."""
    names = form_names(context, run_of(context, request.run))
    return values_in(request.question, request.answer, names) if names else ()
