"""Small files of every format that is no text, made in place: what the tests of good and of hostile files share."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from email.message import EmailMessage
from typing import Any

LABELLED_ROWS = [{"text": f"testo numero {n}", "label": f"k{n % 2}"} for n in range(6)]


def zipped(files: Mapping[str, bytes | str], **options: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def rezipped(data: bytes, files: Mapping[str, bytes | str | None]) -> bytes:
    """The archive with some of its files put in, changed, or (None) left out."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        kept: dict[str, bytes | str] = {name: archive.read(name) for name in archive.namelist() if name not in files}
    return zipped({**kept, **{name: content for name, content in files.items() if content is not None}})


def workbook(sheets: Mapping[str, Sequence[Sequence[Any]]]) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def labelled_workbook() -> bytes:
    return workbook({"Righe": [["text", "label"], *([row["text"], row["label"]] for row in LABELLED_ROWS)]})


def document(paragraphs: Sequence[tuple[str, str]] = (), table: Sequence[Sequence[str]] = ()) -> bytes:
    """Paragraphs as (style, text)."""
    from docx import Document

    made = Document()
    for style, text in paragraphs:
        made.add_paragraph(text, style=style or None)
    if table:
        grid = made.add_table(len(table), len(table[0]))
        for row, cells in enumerate(table):
            for column, cell in enumerate(cells):
                grid.cell(row, column).text = cell
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def pdf(pages: Sequence[str | None], *, extra: Sequence[bytes] = ()) -> bytes:
    """A page of text each; None for a page that holds only a picture."""
    objects: list[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    kids = []
    picture = (
        b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 1 >>\nstream\n\x80\nendstream"
    )
    objects.append(picture)
    for text in pages:
        if text is None:
            content, resources = b"q 600 0 0 800 0 0 cm /Im1 Do Q", b"<< /XObject << /Im1 4 0 R >> >>"
        else:
            lines = b" ".join(b"(" + line.encode("cp1252").replace(b"(", b"\\(").replace(b")", b"\\)") + b") Tj T*" for line in text.split("\n"))
            content, resources = b"BT /F1 12 Tf 14 TL 72 720 Td " + lines + b" ET", b"<< /Font << /F1 3 0 R >> >>"
        objects.append(b"<< /Length %d >>\nstream\n" % len(content) + content + b"\nendstream")
        objects.append(b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources " + resources + b" /Contents %d 0 R >>" % len(objects))
        kids.append(len(objects))
    objects.extend(extra)
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(b"%d 0 R" % kid for kid in kids))
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


def locked_pdf() -> bytes:
    from pypdf import PdfWriter

    writer = PdfWriter(io.BytesIO(pdf(["segreto"])))
    writer.encrypt("parola", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def mail(subject: str, text: str, *, html: str = "", attachment: bytes = b"") -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "Anna Verdi <anna@example.org>", "aiuto@example.org", subject
    made["Date"] = datetime(2026, 3, 4, 10, 30)
    made["Message-ID"] = "<1@example.org>"
    if text:
        made.set_content(text)
    if html:
        made.add_alternative(html, subtype="html") if text else made.set_content(html, subtype="html")
    if attachment:
        made.add_attachment(attachment, maintype="application", subtype="octet-stream", filename="fattura.pdf")
    return made.as_bytes()


def parquet(rows: Sequence[Mapping[str, Any]], **options: Any) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet as files

    out = io.BytesIO()
    files.write_table(pa.Table.from_pylist(list(rows)), out, **options)
    return out.getvalue()


def arrow_stream(rows: Sequence[Mapping[str, Any]], metadata: Mapping[bytes, bytes] | None = None) -> bytes:
    import pyarrow as pa

    table = pa.Table.from_pylist(list(rows))
    table = table.replace_schema_metadata(metadata) if metadata else table
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


SOME_DATE = date(2026, 3, 4)
