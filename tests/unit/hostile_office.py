"""Hostile and broken office files, PDFs and mail: entities, lies in workbooks, scans, locked and looping PDFs, senseless messages."""

from collections.abc import Callable, Iterator

from tests.unit.hostile_files import Hostile
from tests.unit.hostile_text import CANARY
from tests.unit.office_files import document, labelled_workbook, locked_pdf, mail, pdf, rezipped, workbook, zipped

_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">' + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)) + "]>"
)
_FILE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
_NET = '<?xml version="1.0"?><!DOCTYPE x PUBLIC "p" "http://127.0.0.1:9/x.dtd">'
_SHEET, _STRINGS, _BOOK, _DOCUMENT = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "word/document.xml"
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_QA = [["Domanda", "Risposta"], *([f"Che cosa numero {n}?", f"Questo {n}."] for n in range(5))]


def table() -> Iterator[Hostile]:
    yield from _workbooks()
    yield from _documents()
    yield from _pdfs()
    yield from _mails()


def _h(cause: str, name: str, build: Callable[[], bytes] | bytes, expected: str, *, alone: bool = False) -> Hostile:
    return Hostile(cause, name, build if callable(build) else lambda: build, expected, alone)


def _with(part: str, content: str | bytes | None) -> Callable[[], bytes]:
    return lambda: rezipped(labelled_workbook(), {part: content})


def _sheet(rows: str, before: str = "") -> Callable[[], bytes]:
    return _with(_SHEET, f"{before}<worksheet {_MAIN}><sheetData>{rows}</sheetData></worksheet>")


def _workbooks() -> Iterator[Hostile]:
    for number, (cause, head) in enumerate(
        (("billion laughs", _LAUGHS), ("an entity that is a file (XXE)", _FILE), ("a document type from the net", _NET))
    ):
        for part in (_SHEET, _STRINGS, _BOOK, "[Content_Types].xml", "xl/styles.xml"):
            yield _h(cause, f"{number}-{part.rpartition('/')[2]}.xlsx", _with(part, f"{head}<x>&f;&i;</x>"), "HostileMarkup")
    yield _h("billion laughs", "utf16.xlsx", _with(_SHEET, f"{_LAUGHS}<x>&i;</x>".encode("utf-16")), "HostileMarkup")
    yield _h("a document type behind 100 kB of comment", "comment.xlsx", _with(_SHEET, f"<!--{' ' * 100_000}-->{_LAUGHS}<x>&i;</x>"), "HostileMarkup")
    yield _h("a workbook without sheets", "none.xlsx", _with(_BOOK, f"<workbook {_MAIN}><sheets/></workbook>"), "NoSheets")
    yield _h("a workbook without sheets", "empty.xlsx", lambda: workbook({"Vuoto": []}), "NoRows")
    yield _h("only a header", "header.xlsx", lambda: workbook({"A": [["text", "label"]]}), "NoRows")
    yield _h(
        "a million empty rows",
        "rows.xlsx",
        _sheet('<row r="1"><c r="A1" t="inlineStr"><is><t>text</t></is></c></row><row r="1048576"/>'),
        "NoRows",
    )
    yield _h("a million empty rows", "rows2.xlsx", _sheet("<row/>" * 1_000_000), "NoRows")
    yield _h(
        "a sheet that lies about its size",
        "size.xlsx",
        _with(
            _SHEET, f'<worksheet {_MAIN}><dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData></worksheet>'
        ),
        "NoRows",
    )
    yield _h("a cell far to the right", "right.xlsx", _sheet('<row r="1"><c r="XFD1"><v>1</v></c></row>'), "TooManyColumns")
    yield _h("a cell that no sheet has", "cell.xlsx", _sheet('<row r="1"><c r="ZZZZZZ99999999999"><v>1</v></c></row>'), "BrokenDocument")
    yield _h("text that no list holds", "string.xlsx", _sheet('<row r="1"><c r="A1" t="s"><v>99999999</v></c></row>'), "BrokenDocument")
    yield _h("a number that is none", "number.xlsx", _sheet('<row r="1"><c r="A1"><v>abc</v></c></row>'), "BrokenDocument")
    yield _h("a sheet cut off", "cut.xlsx", _with(_SHEET, f'<worksheet {_MAIN}><sheetData><row r="1"><c r="A1"><v>1'), "BrokenDocument")
    yield _h("a sheet that is no XML", "noise.xlsx", _with(_SHEET, bytes(range(256)) * 30), "BrokenDocument")
    yield _h("a workbook without its parts", "sheet.xlsx", _with(_SHEET, None), "NoSheets")
    yield _h("a workbook without its parts", "types.xlsx", _with("[Content_Types].xml", None), "BrokenDocument")
    yield _h("a workbook without its parts", "rels.xlsx", _with("xl/_rels/workbook.xml.rels", None), "BrokenDocument")
    yield _h("only the name of a workbook", "name.xlsx", lambda: zipped({_BOOK: "x"}), "BrokenDocument")
    yield _h("a column named twice", "twice.xlsx", lambda: workbook({"A": [["a", "a"], [1, 2], [3, 4]]}), "DuplicateColumns")
    yield _h(
        "formulas in cells",
        "formula.xlsx",
        lambda: workbook({"A": [["text", "label"], *([f"=cmd|' /C touch {CANARY}'!A{n}", f"k{n % 2}"] for n in range(5))]}),
        "BadRows:empty_cell",
    )
    yield _h("links to other files", "links.xlsx", _with("xl/externalLinks/externalLink1.xml", "<externalLink/>"), "rows:6")
    yield _h("macros", "macros.xlsm", _with("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0" + bytes(99)), "rows:6")
    yield _h(
        "scripts in cells",
        "script.xlsx",
        lambda: workbook({"A": [["text", "label"], *([f"<script>{n}</script>", f"k{n % 2}"] for n in range(5))]}),
        "rows:5",
    )
    yield _h("XML nested deeply", "deep.xlsx", _sheet("<row>" * 50_000 + "</row>" * 50_000), "NoRows", alone=True)


def _documents() -> Iterator[Hostile]:
    made = document(table=_QA)
    for number, (cause, head) in enumerate(
        (("billion laughs", _LAUGHS), ("an entity that is a file (XXE)", _FILE), ("a document type from the net", _NET))
    ):
        for part in (_DOCUMENT, "word/styles.xml", "word/_rels/document.xml.rels"):
            yield _h(cause, f"{number}-{part.rpartition('/')[2]}.docx", rezipped(made, {part: f"{head}<x>&f;&i;</x>"}), "HostileMarkup")
    yield _h("a document without text", "empty.docx", document(), "NoText")
    yield _h("a document cut off", "cut.docx", rezipped(made, {_DOCUMENT: f"<w:document {_WORD}><w:body><w:p><w:r><w:t>ab"}), "BrokenDocument")
    yield _h("a document that is no XML", "noise.docx", rezipped(made, {_DOCUMENT: bytes(range(256)) * 30}), "BrokenDocument")
    yield _h(
        "XML nested deeply", "deep.docx", rezipped(made, {_DOCUMENT: f"<w:document {_WORD}>" + "<w:tbl>" * 100_000}), "BrokenDocument", alone=True
    )
    yield _h("a zip cut off", "half.docx", made[: len(made) // 2], "BrokenArchive")
    yield _h("macros", "macros.docm", rezipped(made, {"word/vbaProject.bin": bytes(99)}), "rows:5")
    yield _h("a document whose styles are missing", "styles.docx", rezipped(made, {"word/styles.xml": None}), "rows:5")


def _pdfs() -> Iterator[Hostile]:
    whole = pdf(["Prima pagina", "Seconda pagina", "Terza pagina"])
    yield _h("a locked PDF", "locked.pdf", locked_pdf, "LockedFile")
    yield _h("a scanned PDF", "scan.pdf", pdf([None, None, None]), "ScannedPdf")
    yield _h("scanned pages among others", "pages.pdf", pdf(["Prima", None, None, "Quarta", "Quinta", "Sesta"]), "BadRow:pages_only_pictures")
    yield _h("a PDF without text", "blank.pdf", pdf(["", ""]), "NoText")
    yield _h("a PDF cut off", "cut.pdf", whole[:60], "BrokenDocument")
    yield _h("a PDF cut off", "mark.pdf", b"%PDF-1.7\n", "BrokenDocument")
    yield _h("a PDF whose list of places is wrong", "places.pdf", whole.replace(b"startxref\n", b"startxref\n99999999 "), "BrokenDocument")
    yield _h(
        "a PDF that loops",
        "pages-loop.pdf",
        whole.replace(b"/Type /Pages /Count 3 /Kids [6 0 R", b"/Type /Pages /Count 3 /Kids [2 0 R"),
        "BrokenDocument",
        alone=True,
    )
    yield _h("a PDF that loops", "prev-loop.pdf", _prev_loop(whole), "rows:3", alone=True)
    yield _h(
        "a PDF that loops",
        "length-loop.pdf",
        whole.replace(b"/Length 45", b"/Length 5 0 R", 1),
        "rows:3",
        alone=True,
    )
    yield _h(
        "a PDF that claims a billion pages",
        "count.pdf",
        whole.replace(b"/Count 3", b"/Count 999999999"),
        "rows:3",
        alone=True,
    )
    yield _h("a PDF of noise", "noise.pdf", b"%PDF-1.7\n" + bytes((n * 7919) % 256 for n in range(30_000)), "BrokenDocument", alone=True)
    yield _h(
        "a PDF bomb",
        "bomb.pdf",
        _pdf_bomb,
        "NoText",
        alone=True,
    )
    yield _h(
        "a PDF with commands",
        "script.pdf",
        whole.replace(b"/Type /Catalog", b"/Type /Catalog /OpenAction << /S /Launch /F (/bin/touch " + CANARY.encode() + b") >>"),
        "rows:3",
    )


def _prev_loop(whole: bytes) -> bytes:
    at = whole.rindex(b"startxref\n") + 10
    return whole.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev " + whole[at:].split(b"\n")[0])


def _pdf_bomb() -> bytes:
    import zlib

    inner = zlib.compress(zlib.compress(b"(a) Tj " * 30_000_000, 1), 9)
    stream = b"<< /Filter [/FlateDecode /FlateDecode] /Length %d >>\nstream\n" % len(inner) + inner + b"\nendstream"
    return pdf(["x"], extra=[stream]).replace(b"/Contents 5 0 R", b"/Contents 7 0 R")


def _mails() -> Iterator[Hostile]:
    one = mail("Oggetto", "Testo")
    head = b"From: a@example.org\nTo: b@example.org\nSubject: x\nDate: Wed, 4 Mar 2026 10:30:00 +0000\nMessage-ID: <1@x>\nMIME-Version: 1.0\n"
    box = b"".join(b"From a@example.org Wed Mar  4 10:30:00 2026\n" + mail(f"N {n}", f"Testo {n}") + b"\n" for n in range(4))
    parts = b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\nContent-Type: text/plain\n\nx\n" * 10_000
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(3_000))
    yield _h("one message is not a dataset", "one.eml", one, "TooFewRows")
    yield _h("10,000 parts in a message", "parts.eml", head + parts, "UnreadableStart")
    yield _h("parts within parts without an end", "deep.eml", head + deep, "UnreadableStart", alone=True)
    yield _h("a message whose letters are said wrongly", "charset.mbox", box.replace(b'charset="utf-8"', b'charset="no-such"'), "rows:4")
    yield _h("a message whose letters are said wrongly", "ascii.mbox", box.replace(b"Testo 1", "Perché".encode("latin-1")), "rows:4")
    yield _h(
        "a mailbox without its From lines",
        "from.mbox",
        box.replace(b"From a@example.org Wed", b"Fram a@example.org Wed"),
        "BadRows:ragged_row",
    )
    yield _h("a header of 5 MB", "header.mbox", box.replace(b"Subject: N 1", b"Subject: " + b"N" * 5_000_000), "rows:4")
    yield _h(
        "a header of odd encodings",
        "odd.mbox",
        box.replace(b"Subject: N 1", b"Subject: =?utf-8?q?=ff=fe?= =?none?b?!!!?= =?utf-8?b?////?="),
        "rows:4",
    )
    yield _h(
        "HTML whose tags never end",
        "tags.mbox",
        b"From a@x.org Wed Mar  4 10:30:00 2026\n" + mail("H", "", html="<a " * 300_000) + b"\n" + box,
        "rows:5",
    )
    yield _h("a first line of 900 kB", "line.mbox", b"From " + b"x" * 900_000, "TooFewRows")
    yield _h("a header of NUL", "nul.mbox", box.replace(b"Subject: N 1", b"Subject: a\0b"), "rows:4")
    yield _h("a date that is none", "date.mbox", box.replace(b"04 Mar 2026", b"99 Foo 99999999999"), "rows:4")
    yield _h(
        "an attachment that is a program",
        "program.mbox",
        box + b"From a@example.org Wed Mar  4 10:30:00 2026\n" + mail("P", "Con allegato", attachment=b"MZ\x90\0") + b"\n",
        "rows:5",
    )
    yield _h(
        "a message of 40 MB",
        "large.mbox",
        lambda: box + b"From a@example.org Wed Mar  4 10:30:00 2026\nSubject: x\nFrom: x\n\n" + b"x" * 79 * 1 + (b"x" * 79 + b"\n") * 450_000,
        "BadRow:message_too_long",
    )
    yield _h("scripts in a message", "script.mbox", box.replace(b"Testo 2", b"<script>alert(1)</script>"), "rows:4")
