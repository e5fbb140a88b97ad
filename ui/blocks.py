"""Gradio's app, with the one change that a screen of a hundred parts needs."""

import copy
from typing import Any

import gradio as gr
from gradio.blocks import BlockFunction
from gradio.state_holder import SessionState

_SKIPPED = gr.skip()


class LightBlocks(gr.Blocks):
    """What is skipped costs nothing: for each output that stays as it is Gradio makes a new component and its configuration twice, a fifth of a second for a
    whole screen, which a training beside it pays for."""

    async def postprocess_data(self, block_fn: BlockFunction, predictions: list[Any] | dict[str, Any], state: SessionState | None) -> list[Any]:
        if not isinstance(predictions, list) or len(predictions) != len(block_fn.outputs) or len(predictions) < 2:
            return await super().postprocess_data(block_fn, predictions, state)
        told = [number for number, value in enumerate(predictions) if value != _SKIPPED]
        few = copy.copy(block_fn)
        few.outputs = [block_fn.outputs[number] for number in told]
        values: list[Any] = [predictions[number] for number in told]
        made = await super().postprocess_data(few, values if len(values) != 1 else values[0], state) if told else []
        answered: list[Any] = [_SKIPPED] * len(predictions)
        for number, value in zip(told, made, strict=True):
            answered[number] = value
        return answered
