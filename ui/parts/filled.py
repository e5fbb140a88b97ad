"""A filled-in form and its text: field by field what was found, and the places of the text that it was found in."""

from dataclasses import dataclass

CSS = """
.slots{list-style:none;margin:2px 0;padding:0;max-height:none;display:grid;gap:3px}
.slots li{border:0;padding:0;display:flex;flex-wrap:wrap;gap:2px 8px;align-items:baseline}
.slots span{color:inherit;font-weight:400}
.slots .nm{font-size:13px;color:var(--soft);min-width:84px}
.slots .no{color:var(--soft)}
.slots .odd{border-bottom:2px dotted var(--warn)}
.slots li small{display:inline;color:var(--warn);font-size:13px}
mark{background:color-mix(in srgb,var(--accent) 16%,transparent);color:inherit;border-radius:4px;padding:0 3px}
mark small{display:inline;font-size:12px;color:var(--soft);margin-left:5px}
"""


@dataclass(frozen=True)
class Slot:
    """One value of a field. `kind`: '' stands in the text, 'no' it is not there, 'odd' it does not stand there (`note` says so, `term` is the field's word)."""

    name: str
    text: str
    kind: str = ""
    note: str = ""
    term: str = ""


@dataclass(frozen=True)
class Stretch:
    """A piece of the text; `field` names what was pulled out of it, '' for the text between."""

    text: str
    field: str = ""
