"""Hostile and broken text: tables, JSON, plain text, tagged words, and what only pretends to be text."""

import codecs
import json
from collections.abc import Iterator

from tests.unit.hostile_files import Hostile

GOOD = "text,label\n" + "".join(f"testo {n},k{n % 2}\n" for n in range(10))
LINES = [json.dumps({"question": f"q{n}", "answer": f"a{n}"}) for n in range(10)]
JSONL = "\n".join(LINES)
LIST = f"[{','.join(LINES)}]"
CANARY = "bottega-hostile-canary"  # made where the child works, if anything in a file were run


def _h(cause: str, name: str, data: bytes | str, expected: str) -> Hostile:
    return Hostile(cause, name, lambda: data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"), expected)


def table() -> Iterator[Hostile]:
    yield from _empty()
    yield from _tables()
    yield from _letters()
    yield from _lines()
    yield from _lists()
    yield from _binaries()
    yield from _cells()
    yield from _names()
    yield from _plain()


def _empty() -> Iterator[Hostile]:
    for name in ("rows.csv", "rows.jsonl", "rows.json", "rows.txt", "rows.xlsx", "rows.pdf", "rows.parquet", "rows.zip", "rows.eml"):
        yield _h("not one byte", name, b"", "EmptyFile")
    for name, data in (("blank.csv", b"\n\n \t\r\n"), ("mark.csv", codecs.BOM_UTF8), ("mark16.csv", codecs.BOM_UTF16_LE)):
        yield _h("nothing but blanks or marks", name, data, "EmptyFile")
    yield _h("only a header", "header.csv", "text,label\n", "NoRows")
    yield _h("only a header", "header.tsv", "text\tlabel", "NoRows")
    yield _h("an empty list", "empty.json", "[]", "NoRows")
    yield _h("an empty list", "blank.json", " [ \n ] ", "NoRows")


def _tables() -> Iterator[Hostile]:
    yield _h("ragged rows", "ragged.csv", GOOD + "one,two,three\n", "BadRow:ragged_row")
    yield _h("ragged rows", "short.csv", GOOD + "only\n", "BadRow:ragged_row")
    yield _h("ragged rows", "many.csv", GOOD + "a,b,c\nd\n", "BadRows:ragged_row")
    yield _h("ragged rows", "ragged.tsv", GOOD.replace(",", "\t") + "one\ttwo\tthree\n", "BadRow:ragged_row")
    yield _h("a quote never closed", "quote.csv", GOOD + '"open,k1\nmore,k0\n', "BadRow:quote_not_closed")
    yield _h("a quote never closed", "quote2.csv", GOOD + 'a,"k1\n' + GOOD, "BadRow:quote_not_closed")
    yield _h("a quote within a quoted cell", "stray.csv", GOOD + '"a "b" c",k1\n', "BadRow:quote_inside_text")
    yield _h("a NUL character", "nul.csv", GOOD * 30 + "a\0b,k1\n", "BadRow:nul_character")
    yield _h("a NUL character", "nul.jsonl", "\n".join([*LINES, '{"question": "a\\u0000", "answer": "b"}']), "BadRow:nul_character")
    yield _h("a cell of 10 MB", "huge.csv", GOOD + "x" * 10_000_000 + ",k1\n", "BadRow:line_too_long")
    yield _h("a cell of 10 MB", "huge.tsv", GOOD.replace(",", "\t") + "x" * 10_000_000 + "\tk1\n", "BadRow:line_too_long")
    yield _h("a cell over the limit", "big.csv", GOOD + "x" * 1_000_001 + ",k1\n", "BadRow:cell_too_long")
    yield _h("one line of 12 MB", "line.csv", "x" * 12_000_000, "UnreadableStart")
    yield _h("5,000 columns", "wide.csv", ",".join(f"c{n}" for n in range(5_000)) + "\n" + "," * 4_999 + "\n", "TooManyColumns")
    yield _h("5,000 columns", "wide.tsv", "\t".join(f"c{n}" for n in range(5_000)) + "\n", "TooManyColumns")
    yield _h("5,000 columns", "wide.jsonl", "\n".join([*LINES, json.dumps({f"c{n}": n for n in range(5_000)})]), "BadRow:too_many_fields")
    yield _h("a column named twice", "twice.csv", "text,label,text\na,b,c\n", "DuplicateColumns")
    yield _h("a column named twice", "twice.tsv", "text\tlabel\tlabel \na\tb\tc\n", "DuplicateColumns")
    yield _h("columns without names", "unnamed.csv", "text,label,,\n" + "".join(f"t{n},k{n % 2},,\n" for n in range(5)), "rows:5")
    yield _h("a million commas", "commas.csv", "," * 1_000_000 + "\n", "TooManyColumns")
    yield _h("empty cells", "cell.csv", GOOD + "no label,\n", "BadRow:empty_cell")
    yield _h("empty cells", "cells.csv", "text,label\n,a\n,b\n,c\n", "BadRows:empty_cell")
    yield _h("too few rows", "one.csv", "text,label\nhello,a\n", "TooFewRows")
    yield _h("all answers equal", "same.csv", "text,label\n" + "".join(f"t{n},same\n" for n in range(9)), "OneAnswer")
    yield _h("old line ends", "mac.csv", GOOD.replace("\n", "\r"), "rows:10")
    yield _h("mixed line ends", "ends.csv", "text,label\r\na,k0\nb,k1\r\nc,k0\n", "rows:3")


def _letters() -> Iterator[Hostile]:
    accents = GOOD.replace("testo", "perché")
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"):
        yield _h(
            f"letters in {encoding}" if encoding != "utf-16-le" else "UTF-16 without its mark", f"{encoding}.csv", accents.encode(encoding), "rows:10"
        )
    yield _h("mixed encodings", "mixed.csv", (accents * 4).encode() + "più,k1\n".encode("latin-1"), "BrokenEncoding")
    yield _h(
        "mixed encodings",
        "mixed.jsonl",
        "\n".join(LINES * 5).replace("q1", "perché").encode() + b"\n" + '{"question": "più"}'.encode("latin-1"),
        "BrokenEncoding",
    )
    yield _h("bytes cut within a letter", "cut.csv", accents.encode() * 3 + "fine è".encode()[:-1], "BrokenEncoding")
    yield _h(
        "UTF-8 of half a character",
        "half.csv",
        accents.encode() * 4 + "perché è così àèìòù\ud83d,k1\n".encode("utf-8", "surrogatepass"),
        "BrokenEncoding",
    )
    yield _h("UTF-16 cut within a letter", "odd.csv", codecs.BOM_UTF16_LE + GOOD.encode("utf-16-le")[:-1], "BrokenEncoding")
    yield _h("half a character", "half.jsonl", "\n".join([*LINES, '{"question": "a \\ud83d", "answer": "b"}']), "BadRow:half_a_character")
    yield _h("letters written backwards", "rtl.csv", GOOD + "\u202egnp.exe,k1\n", "rows:11")
    yield _h("a thousand accents on a letter", "zalgo.csv", GOOD + "e" + "\u0301" * 1_000 + ",k1\n", "rows:11")
    yield _h("control characters", "control.csv", GOOD + "a\x07\x1b[31mb\x08,k1\n", "rows:11")


def _lines() -> Iterator[Hostile]:
    def with_line(line: str) -> str:
        return "\n".join([*LINES[:5], line, *LINES[5:]])

    yield _h("one bad line", "bad.jsonl", with_line('{"question": "q", "answer": }'), "BadRow:malformed_json")
    yield _h("one bad line", "torn.jsonl", JSONL + '\n{"question": "q", "ans', "BadRow:malformed_json")
    yield _h("single quotes", "single.jsonl", with_line("{'question': 'q', 'answer': 'a'}"), "BadRow:malformed_json")
    yield _h("a comma too many", "comma.jsonl", with_line('{"question": "q", "answer": "a",}'), "BadRow:malformed_json")
    yield _h("two objects in a line", "two.jsonl", with_line(LINES[0] + LINES[1]), "BadRow:malformed_json")
    for depth in (100, 100_000):
        yield _h(
            "deep nesting",
            f"deep{depth}.jsonl",
            with_line('{"question": "q", "answer": "a", "x": ' + "[" * depth + "]" * depth + "}"),
            "BadRow:json_too_deep",
        )
        yield _h("deep nesting", f"deep{depth}-objects.jsonl", with_line('{"x":' * depth + "1" + "}" * depth), "BadRow:json_too_deep")
    yield _h("deep nesting without an end", "endless.jsonl", with_line("[" * 100_000), "BadRow:json_too_deep")
    yield _h("a number of 5,000 digits", "digits.jsonl", with_line('{"question": "q", "answer": ' + "9" * 5_000 + "}"), "BadRow:malformed_json")
    yield _h("a number of 5,000 digits", "power.jsonl", with_line('{"question": "q", "answer": 1e99999}'), "rows:11")
    yield _h("NaN and Infinity", "nan.jsonl", with_line('{"question": "q", "answer": "a", "x": NaN, "y": -Infinity}'), "rows:11")
    yield _h("a key twice", "keys.jsonl", with_line('{"question": "x", "question": "q", "answer": "a"}'), "rows:11")
    for number, line in enumerate(("[1, 2]", "17", '"text"', "null", "true")):
        yield _h("a line that is no object", f"none{number}.jsonl", with_line(line), "BadRow:not_an_object")
    yield _h("a missing field", "missing.jsonl", with_line('{"question": "q"}'), "BadRow:missing_field")
    yield _h("a field of null", "null.jsonl", with_line('{"question": "q", "answer": null}'), "BadRow:empty_cell")
    yield _h("a field over the limit", "field.jsonl", with_line(json.dumps({"question": "x" * 1_000_001, "answer": "a"})), "BadRow:field_too_long")
    yield _h("a line of 10 MB", "line.jsonl", with_line(json.dumps({"question": "x" * 10_000_000, "answer": "a"})), "BadRow:json_line_too_long")
    yield _h("one object over several lines", "object.json", json.dumps({"a": 1}, indent=2), "OneObject")
    yield _h(
        "names of Python's own insides",
        "proto.jsonl",
        with_line('{"question": "q", "answer": "a", "__class__": "os", "__proto__": {"x": 1}}'),
        "rows:11",
    )


def _lists() -> Iterator[Hostile]:
    yield _h("a list cut off", "cut.json", LIST[:-40], "MalformedList")
    yield _h("a list without its end", "open.json", LIST[:-1], "MalformedList")
    yield _h("two lists behind each other", "lists.json", LIST + LIST, "MalformedList")
    yield _h("text behind the list", "behind.json", LIST + " x", "MalformedList")
    yield _h("a comma too many", "comma.json", LIST[:-1] + ",]", "MalformedList")
    yield _h("a comma missing", "missing.json", LIST.replace("},{", "} {", 1), "MalformedList")
    yield _h("comments in JSON", "comment.json", "[ // rows\n" + LIST[1:], "MalformedList")
    yield _h("deep nesting", "deep.json", "[" * 100_000, "MalformedList")
    yield _h("deep nesting", "deep2.json", f"[{LINES[0]},{'[' * 100_000}{']' * 100_000}]", "MalformedList")
    yield _h("a list of no objects", "numbers.json", "[1, 2, 3]", "UnreadableStart")
    yield _h("a list of no objects", "mixed.json", f'[{LINES[0]}, "x", {",".join(LINES[1:])}]', "BadRow:not_an_object")
    yield _h("NaN and Infinity", "nan.json", LIST[:-1] + ',{"question": "q", "answer": "a", "x": Infinity}]', "rows:11")
    yield _h("a number of 5,000 digits", "digits.json", LIST[:-1] + ',{"question": "q", "answer": ' + "9" * 5_000 + "}]", "MalformedList")


def _binaries() -> Iterator[Hostile]:
    for cause, start in (
        ("a picture renamed", b"\x89PNG\r\n\x1a\n"), ("a picture renamed", b"\xff\xd8\xff\xe0"), ("a database renamed", b"SQLite format 3\0"),
        ("an old office file renamed", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), ("a 7-Zip archive", b"7z\xbc\xaf\x27\x1c"),
        ("a program renamed", b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 8), ("a program renamed", b"MZ\x90\0" + bytes(range(256)) * 8),
        ("noise", bytes((n * 7919 + n // 251) % 256 for n in range(20_000))), ("nothing but NUL", bytes(10_000)),
        ("a pickle", b"\x80\x04\x95" + bytes(9) + b"cposix\nsystem\n(X\x05\0\0\0touch" + bytes(200)),
    ):  # fmt: skip
        yield _h(cause, f"{cause.replace(' ', '-')}-{start[:2].hex()}.csv", start + bytes(300), "BinaryFile")
    yield _h(
        "a web page renamed",
        "page.csv",
        "<!DOCTYPE html>\n<html><body><p>ciao</p></body></html>\n" * 3,
        "rows:6",
    )


def _cells() -> Iterator[Hostile]:
    for number, cell in enumerate((
        "=cmd|' /C calc'!A0", "@SUM(1+9)*cmd", "+1+cmd|'x'!A1", "-2+3+cmd", '=HYPERLINK(""http://x"",""y"")', "=IMPORTXML(CONCAT(1),2)",
    )):  # fmt: skip
        yield _h("formulas in cells", f"formula{number}.csv", GOOD + f'"{cell}",k1\n', "rows:11")
    for number, cell in enumerate((
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)", "${7*7}{{7*7}}", "'; DROP TABLE example; --",
        f"$(touch {CANARY})", f"`touch {CANARY}`", "../../etc/passwd", "%s%s%n", "{file} {0.__class__}",
    )):  # fmt: skip
        yield _h("scripts in cells", f"script{number}.csv", GOOD + f'"{cell}",k1\n', "rows:11")
    yield _h(
        "scripts in column names",
        "columns.csv",
        GOOD.replace("text,label", "text,label,<b onclick=x>").replace("\ntesto", "\ntesto").replace("k0\n", "k0,1\n").replace("k1\n", "k1,2\n"),
        "rows:10",
    )


def _names() -> Iterator[Hostile]:
    for number, name in enumerate((
        "../../../etc/passwd", "/etc/passwd", "C:\\Windows\\win.ini", "..\\..\\x.csv", "a/b/c.csv", "nul\0byte.csv", "line\nbreak.csv", "\x1b[31mred.csv",
        "x" * 300 + ".csv", "{file}.csv", "<script>.csv", "\u202evsc.exe", ".csv", "CON", "-rf", "$(touch x).csv", "half\ud83d.csv",
    )):  # fmt: skip
        yield _h("a file name with paths, commands or odd letters", name, GOOD, "rows:10" if number >= 0 else "")


def _plain() -> Iterator[Hostile]:
    yield _h("plain text without an answer", "lines.txt", "\n".join(f"riga {n}" for n in range(9)), "rows:9")
    yield _h("questions without answers", "asked.txt", "Q: uno?\nA: sì\nQ: due?\nA: no\nQ: tre?\nA: no\nQ: quattro?\n", "BadRow:empty_cell")
    yield _h("a text of 10 MB in one line", "long.txt", "x" * 10_000_000, "UnreadableStart")
    sentence = "Anna\tB-PER\nvive\tO\na\tO\nRoma\tB-LOC\n\n"
    yield _h("ragged tagged words", "ragged.conll", sentence * 9 + "solo\n\n", "BadRow:ragged_sentence")
    yield _h("ragged tagged words", "ragged2.conll", sentence * 9 + "a\tb\tc\td\n\n", "BadRow:ragged_sentence")
    yield _h("tags that are none", "tag.conll", sentence * 9 + "Anna\tPERSONA\n\n", "BadRow:unknown_tag")
    yield _h("tagged words without an empty line", "endless.conll", sentence + "parola\tO\n" * 12_000, "BadRow:sentence_too_long")
