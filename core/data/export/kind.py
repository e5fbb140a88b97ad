"""The kind of job that exports a version's rows. The result stays in the run folder: there is nothing to take into the store."""

from core.jobs.spec import Kind

EXPORT_DATA = "export-data"
KINDS: tuple[Kind, ...] = (Kind(EXPORT_DATA, "core.data.export.job:main", exclusive=False),)
