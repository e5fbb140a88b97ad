"""What a job can meet before it has begun, or when it ended without a word: a sentence each."""

from core.errors import UserError


class UnknownKind(UserError):
    """No part of this version does such a job."""

    sentence = "This version of Bottega knows no job '{kind}'. It knows: {known}. Nothing was started."

    def __init__(self, *, kind: str, known: str) -> None:
        super().__init__(kind=kind, known=known)


class CannotResume(UserError):
    """Only a job that has ended before it was done goes on."""

    sentence = (
        "This job is {state}, so there is nothing to resume. Only a job that was paused, stopped, failed or lost can go on. Nothing was changed."
    )
    status = 409

    def __init__(self, *, state: str) -> None:
        super().__init__(state=state)


class CannotPause(UserError):
    """Only a job whose kind can go on where it was is paused, and only before it has ended."""

    sentence = "This job is {state} and cannot be paused: only a training that waits or runs can. Stop it instead; what it saved is kept. Nothing was changed."
    status = 409

    def __init__(self, *, state: str) -> None:
        super().__init__(state=state)


class NotWaiting(UserError):
    """Only what waits has a place in the queue."""

    sentence = "This job is {state} and waits for nothing, so it has no place in the queue to change. Nothing was changed."
    status = 409

    def __init__(self, *, state: str) -> None:
        super().__init__(state=state)


class JobLost(UserError):
    """The child's process is gone and it never said how it ended."""

    sentence = "The process of this job ended without a word: it was killed, the machine was switched off, or memory ran out. What it had saved is kept; resume goes on from there."

    def __init__(self) -> None:
        super().__init__()


class ChildDidNotStart(UserError):
    """The system refused a new process."""

    sentence = "The job could not be started: {why}. Close other programs and resume it from its page. Nothing was lost."
    status = 503

    def __init__(self, *, why: str) -> None:
        super().__init__(why=why)
