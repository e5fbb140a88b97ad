"""What in a text is somebody's: e-mail, phone, bank account, card, national ids, dates of birth. Numbers count only with a right check digit; those whose
check digit is weak only beside a word that names them. All patterns are bounded: a hostile text costs as much as any other."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

_DIGITS = re.compile(r"(?<![\w@.])[+(]{0,2}\d(?:[ ./()\-]{0,2}\d){5,33}(?!\w)")
_ID_ALIKE = re.compile(r"(?<!\w)(?:[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?|[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPR-T][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]"
                       r"|[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]|[XYZ]?-?\d{7,8}-?[A-Z])(?!\w)", re.IGNORECASE)  # fmt: skip
# Also of letters with accents, and Greek and Cyrillic ones (RFC 6531); scripts without spaces would take in the words around.
_LETTERS = "A-Za-z0-9À-ÖØ-öø-ӿ"
_MAIL_BEFORE, _MAIL_AFTER = re.compile(rf"[{_LETTERS}._%+'\-]{{1,64}}\Z"), re.compile(rf"[{_LETTERS}\-]{{1,63}}(?:\.[{_LETTERS}\-]{{1,63}}){{1,6}}")
_DATE = (
    r"(?:\d{1,2}[./\- ]\d{1,2}[./\- ](?:19|20)?\d{2}|(?:19|20)\d{2}[./\-]\d{1,2}[./\-]\d{1,2}|\d{1,2}(?:st|nd|rd|th|°|º|\.)?[ ](?:of[ ]|de[ ])?[^\W\d_]{3,12}\.?,?"
    r"[ ](?:de[ ])?(?:19|20)\d{2}|[^\W\d_]{3,12}\.?[ ]\d{1,2}(?:st|nd|rd|th)?,?[ ](?:19|20)\d{2})"
)
_BIRTH = re.compile(
    r"(?<!\w)(?:born|dob|d\.o\.b\.|date of birth|birth ?date|birthday|nat[oa]|data di nascita|n[ée]e? le|date de naissance|geboren|geb\.|geburtsdatum|nacid[oa]"
    rf"|fecha de nacimiento|geboortedatum)[^\w\n]{{0,4}}(?:[^\W\d_]{{1,14}}[ ]){{0,3}}(?P<date>{_DATE})(?!\w)", re.IGNORECASE)  # fmt: skip
_RUN = re.compile(r"\w+")
_LEAST_IBAN = 15  # Norway's
_NEAR_CHARS = 40
_MOST_ENDS = 4
_CUES = {
    "phone": r"tel|phone|mobile|cell|call|fax|ring|whatsapp|sms|numero|cellulare|chiam|telefon|handy|rufnummer|portable|appel|móvil|movil|llam|bel",
    "nhs": r"nhs",
    "ssn": r"ssn|social security",
    "bsn": r"bsn|burgerservice|sofi",
    "steuer": r"steuer|idnr|tax id|tin\b",
    "dni": r"dni|nif|nie\b|documento|identidad",
    "nino": r"national insurance|nino|ni number|ni no",
}
_CUE_PATTERNS = {name: re.compile(rf"(?<![^\W\d_])(?:{words})", re.IGNORECASE) for name, words in _CUES.items()}
_REGIONS = ("US", "GB", "IT", "DE", "FR", "ES", "NL")
_PHONE_LOOKS = re.compile(
    r"(?:\+|00)\d[\d ./()\-]{7,18}|\(?0\d{1,4}\)?[ /\-]\d[\d \-/]{4,12}|\(\d{3}\) ?\d{3}[\-. ]\d{4}|\d{3}[\-.]\d{3}[\-.]\d{4}|3\d{2}[ ./\-]?\d{3}[ ]?\d{3,4}"
)


@dataclass(frozen=True)
class Personal:
    """A stretch of a text. `kind` is the mask's word; `value` is the same for two ways of writing it."""

    start: int
    end: int
    kind: str
    value: str


def find(text: str) -> list[Personal]:
    """All that is found, in order, none inside another."""
    found = [*_mails(text), *_births(text), *_ids(text), *_numbers(text)]
    kept: list[Personal] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def _mails(text: str) -> Iterator[Personal]:
    at = text.find("@")
    while at >= 0:
        after = _MAIL_AFTER.match(text, at + 1)
        before = _MAIL_BEFORE.search(text[max(0, at - 64) : at]) if after else None
        if before and after:
            end = at + 1 + len(after[0].rstrip("-"))
            yield Personal(at - len(before[0].lstrip("'.")), end, "E-MAIL", text[at - len(before[0].lstrip("'.")) : end].lower())
        at = text.find("@", at + 1)


def _births(text: str) -> Iterator[Personal]:
    for hit in _BIRTH.finditer(text):
        yield Personal(hit.start("date"), hit.end("date"), "BIRTH DATE", hit["date"].lower())


def _ids(text: str) -> Iterator[Personal]:
    at = 0
    while (hit := _ID_ALIKE.search(text, at)) is not None:
        found = next((one for end in _ends(hit) if (one := _id(text, hit.start(), end)) is not None), None)
        if found is not None:
            yield found
        at = found.end if found is not None else hit.start() + 1  # another may begin at a word of this one


def _id(text: str, start: int, end: int) -> Personal | None:
    written = re.sub(r"[ \-]", "", text[start:end]).upper()
    if len(written) >= _LEAST_IBAN and _has_iban_sum(written) and _valid("iban")(written):
        return Personal(start, end, "IBAN", written)
    if (
        len(written) == 16
        and _valid("it.codicefiscale")(written)
        or len(written) == 9
        and written[:2].isalpha()
        and written[-1].isalpha()
        and _named("nino", text, start)
        or len(written) == 9
        and (_valid("es.dni")(written) or _valid("es.nie")(written))
        and _named("dni", text, start)
    ):
        return Personal(start, end, "ID", written)
    return None


def _has_iban_sum(written: str) -> bool:
    """ISO 7064, as python-stdnum's own test asks first and takes ten times as long."""
    return written.isascii() and int("".join(str(int(sign, 36)) for sign in written[4:] + written[:4])) % 97 == 1


def _numbers(text: str) -> Iterator[Personal]:
    at = 0
    while (hit := _DIGITS.search(text, at)) is not None:
        found = next((one for end in _ends(hit)[:_MOST_ENDS] if (one := _number(text, hit.start(), end, end == hit.end())) is not None), None)
        if found is not None:
            yield found
        at = found.end if found is not None else hit.end()


def _number(text: str, start: int, end: int, whole: bool) -> Personal | None:
    written = text[start:end]
    if written.startswith("(") and ")" not in written:
        start, written = start + 1, written[1:]
    kind = _kind_of(text, start, written, whole)
    return Personal(start, end, kind, re.sub(r"\D", "", written)) if kind is not None else None


def _ends(hit: re.Match[str]) -> list[int]:
    """Where what was found may end, the furthest first: a word or a number behind it looks as if it were its last group."""
    return [hit.start() + word.end() for word in _RUN.finditer(hit[0])][::-1]


def _kind_of(text: str, start: int, written: str, whole: bool) -> str | None:
    """`whole` False: only the first of several numbers in a row, which is a telephone's only beside a word or with a prefix that says so."""
    digits = re.sub(r"\D", "", written)
    only = len(digits)
    if (
        13 <= only <= 19
        and ("22" <= digits[:2] <= "27" or digits[0] in "3456")  # no card begins as a row of years does
        and re.fullmatch(r"\d+|\d{4}([ \-])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ \-])\d{6}\2\d{5}", written)
        and _valid("luhn")(digits)
    ):
        return "CARD"
    if only == 15 and digits[0] in "12378" and _valid("fr.nir")(digits):
        return "ID"
    if re.fullmatch(r"\d{3}-\d{2}-\d{4}", written) or (only == 9 and _named("ssn", text, start)):
        return "ID" if _valid("us.ssn")(digits) else None
    for cue, name, size in (("nhs", "gb.nhs", 10), ("bsn", "nl.bsn", 9), ("steuer", "de.idnr", 11)):
        if only == size and _named(cue, text, start) and _valid(name)(digits):
            return "ID"
    told = whole or written.startswith(("+", "00")) or _named("phone", text, start)
    return "PHONE" if told and _is_phone(text, start, written, only) else None


def _is_phone(text: str, start: int, written: str, digits: int) -> bool:
    """With a country's prefix, in a country's own way of grouping, or beside a word that names it; dates and amounts are neither."""
    if not 6 <= digits <= 15 or re.fullmatch(r"(?:19|20)\d{2}[./\- ]\d{1,2}[./\- ]\d{1,2}.*|\d{1,2}[./\-]\d{1,2}[./\-](?:19|20)?\d{2}.*", written):
        return False
    named = _named("phone", text, start)
    if not named and not _PHONE_LOOKS.fullmatch(written):
        return False
    return _dialled(written, named)


def _dialled(written: str, named: bool) -> bool:
    import phonenumbers

    plain = "+" + written[2:] if written.startswith("00") else written
    for region in (None,) if plain.startswith("+") else _REGIONS:
        try:
            number = phonenumbers.parse(plain, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number) or (named and phonenumbers.is_possible_number(number)):
            return True
    return False


def _named(cue: str, text: str, start: int) -> bool:
    """A word that names such a number stands shortly before it, on the same line."""
    before = text[max(0, start - _NEAR_CHARS) : start].rpartition("\n")[2]
    return _CUE_PATTERNS[cue].search(before) is not None


@cache
def _valid(name: str) -> Callable[[str], bool]:
    """A check-digit test of python-stdnum, by its module."""
    import importlib

    module = importlib.import_module(f"stdnum.{name}")
    return lambda written: bool(module.is_valid(written))
