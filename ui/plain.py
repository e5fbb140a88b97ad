"""The few pages that are not Gradio's: what a browser without a session, or a refused request, is told. Small, without script."""

import html
import json

from ui.words import Words, language_of

PAGE = """<!doctype html><html lang="{language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Bottega</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;background:#faf8f4;color:#1d1a16;max-width:34em;margin:15vh auto;padding:0 20px}}h1{{font:28px Georgia,serif}}
a{{color:#a8432d}}@media(prefers-color-scheme:dark){{body{{background:#171411;color:#ede8df}}a{{color:#e99c86}}}}</style>
<h1>Bottega</h1><p>{sentence}</p>{more}</html>"""


def plain_page(name: str, accept: str, accept_language: str) -> tuple[bytes, str]:
    """Body and content type of the page `name` (a key under `gate` in the word files): JSON for programs, HTML for browsers."""
    language = language_of(accept_language)
    sentence = Words.of(language)(f"gate.{name}")
    if "text/html" not in accept:
        return json.dumps({"error": name, "sentence": sentence}, ensure_ascii=False).encode(), "application/json"
    more = f'<p><a href="/" target="_blank" rel="noopener">{html.escape(Words.of(language)("gate.own_tab"))}</a></p>' if name == "no_cookies" else ""
    return PAGE.format(language=language, sentence=html.escape(sentence), more=more).encode(), "text/html; charset=utf-8"
