"""A trie over the tokens of the allowed answers, so that a model can only write one of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass
class Node:
    """`children` by token, in the order of the answers; `answer` is the number of the answer that ends here."""

    children: dict[int, "Node"] = field(default_factory=dict)
    answer: int | None = None


def trie(answers: Iterable[Sequence[int]]) -> Node:
    """Two answers with the same tokens count as the first of them."""
    root = Node()
    for number, ids in enumerate(answers):
        node = root
        for token in ids:
            node = node.children.setdefault(token, Node())
        if node.answer is None:
            node.answer = number
    return root


def forced(node: Node) -> tuple[list[int], Node]:
    """The tokens that follow without a choice, and where they lead: a node with several children, or one where an answer ends."""
    run: list[int] = []
    while len(node.children) == 1 and node.answer is None:
        ((token, node),) = node.children.items()
        run.append(token)
    return run, node
