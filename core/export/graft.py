"""What a method learned beside a model's weights, put into the exported graph of its base: the passages of bottleneck adapters behind their blocks."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from core.export.steps import ExportFailed
from core.methods.base import Graft, method
from core.models.reference import ModelReference

if TYPE_CHECKING:
    import numpy
    import onnx

MODEL_FILE = "model.onnx"
_DOING = "putting what was learned into the ONNX model"
_LAST = {"attention": "attn/o_proj", "feed_forward": "mlp/down_proj"}  # the layer that a block ends with, as the model builder names it


class GraftRequest(BaseModel):
    """`package` holds the base's graph and gets the grafts of `model`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: ModelReference
    package: Path


def main(values: dict[str, Any]) -> None:
    """A step. The base's weights, which lie in a file of their own, are neither read nor written. Raises ExportFailed."""
    import onnx

    request = GraftRequest.model_validate(values)
    file = request.package / MODEL_FILE
    model = onnx.load(file, load_external_data=False)
    put_in(model.graph, method(request.model.method).grafts(request.model.folder))
    onnx.save(model, file)


def put_in(graph: "onnx.GraphProto", grafts: Sequence[Graft]) -> None:
    """In place. Raises ExportFailed where a block is not found, since a graph without its graft would answer as the base."""
    for graft in grafts:
        prefix = f"/model/layers.{graft.layer}/{_LAST[graft.block]}/"
        out = _end_of(graph, prefix)
        name = f"/model/layers.{graft.layer}/{graft.block}_bottleneck"
        for node in graph.node:
            for place, given in enumerate(node.input):
                if given == out and not node.name.startswith(prefix):
                    node.input[place] = f"{name}/output_0"
        _insert(graph, graft, name, out)


def _end_of(graph: "onnx.GraphProto", prefix: str) -> str:
    """What the block gives: the one output of its last layer (a product, or a sum where it has a bias) that others read."""
    inside = [node for node in graph.node if node.name.startswith(prefix)]
    read = {given for node in graph.node if not node.name.startswith(prefix) for given in node.input}
    ends = [given for node in inside for given in node.output if given in read]
    if len(ends) != 1:
        raise ExportFailed(step=_DOING, why=f"the graph has {len(ends)} ends of {prefix.strip('/')}")
    return ends[0]


def _insert(graph: "onnx.GraphProto", graft: Graft, name: str, out: str) -> None:
    """out + up(middle(down(out))), behind the node that gives `out`."""
    from onnx import helper

    down = _dense(graph, f"{name}/down", out, graft.down, graft.down_bias)
    bent, middle = _middle(graft.middle, f"{name}/middle", f"{name}/down/output_0")
    up = _dense(graph, f"{name}/up", bent, graft.up, graft.up_bias)
    added = helper.make_node("Add", [out, f"{name}/up/output_0"], [f"{name}/output_0"], f"{name}/Add")
    behind = next(number for number, node in enumerate(graph.node) if out in node.output) + 1
    for number, node in enumerate([*down, *middle, *up, added]):
        graph.node.insert(behind + number, node)


def _dense(graph: "onnx.GraphProto", name: str, given: str, weight: "numpy.ndarray", bias: "numpy.ndarray") -> list["onnx.NodeProto"]:
    """Gives `name`/output_0. The numbers take the kind that the graph computes in."""
    from onnx import helper, numpy_helper

    kind = helper.tensor_dtype_to_np_dtype(_kind(graph))
    for part, values in (("weight", weight.T), ("bias", bias)):
        graph.initializer.append(numpy_helper.from_array(values.astype(kind).copy(), f"{name}/{part}"))
    return [
        helper.make_node("MatMul", [given, f"{name}/weight"], [f"{name}/product"], f"{name}/MatMul"),
        helper.make_node("Add", [f"{name}/product", f"{name}/bias"], [f"{name}/output_0"], f"{name}/Add"),
    ]


def _middle(kind: str, name: str, given: str) -> tuple[str, list["onnx.NodeProto"]]:
    """The name of what it gives, and its nodes."""
    from onnx import helper

    out = f"{name}/output_0"
    if kind == "silu":
        sigmoid = helper.make_node("Sigmoid", [given], [f"{name}/sigmoid"], f"{name}/Sigmoid")
        return out, [sigmoid, helper.make_node("Mul", [given, f"{name}/sigmoid"], [out], f"{name}/Mul")]
    if kind == "gelu":  # exact, as torch's; the builder's graphs know Microsoft's operators anyway
        return out, [helper.make_node("Gelu", [given], [out], f"{name}/Gelu", domain="com.microsoft")]
    return out, [helper.make_node({"relu": "Relu", "tanh": "Tanh"}[kind], [given], [out], f"{name}/{kind}")]


def _kind(graph: "onnx.GraphProto") -> int:
    """float32 or float16: that of the logits."""
    return next(int(out.type.tensor_type.elem_type) for out in graph.output if out.name == "logits")
