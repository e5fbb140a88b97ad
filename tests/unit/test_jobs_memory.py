"""How much memory a job says that it needed."""

import subprocess
import sys

CHILD = "from core.jobs.memory import peak_bytes; print(peak_bytes())"
PARENT = f"""
import subprocess, sys
held = bytearray(b"x") * 600_000_000
print(subprocess.run([sys.executable, "-c", {CHILD!r}], check=True, capture_output=True, text=True).stdout)
"""


def test_what_the_server_holds_is_not_counted_as_the_childs() -> None:
    alone = int(subprocess.run([sys.executable, "-c", CHILD], check=True, capture_output=True, text=True).stdout)
    of_a_large_parent = int(subprocess.run([sys.executable, "-c", PARENT], check=True, capture_output=True, text=True).stdout)
    assert 1_000_000 < alone < 300_000_000
    assert of_a_large_parent < alone + 100_000_000
