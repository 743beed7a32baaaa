"""The command that opens the explorer."""

import gc
import os
import sys
import webbrowser
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

    def ready(url: str) -> None:
        output.print(url, soft_wrap=True)
        output.print("Ctrl-C ends the explorer.")
        sys.stdout.flush()
        if browser and _has_screen():
            webbrowser.open(url)

    ended_by = serve(space, where, ready)
    gc.freeze()  # or Python would search all pages for cycles, for seconds, before it ends
    if ended_by is not None:
        raise typer.Exit(128 + ended_by)


def _has_screen() -> bool:
    """Whether a browser would have a window; one in the terminal would only block it."""
    named = "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ
    return named or sys.platform in ("darwin", "win32")
