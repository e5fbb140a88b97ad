"""Whatever stands in a person's rows, names or answers is shown, and never runs, in every part of the screen. In a real browser."""

import importlib
import inspect
import itertools
import pkgutil
import socket
import threading
from collections.abc import Iterator
from typing import Any

import gradio as gr
import pytest

import ui.parts
from ui.parts.curve import MOST_POINTS, thinned
from ui.parts.part import template

PAYLOADS = (
    r"""
<img src=x onerror="PWN">
<svg onload="PWN"></svg>
<script>PWN</script>
<iframe srcdoc="<script>parent.PWN2</script>"></iframe>
<a href="javascript:PWN">x</a>
[x](javascript:PWN)
<details open ontoggle="PWN"><summary>s</summary></details>
<video><source onerror="PWN"></video>
<body onload="PWN">
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=PWN&gt;">
<form><button formaction="javascript:PWN">z</button></form>
<input autofocus onfocus="PWN">
![x](x"onerror="PWN)
$$\href{javascript:PWN}{x}$$
<style>@import 'http://127.0.0.1:1/x.css';</style>
<img src="http://127.0.0.1:1/beacon">
<object data="javascript:PWN"></object>
<meta http-equiv="refresh" content="0;url=javascript:PWN">
" onmouseover="PWN" autofocus onfocus="PWN" x="
' onfocus='PWN' autofocus '
</textarea><img src=x onerror="PWN">
${window.__xss=1}
${value.push(1)}
${(()=>{window.__xss=2;return 'x'})()}
\${window.__xss=8}
{{constructor.constructor 'window.__xss=6'}}
{{{this}}}
{{#each value}}Z{{/each}}
`;window.__xss=5;`
\`;window.__xss=5;\`
javascript:PWN
""".strip()
    .replace("PWN2", "__xss=4")
    .replace("PWN", "window.__xss=3")
    .splitlines()
)


@pytest.fixture(scope="module")
def gallery() -> Iterator[str]:
    """Every part on one page; a hidden button brings the next round, in which each text is another payload."""
    import uvicorn
    from fastapi import FastAPI

    from tests.unit.part_examples import EXAMPLES, as_shown, with_every_text
    from ui.theme import CSS, HEAD, THEME

    def round_(number: int) -> list[Any]:
        texts = itertools.cycle(PAYLOADS[number:] + PAYLOADS[:number])
        values = [as_shown(value) for _, value in EXAMPLES.values()]
        return [number + 1, *(values if number < 0 else [with_every_text(value, lambda: next(texts)) for value in values])]

    with gr.Blocks(analytics_enabled=False) as app:
        state, following = gr.State(0), gr.Button("next round", elem_id="following")
        parts = [make() for make, _ in EXAMPLES.values()]
        following.click(round_, state, [state, *parts], queue=False)
        app.load(lambda: [0, *round_(-1)[1:]], None, [state, *parts], queue=False)
    api = gr.mount_gradio_app(FastAPI(), app, path="/", theme=THEME, css=CSS, head=HEAD, footer_links=[], ssr_mode=False)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(api, log_level="error", ws="none", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    server.should_exit = True
    thread.join(5)


def test_no_text_of_a_person_runs_in_any_part(gallery: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-background-networking"])
        page = browser.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(f"script: {error}"))
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on(
            "request",
            lambda request: (
                faults.append(f"asks {request.url}") if gallery not in request.url and not request.url.startswith(("data:", "blob:")) else None
            ),
        )
        page.goto(gallery)
        page.wait_for_selector("h1")
        page.wait_for_selector("text=10,003 customer questions")
        assert page.locator("text=Error rendering").count() == 0
        for number in range(len(PAYLOADS)):
            page.evaluate("number => { window.__xss ??= 0; window.__round = number; }", number)
            with page.expect_response(lambda response: "predict" in response.url):
                page.evaluate("document.querySelector('#following').click()")
            page.wait_for_function("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")
            assert page.evaluate("window.__xss") == 0, f"round {number}: {PAYLOADS[number]}"
            assert page.locator("h1").inner_text().strip() != ""
        shown = page.locator("body").inner_text()
        assert [text for text in ("${value.push(1)}", "<script>", "{{{this}}}") if text not in shown] == []
        assert page.locator("text=Error rendering").count() == 0
        assert faults == []
        browser.close()


def test_every_part_is_among_those_that_are_fed_with_payloads() -> None:
    from tests.unit.part_examples import EXAMPLES

    modules = [importlib.import_module(f"ui.parts.{found.name}") for found in pkgutil.iter_modules(ui.parts.__path__) if found.name != "part"]
    made = {value for module in modules for value in vars(module).values() if inspect.isfunction(value) and value.__module__ == module.__name__}
    makers = {value for value in made if inspect.signature(value).return_annotation is gr.HTML and not inspect.signature(value).parameters}
    assert makers == {make for make, _ in EXAMPLES.values()}


def test_a_template_with_handlebars_braces_is_refused() -> None:
    with pytest.raises(ValueError, match="braces"):
        template("<p>{{value}}</p>")


def test_a_long_curve_is_thinned_without_hiding_a_spike() -> None:
    points = [(step, 9.0 if step == 5_001 else 1.0) for step in range(20_000)]
    kept = thinned(points)
    assert len(kept) <= MOST_POINTS
    assert (5_001, 9.0) in kept
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert [step for step, _ in kept] == sorted(step for step, _ in kept)


def test_a_curve_leaves_out_what_is_no_number() -> None:
    assert thinned([(1, 2.0), (2, float("nan")), (3, float("inf")), (4, 1.0)]) == ((1, 2.0), (4, 1.0))
