"""The port that colleagues come in by: shut until a round is open, and the same after a restart."""

import socket
import urllib.request
from pathlib import Path

from tests.security.test_review import SECRET, made
from tests.unit.labels_bench import workshop
from ui.review.server import ReviewListener


def test_the_listener_opens_when_a_round_does_and_its_links_live_through_a_restart(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with workshop(tmp_path) as context:
        door = ReviewListener(context.workshop, SECRET, port=port)
        context.workshop.review_door = door
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
        link = made(context).link
        assert link.startswith(f"http://127.0.0.1:{port}/r/")
        assert b"Your name" in urllib.request.urlopen(link, timeout=20).read()
        door.close()
        again = ReviewListener(context.workshop, SECRET, port=port + 5)
        assert b"Your name" in urllib.request.urlopen(link, timeout=20).read()
        again.close()
