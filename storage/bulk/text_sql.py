"""Pieces of SQL about one text of a row: what Python would say of it, said to DuckDB, which works out every side of an AND and only one of a CASE."""

_DEEPEST = 60  # brackets in a row that is taken without a look at how they nest
# What str.strip takes off, beyond which DuckDB's own trim does not go.
_BLANKS = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_LOWER = tuple((f"\\u00{code:02X}", f"\\u00{code:02x}") for code in range(32) if f"{code:02X}" != f"{code:02x}")


def question_key_of(text: str) -> str:
    """SQL with the value of question_key(folded(text)), which is slow: most texts have no white space that it would change."""
    spaced = f"contains({text}, '  ') OR starts_with({text}, ' ') OR ends_with({text}, ' ')"
    lines = f"contains({text}, chr(10)) OR contains({text}, chr(13)) OR contains({text}, chr(9))"
    blanks = f"CASE WHEN strlen({text}) <> length({text}) THEN true WHEN {spaced} THEN true ELSE {lines} END"
    # Two blanks and more become one, which is what the macro's ' +' does with far fewer places to look at.
    slow = f"trim(regexp_replace(in_one_line(folded({text})), ' {{2,}}', ' ', 'g'))"
    return f"hash(CASE WHEN {blanks} THEN {slow} ELSE lower({text}) END)"


def folded_of(question: str, answer: str) -> str:
    """What search looks into; NULL where both are ASCII, which it folds by itself."""
    ascii = f"strlen({question}) = length({question}) AND strlen(coalesce({answer}, '')) = length(coalesce({answer}, ''))"
    return f"CASE WHEN {ascii} THEN NULL ELSE folded({question}) || ' ' || folded(coalesce({answer}, '')) END"


def escaped(text: str) -> str:
    """As Python's json writes it: control characters in lower case, where DuckDB's are in upper."""
    # chr(1) cannot stand in JSON: it holds the place of an escaped backslash, so that the letters after that one are left alone.
    lower = f"replace({text}, '\\\\', chr(1))"
    for before, after in _LOWER:
        lower = f"replace({lower}, '{before}', '{after}')"
    return f"replace({lower}, chr(1), '\\\\')"


def rest_is_safe(rest: str) -> str:
    """No NaN, no number of thousands of digits, no deep nesting among the other cells."""
    long = f"CASE WHEN regexp_matches({rest}, '[0-9]{{900}}') THEN false ELSE {is_flat(rest)} END"
    return f"NOT contains({rest}, 'NaN') AND NOT contains({rest}, 'Infinity') AND CASE WHEN strlen({rest}) <= {_DEEPEST} THEN true ELSE {long} END"


def is_flat(text: str) -> str:
    return f"strlen({text}) - strlen(replace(replace({text}, '[', ''), '{{', '')) <= {_DEEPEST}"


def is_blank(text: str) -> str:
    return f"CASE WHEN unicode({text}) BETWEEN 33 AND 126 THEN false ELSE coalesce(trim({text}, {in_quotes(_BLANKS)}), '') = '' END"


def stripped(text: str) -> str:
    ends = f"unicode({text}) BETWEEN 33 AND 126 AND unicode({text}[-1]) BETWEEN 33 AND 126"
    return f"CASE WHEN {ends} THEN {text} ELSE trim({text}, {in_quotes(_BLANKS)}) END"


def in_quotes(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
