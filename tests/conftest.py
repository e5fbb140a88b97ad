"""What all tests share: a quiet environment, and no skip that nobody expected."""

import os
from pathlib import Path

import pytest

from core.quiet import be_quiet

be_quiet()
# Threads that spin while they wait make every test on a busy machine several times slower; read when torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

EXPECTED_SKIPS = Path(__file__).with_name("expected_skips.txt").read_text(encoding="utf-8").splitlines()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    unexpected = _unexpected(terminalreporter)
    for line in unexpected:
        terminalreporter.write_line(f"NOT EXPECTED TO BE SKIPPED: {line}", red=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In CI a skip that is not listed in expected_skips.txt fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and exitstatus == 0 and reporter is not None and _unexpected(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _unexpected(reporter: pytest.TerminalReporter) -> list[str]:
    skipped = [
        f"{report.nodeid}: {report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr}"
        for report in reporter.stats.get("skipped", [])
    ]
    return [line for line in skipped if not any(expected and expected in line for expected in EXPECTED_SKIPS)]
