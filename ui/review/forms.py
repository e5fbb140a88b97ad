"""What a reviewer's form sends: few fields, each a list of texts. Read by the standard library; no files are taken."""

from urllib.parse import parse_qs

from starlette.requests import Request

_MOST_FIELDS = 100


async def fields_of(request: Request) -> dict[str, list[str]]:
    """{} for a body that is no such form. The gate has limited its size."""
    body = await request.body()
    try:
        return parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except (UnicodeDecodeError, ValueError):
        return {}


def first(form: dict[str, list[str]], name: str) -> str:
    """A browser sends line ends as CR LF; rows keep LF."""
    return form.get(name, [""])[0].replace("\r\n", "\n")
