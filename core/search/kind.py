"""The job of a search as the server sees it."""

from core.jobs.spec import Kind

SEARCH_KIND = Kind("search", "core.search.job:main", stop_grace_s=60.0)
KINDS: tuple[Kind, ...] = (SEARCH_KIND,)
