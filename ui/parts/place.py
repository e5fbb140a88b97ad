"""Where the server wants the person to be: it moves the address when a handler opened something. It shows nothing."""

from dataclasses import dataclass, field

import gradio as gr

from ui.parts.part import part

_SCRIPT = """
watch('value', () => {
  const wish = props.value;
  if (!wish) return;
  document.title = wish.title;
  if (wish.moves) bottega.go(wish.open, wish.how);
});
"""


@dataclass(frozen=True)
class Moves:
    """`open` are the address's parts to set (an empty one is removed); `how` is push or replace; `serial` makes each one new."""

    title: str
    serial: int
    moves: bool = False
    open: dict[str, str] = field(default_factory=dict)
    how: str = "push"


def place() -> gr.HTML:
    return part("", "", _SCRIPT)
