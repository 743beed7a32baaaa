"""The command that opens the explorer."""

import os
import signal
import subprocess
import time
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
    browser, asked = tmp_path / "browser", tmp_path / "asked"
    browser.write_text(f'#!/bin/sh\necho "$1" > {asked}.new; mv {asked}.new {asked}\n')
    browser.chmod(0o700)
    process = subprocess.Popen(
        [str(ZPOINTS), "explore", small_root],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"DISPLAY": ":0", "BROWSER": f"{browser} %s"},
    )  # fmt: skip
    url = process.stdout.readline().strip()

    with urllib.request.urlopen(url, timeout=60) as answer:
        page = answer.read().decode()
    while not asked.exists():
        time.sleep(0.05)
    argument = asked.read_text().strip()
    file = Path(urllib.request.url2pathname(argument.removeprefix("file://")))
    mode, redirect = file.stat().st_mode & 0o777, file.read_text()
    process.send_signal(signal.SIGINT)
    _, problems = process.communicate(timeout=60)

    assert "<title>store · zpoints</title>" in page
    assert argument.startswith("file://")
    assert url.split("/")[3] not in argument  # other accounts of the machine see arguments
    assert (mode, url in redirect) == (0o600, True)
    assert not file.exists()
    assert (process.returncode, problems) == (130, "")
