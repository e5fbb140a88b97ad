"""The pages that reviewers see: small, made here, every value escaped, the same with and without script."""

from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from ui.words import Words, language_of

POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
# Referrer `same-origin`, not `no-referrer`: with the latter a browser says 'Origin: null' when it sends a form, and the link stays here either way.
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "x-robots-tag": "noindex, nofollow",
}

STYLE = """
:root{color-scheme:light dark;--paper:#faf8f4;--card:#fff;--ink:#1d1a16;--soft:#5e574b;--line:#e6e0d5;--accent:#a8432d;--on:#fff}
@media(prefers-color-scheme:dark){:root{--paper:#171411;--card:#1f1b17;--ink:#ede8df;--soft:#b3a996;--line:#38322a;--accent:#e99c86;--on:#171411}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:17px/1.5 system-ui,sans-serif}
main{max-width:720px;margin:0 auto;padding:20px 16px 40px}
h1{font:400 24px/1.25 "Iowan Old Style","Palatino Linotype",Palatino,Georgia,serif;margin:8px 0 12px;overflow-wrap:anywhere}
.soft,label span,small{color:var(--soft);font-size:15px}
.guide{white-space:pre-wrap;overflow-wrap:anywhere;color:var(--soft);margin:0 0 12px}
.text{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:16px 18px;white-space:pre-wrap;overflow-wrap:anywhere;font-size:19px;
 margin:0 0 16px;max-height:60vh;overflow:auto}
form{margin:0}
.choices{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,210px),1fr));gap:8px;margin:0 0 16px}
button,input,textarea{font:inherit;color:inherit;border-radius:8px;border:1px solid var(--line);background:var(--card);padding:10px 14px;min-height:44px}
input,textarea{width:100%;display:block;margin-top:2px}
button{cursor:pointer;overflow-wrap:anywhere}
.choices button{text-align:left;display:flex;gap:10px;align-items:baseline}
.choices kbd,.choices .no{color:var(--soft);font:14px ui-monospace,monospace;min-width:1.2em}
button.on{border-color:var(--accent);box-shadow:inset 0 0 0 1px var(--accent)}
button.main{background:var(--accent);color:var(--on);border-color:var(--accent);font-weight:600}
.row{display:flex;flex-wrap:wrap;gap:10px;align-items:center;margin-top:10px}
label{display:block;margin:0 0 12px}
a{color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
"""

# A help, not a need: number keys and letters press the buttons that carry them.
SCRIPT = """
document.addEventListener('keydown', event => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input,textarea')) return;
  const button = [...document.querySelectorAll('button[accesskey]')].find(one => one.accessKey === event.key.toLowerCase());
  if (button) { event.preventDefault(); button.click(); }
});
"""


def page(request: Request, template: str, /, status: int = 200, headers: dict[str, str] | None = None, **values: Any) -> Response:
    """The `template`, in the reader's language."""
    language = language_of(request.headers.get("accept-language", ""))
    body = _templates().get_template(template).render(words=Words.of(language), language=language, **values)
    return Response(body, status, {**HEADERS, **(headers or {})}, "text/html; charset=utf-8")


def told(request: Request, key: str, status: int) -> Response:
    """One sentence (a key under `review`) on a page of its own."""
    return page(request, "told.html", status, key=key)


def go(place: str, headers: dict[str, str] | None = None) -> Response:
    """After a form: on to `place`, with GET."""
    return Response(None, 303, {**HEADERS, "location": place, **(headers or {})})


@lru_cache
def _templates() -> Environment:
    return Environment(loader=PackageLoader("ui.review"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
