"""Click to rows in a real browser, on a million rows: a page, a filter, a search, a sort; then the same while a training runs.

`python -m tests.bench.data_pages [--quick] [--json]`. --quick takes 100,000 rows and trains nothing.
"""

import argparse
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure, tell

ROWS, QUICK_ROWS = 1_000_000, 100_000
REPEATS, QUICK_REPEATS = 20, 6
_AT_ONCE = 200_000  # rows a file
GOAL, GOAL_TRAINING = "p95 ≤ 150 ms", "p95 ≤ 1.2x of that without"
WORDS = "parcel refund invoice kettle Monday because slowly umbrella garden receipt please warranty blender courier yellow never again tomorrow missing lamp"
NEEDLES = ("kettle", "REFUND", "row 7", "zebra", "perché", "umbrella", "Monday", "no such words", "lamp", "courier", "99")
_RUN = """
async ([kind, turn]) => {
  const table = document.querySelector('#panel-data nav.pages').closest('section'), find = document.querySelector('form.find');
  const pick = (name, values) => {
    const field = find.querySelector(`input[name=${name}][value="${values[turn % values.length]}"]`);
    field.checked = true;
    return () => field.dispatchEvent(new Event('change', {bubbles: true}));
  };
  const does = {
    page: () => { const to = table.querySelector(turn % 4 < 3 ? '[data-act=page-after]' : '[data-act=page-before]'); return () => to.click(); },
    filter: () => pick(...[['part', ['test']], ['part', ['validation']], ['edited', ['yes']], ['edited', ['']], ['part', ['']], ['part', ['train']],
      ['answered', ['no']], ['answered', ['']], ['part', ['']]][turn % 9]),  // each shows other rows than the one before
    sort: () => pick('order', ['longest', 'label', 'shortest', 'changed', 'position']),
    search: () => { find.querySelector('input[name=search]').value = SEARCH[turn % SEARCH.length]; return () => find.requestSubmit(); },
  }[kind]();
  const painted = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  await new Promise(done => setTimeout(done, 40));
  let seen;
  const shown = new Promise(done => { seen = new MutationObserver(done); });
  seen.observe(table.parentElement, {childList: true, subtree: true, characterData: true, attributes: true});
  const began = performance.now();
  does();
  await Promise.race([shown, new Promise((_, fail) => setTimeout(() => fail(new Error('no answer to ' + kind)), 20000))]);
  seen.disconnect();
  await painted();
  return performance.now() - began;
}
""".replace("SEARCH", str(list(NEEDLES)))


def figures(quick: bool = False) -> Iterator[Figure]:
    """The p95 of each kind of click, then with a training running its ratio to that."""
    from playwright.sync_api import sync_playwright

    from tests.journeys.conftest import ARGS, CHROMIUM, start_server

    rows, repeats = (QUICK_ROWS, QUICK_REPEATS) if quick else (ROWS, REPEATS)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        project, dataset = _filled(home, rows)
        other = "" if quick else _sample(home)
        server = start_server(home)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
                page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
                page.goto(server.first_link)
                address = f"{server.address}/?project={project}&step=data&view=rows&dataset={dataset}"
                alone = _measured(page, address, repeats)
                for kind, milliseconds in alone.items():
                    yield Figure(f"{kind} of {rows:,} rows", milliseconds, "ms", None, None, GOAL)
                if not quick:
                    yield from _while_training(server, page, address, other, repeats, alone)
                browser.close()
        finally:
            server.stop()


def _while_training(server: Any, page: Any, address: str, project: str, repeats: int, alone: dict[str, float]) -> Iterator[Figure]:
    command = [sys.executable, "-m", "ui.cli", "train", "--home", str(server.home), "--project", project, "--preset", "thorough", "--no-wait", "-y"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    page.wait_for_timeout(15_000)  # until it has loaded its model and takes its steps
    for kind, milliseconds in _measured(page, address, repeats).items():
        yield Figure(f"{kind} while a training runs", milliseconds, "ms", "without a training", milliseconds / alone[kind], GOAL_TRAINING)


def _measured(page: Any, address: str, repeats: int) -> dict[str, float]:
    """The p95 of each kind, in milliseconds. The first click of each is not counted: a person has looked at the rows before."""
    found = {}
    for kind in ("page", "filter", "sort", "search"):
        page.goto(address)
        page.locator("#panel-data tbody tr").first.wait_for(timeout=60_000)
        times = sorted([page.evaluate(_RUN, [kind, turn]) for turn in range(repeats + 1)][1:])
        found[kind] = times[math.ceil(0.95 * len(times)) - 1]
    return found


def _sample(home: Path) -> str:
    """A second project with the sample, to train on."""
    from core.actions.registry import Context, perform
    from core.home import Home
    from core.workshop import Workshop
    from storage.rows import LOCAL_OWNER

    with Workshop.open(Home(home).prepare()) as workshop:
        context = Context(workshop, LOCAL_OWNER)
        project = str(perform(context, "create-project", {"name": "Sample"}).id)
        job = workshop.supervisor.wait(perform(context, "sample", {"project": project}).id, 120)
        perform(context, "split", {"dataset": job.subject})
    return project


def _filled(home: Path, rows: int) -> tuple[str, str]:
    """A home with a dataset of so many rows and its split."""
    from core.actions.registry import Context, perform
    from core.home import Home
    from core.workshop import Workshop
    from storage import datasets
    from storage.bulk.importing import import_parquet
    from storage.bulk.splitting import freeze_split, freeze_version
    from storage.rows import LOCAL_OWNER, ProjectId

    with Workshop.open(Home(home).prepare()) as workshop:
        context, store = Context(workshop, LOCAL_OWNER), workshop.store
        project = perform(context, "create-project", {"name": "Big"}).id
        dataset = datasets.create(store, LOCAL_OWNER, ProjectId(project), "big", "text_label", ["text", "label"])
        file = home / "big.parquet"
        for first in range(1, rows + 1, _AT_ONCE):
            _write_rows(file, first, min(first + _AT_ONCE, rows + 1))
            import_parquet(store, dataset.id, file, sealed=False)
            file.unlink()
        freeze_split(store, freeze_version(store, dataset.id).id, "{}", seed=0, validation_share=0.1, test_share=0.1)
        store.checkpoint()
    return project, dataset.id


def _write_rows(file: Path, first: int, end: int) -> None:
    """About 330 characters a row, one in ten with accents, 50 labels."""
    import duckdb

    words = WORDS.split()
    rare, word = "substr(md5(i || '-{n}'), 1, 6)", f"$words[1 + (hash(i, {{n}}) % {len(words)})::INT]"
    text = " || ' ' || ".join((word if n % 9 == 0 else rare).format(n=n) for n in range(45))
    sql = f"""
        COPY (
            SELECT '[{{"content":' || to_json(text) || ',"role":"user"}},{{"content":' || to_json(label) || ',"role":"assistant"}}]' AS messages,
                   text AS question, label AS answer, 'big.csv' AS source, i AS row, to_json({{text: text, label: label}})::VARCHAR AS original
            FROM (SELECT i, {text} || ' row ' || i || CASE WHEN i % 10 = 0 THEN ' perché no' ELSE '' END AS text, 'label ' || (hash(i) % 50) AS label
                  FROM range({first}, {end}) r(i))
        ) TO '{file}' (FORMAT parquet, ROW_GROUP_SIZE 20480)
    """
    duckdb.execute(sql, {"words": words})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    for figure in figures(chosen.quick):
        tell(figure, as_json=chosen.json)


if __name__ == "__main__":
    main()
