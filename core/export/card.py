"""The model card of a package: plain words for the person who gets it, with the facts that the check measured."""

from importlib.metadata import version

from core.export.certificate import Certificate, Colour, Score
from core.export.settings import Origin
from core.tasks.base import task

GENAI = "onnxruntime-genai"
_COLOURS = {
    Colour.GREEN: "Green: it answers as well as the trained model it was made from.",
    Colour.AMBER: "Amber: it can be used, with the losses told here.",
    Colour.RED: "Red: it should not be used. It was downloaded on purpose.",
}


def card(certificate: Certificate, origin: Origin, labels: int) -> str:
    """Markdown, with the YAML head that model hubs read."""
    chosen = task(certificate.task)
    head = [
        "---",
        "library_name: onnxruntime-genai",
        "pipeline_tag: text-generation",
        *([f"license: {origin.base_license}"] if origin.base_license else []),
        "---",
    ]
    lines = [
        *head,
        "",
        f"# {certificate.name}",
        "",
        f"A small language model that was taught one thing: **{chosen.label.lower()}**. It runs on the processor of a laptop, without a network.",
        "",
        "## Use it",
        "",
        "```",
        f"pip install {GENAI}=={version(GENAI)}",
        'python chat.py "your text"',
        "```",
        "",
        "Or one text a line on standard input: one answer a line comes back."
        + (f" It answers with one of {labels} categories (labels.json)." if labels else ""),
        "",
        "## How good it is",
        "",
        *_goodness(certificate),
        "",
        "## Where it comes from",
        "",
        f"- Base model: {origin.base_model}",
        f"- Data: '{origin.dataset}', version {origin.dataset_version}, SHA-256 `{origin.dataset_hash}`; learned from {origin.train_rows:,} rows, "
        f"{origin.test_rows:,} rows were kept aside for the exam (split seed {origin.split_seed})",
        f"- Training: run '{origin.run_name}' (`{origin.run_id}`); the whole recipe is in recipe.toml",
        f"- Export: {certificate.precision} for {certificate.target}, built by Microsoft Olive as in olive-run.json, on {origin.made_on}",
        f"- Made with: {', '.join(f'{name} {number}' for name, number in sorted(certificate.versions.items()))}",
        "",
        "## What it cannot do",
        "",
        *_limits(certificate),
        "",
        "## Licence",
        "",
        *_licence(origin),
        "",
    ]
    return "\n".join(lines)


def _goodness(certificate: Certificate) -> list[str]:
    found = certificate.findings
    lines = [
        f"Checked against the trained model on {certificate.checked_rows:,} of {certificate.test_rows:,} test rows. **{_COLOURS[certificate.colour]}**",
        "",
    ]
    lines += [f"- {reason}" for reason in certificate.reasons]
    if found.exported is not None and found.tuned is not None:
        lines += ["", f"| | {found.metric} | right of asked | 95 % interval |", "|---|---|---|---|"]
        lines += [_row("this package", found.exported), _row("the trained model", found.tuned)]
    if found.answers is not None:
        lines += ["", f"{found.answers.equal:,} of {found.answers.rows:,} answers are the same as the trained model's."]
    if found.speed is not None:
        speed = found.speed
        lines.append(
            f"{speed.exported:,.0f} tokens a second here, {speed.tuned:,.0f} for the trained model ({speed.threads} threads, reading and writing, one question at a time)."
        )
    return lines


def _row(name: str, score: Score) -> str:
    counted = f"{score.right:,} of {score.rows:,}" if score.right is not None else f"mean of {score.rows:,}"
    return f"| {name} | {score.value:.3f} | {counted} | {score.low:.3f} to {score.high:.3f} |"


def _limits(certificate: Certificate) -> list[str]:
    lines = [
        "- It knows what its training rows showed. On texts of another kind, language or time its answers may be wrong, and it does not say so.",
        "- The figures above hold for rows like the test rows.",
        "- It gives no reasons and no certainty; where a wrong answer does harm, a person has to look.",
    ]
    if certificate.task == "classification":
        lines.append("- It always chooses one of its categories, also for a text that fits none.")
    return lines


def _licence(origin: Origin) -> list[str]:
    words = origin.base_license_words or (
        f"`{origin.base_license}`" if origin.base_license else "not stated in its folder: ask whoever gave it to you before you pass this on"
    )
    return [
        f"- Base model '{origin.base_model}': {words}. A tuned model keeps the terms of its base.",
        "- Training data: the rows belong to whoever gave them. A model can repeat what it learned, so pass it on only to people who might see the rows.",
        "- The scripts in this package (chat.py) are Apache-2.0.",
    ]
