"""Ask this model: python chat.py "a text", or one text a line on standard input. Needs onnxruntime-genai and nothing else."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

HERE = Path(__file__).parent


def answers(texts: Iterable[str]) -> Iterator[str]:
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before the import: nothing leaves this machine
    import onnxruntime_genai as og

    how = json.loads((HERE / "chat.json").read_text("utf-8"))
    labels = json.loads((HERE / "labels.json").read_text("utf-8")) if (HERE / "labels.json").exists() else {}
    tokenizer = og.Tokenizer(model := og.Model(str(HERE)))
    for text in texts:
        turns = json.dumps([*how["turns"], {"role": "user", "content": text}])
        prompt = tokenizer.apply_chat_template(turns, add_generation_prompt=True) if how["template"] else how["before"] + text + how["after"]
        asked = tokenizer.encode(prompt)
        if len(asked) >= how["context"]:
            sys.stderr.write(f"This text is too long: {len(asked)} tokens of {how['context']}.\n")
            yield ""
            continue
        params = og.GeneratorParams(model)
        params.set_search_options(do_sample=False, max_length=min(len(asked) + how["max_new_tokens"], how["context"]))
        if how["guidance"]:  # only these answers can be written
            params.set_guidance(*how["guidance"])
        generator = og.Generator(model, params)
        generator.append_tokens(asked)
        while not generator.is_done():
            generator.generate_next_token()
        written = [token for token in generator.get_sequence(0)[len(asked) :] if token not in tokenizer.eos_token_ids]
        said = tokenizer.decode(written).strip() if written else ""
        yield labels.get(said, said).replace("\n", " ")


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    for answer in answers(sys.argv[1:] or map(str.rstrip, sys.stdin)):
        print(answer, flush=True)  # noqa: T201
