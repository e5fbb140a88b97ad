"""The coach: reads a run's curves and says in one sentence how it goes and, where there is one, what to do. Used by the page and the assistant.

`read` looks at the curves (look.py), asks the rules in their order (rules.py) and takes the first that speaks; where none does, it says that it is early.
What the rules can tell is shown on recorded runs whose causes were planted: tests/curves.
"""

from core.training.coach.reading import How, Proposal, Reading, read

__all__ = ["How", "Proposal", "Reading", "read"]
