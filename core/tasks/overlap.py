"""How much of one text stands in another: ROUGE-L's F value (Lin 2004), counted by rouge-score on words of any script."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rouge_score.rouge_scorer import RougeScorer

# rouge-score's own tokenizer drops every letter outside a-z: 'perché' would be 'perch'. On ASCII text this one gives the same words.
# Scripts without spaces (Chinese, Japanese, Thai) count by character.
_WORD = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]|[^\W_\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]+")


class Words:
    """A tokenizer as rouge-score takes one."""

    def tokenize(self, text: str) -> list[str]:
        return _WORD.findall(text.lower())


def rouge_l_scorer() -> "RougeScorer":
    from rouge_score.rouge_scorer import RougeScorer  # nltk comes with it

    return RougeScorer(["rougeL"], tokenizer=Words())


def rouge_l(answer: str, reference: str) -> float:
    """From 0 to 1. Two texts without any word are equal: 1."""
    words = Words()
    if not words.tokenize(reference) and not words.tokenize(answer):
        return 1.0
    return float(rouge_l_scorer().score(reference, answer)["rougeL"].fmeasure)
