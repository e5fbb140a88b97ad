"""What an example is: the maker of a part, and a value for it."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from ui.parts.part import Option

Example = tuple[Callable[[], gr.HTML], Any]
OPTIONS = (Option("text", "text", "What the customer writes"), Option("label", "label"))
