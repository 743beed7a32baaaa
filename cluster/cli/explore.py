"""The command that opens the explorer."""

import os
import sys
import tempfile
import threading
import webbrowser
from html import escape
from pathlib import Path
from typing import Annotated

import typer

from zpoints.cluster.cli.options import Root, Version, output

app = typer.Typer()


@app.command()
def explore(
    root: Root,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 0,
    address: Annotated[
        str, typer.Option(help="Address to listen on; beyond this machine it needs TLS files.")
    ] = "127.0.0.1",
    certificate: Annotated[
        str | None, typer.Option(metavar="FILE", help="Certificate for TLS, PEM.")
    ] = None,
    key: Annotated[str | None, typer.Option(metavar="FILE", help="Its private key, PEM.")] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Whether to open the page.")
    ] = True,
    version: Version = None,
    network: Annotated[
        str | None,
        typer.Option(metavar="MODULE:NAME", help="Class that the store's own network needs."),
    ] = None,
) -> None:
    """Explore the latent vectors of a store in a browser, e.g. zpoints explore runs/demo.

    Nothing of the store is written. Only who knows the printed address can open the page.
    """
    from zpoints.pipeline.explore.listening import Where
    from zpoints.pipeline.latent_space.stored import open as open_latents

    where = Where(address, port, certificate, key)
    space = open_latents(root, version=version, network=network)

    from zpoints.pipeline.explore.server import serve  # after mistakes have been reported

    with tempfile.TemporaryDirectory(prefix="zpoints-") as folder:  # which only its owner reads

        def ready(url: str) -> None:
            output.print(url, soft_wrap=True)
            output.print("Ctrl-C ends the explorer.")
            sys.stdout.flush()
            if browser and _has_screen():
                page = redirect(Path(folder), url).as_uri()
                threading.Thread(target=webbrowser.open, args=(page,), daemon=True).start()

        ended_by = serve(space, where, ready)
    sys.stdout.flush()
    sys.stderr.flush()
    # Python would wait for a fit that is under way, and then search all pages for cycles.
    os._exit(0 if ended_by is None else 128 + ended_by)


def redirect(folder: Path, url: str) -> Path:
    """Write a page that leads to an address, and that only its owner can read.

    A browser is started with the address of this page, since other accounts of the machine see the
    arguments of processes, and the address of the explorer holds the token.

    Parameters
    ----------
    folder
        Where the page is written.
    url
        The address.
    """
    path, link = folder / "explore.html", escape(url)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(
            f'<!doctype html><meta charset="utf-8"><title>zpoints explore</title>'
            f'<meta http-equiv="refresh" content="0; url={link}"><a href="{link}">The explorer</a>'
        )
    return path


def _has_screen() -> bool:
    """Whether a browser would have a window; one in the terminal would only block it."""
    named = "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ
    return named or sys.platform in ("darwin", "win32")
