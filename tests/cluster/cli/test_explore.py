"""The command that opens the explorer."""

import os
import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.cli.commands import ZPOINTS, zpoints
from tests.cluster.compute.dask_processes import write_certificates
from tests.s3 import new_bucket, upload


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


@contextmanager
def exploring(root: str, folder: Path, *options: str, **environment: str) -> Iterator[str]:
    """The command that explores a store; its address. It ends without a complaint."""
    command = [str(ZPOINTS), "explore", root, "--no-browser", *options]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | environment,
    )  # fmt: skip
    try:
        yield process.stdout.readline().strip()
    finally:
        process.send_signal(signal.SIGINT)
        _, problems = process.communicate(timeout=60)
    assert (process.returncode, problems) == (130, "")


@pytest.mark.services
def test_explore__of_a_bucket_keeps_the_token_out_of_the_arguments_of_the_browser(
    small_root: str, s3: Any, tmp_path: Path
) -> None:
    bucket = new_bucket(s3)
    upload(s3, Path(small_root), bucket, "runs/small")
    browser, asked = tmp_path / "browser", tmp_path / "asked"
    browser.write_text(f'#!/bin/sh\necho "$1" > {asked}.new; mv {asked}.new {asked}\n')
    browser.chmod(0o700)
    given = {"DISPLAY": ":0", "BROWSER": f"{browser} %s"}

    with exploring(f"s3://{bucket}/runs/small", tmp_path, "--browser", **given) as url:
        end = time.monotonic() + 60
        while not asked.exists() and time.monotonic() < end:
            time.sleep(0.05)
        argument = asked.read_text().strip()
        file = Path(urllib.request.url2pathname(argument.removeprefix("file://")))
        mode, redirect = file.stat().st_mode & 0o777, file.read_text()
        with urllib.request.urlopen(url, timeout=60) as answer:
            page = answer.read().decode()

    assert "<title>small · zpoints</title>" in page
    assert "160 vectors of 112 components" in page
    assert argument.startswith("file://")
    assert url.split("/")[3] not in argument  # other accounts of the machine see arguments
    assert (mode, url in redirect) == (0o600, True)
    assert not file.exists()


@pytest.mark.services
def test_explore__beyond_this_machine_serves_with_tls(
    small_root: str, tmp_path: Path, browser: Any
) -> None:
    tls = write_certificates(tmp_path / "tls")
    options = ["--address", "0.0.0.0", "--certificate", tls.certificate, "--key", tls.key]

    with exploring(small_root, tmp_path, *options) as url:
        page = browser.new_page(ignore_https_errors=True)
        sockets: list[str] = []
        page.on("websocket", lambda socket: sockets.append(socket.url))
        page.goto(re.sub("//[^:]*:", "//localhost:", url), wait_until="commit")
        page.locator('.decoded img[src^="data:"]').wait_for(timeout=120_000)
        page.close()

    assert url.startswith("https://")
    assert [socket.split("//")[0] for socket in sockets] == ["wss:"]
