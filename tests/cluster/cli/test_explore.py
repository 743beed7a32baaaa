"""The command that opens the explorer."""

import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest

from tests.cluster.cli.commands import ZPOINTS, zpoints


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--address", "0.0.0.0"], "add --certificate FILE --key FILE"),
        (["--certificate", "a.pem"], "TLS needs two files"),
        (["--certificate", "a.pem", "--key", "b.pem"], "There is no file a.pem"),
    ],
)
def test_explore__refuses_an_unsafe_address(
    options: list[str], message: str, small_root: str, tmp_path: Path
) -> None:
    refused = zpoints("explore", small_root, *options, folder=tmp_path)

    assert refused.returncode == 2
    assert message in refused.stderr


@pytest.mark.services
def test_explore__serves_until_it_is_interrupted(small_root: str, tmp_path: Path) -> None:
    command = [str(ZPOINTS), "explore", small_root, "--no-browser"]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    url = process.stdout.readline().strip()

    with urllib.request.urlopen(url, timeout=60) as answer:
        page = answer.read().decode()
    process.send_signal(signal.SIGINT)
    _, problems = process.communicate(timeout=60)

    assert "<title>store · zpoints</title>" in page
    assert (process.returncode, problems) == (130, "")
