"""What a shell completes: presets, settings, stages, clusters, groups, forms and versions.

A completion runs at each press of Tab, so that it imports as little as it can; one that fails
completes nothing.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, get_args

import typer

from zpoints.pipeline.config.cluster import Kind
from zpoints.pipeline.config.preset_files import preset_names
from zpoints.pipeline.stage_order import STAGES
from zpoints.storage.text import one_line

MOST_VERSIONS = 20
"""Versions that are offered, the newest."""


def complete_preset(incomplete: str) -> list[str]:
    """Names of presets; the shell adds no files."""
    return _beginning(preset_names(), incomplete)


def complete_stage(incomplete: str) -> list[str]:
    """Names of stages."""
    return _beginning(STAGES, incomplete)


def complete_cluster(incomplete: str) -> list[str]:
    """Kinds of clusters."""
    return _beginning(get_args(Kind), incomplete)


def complete_setting(incomplete: str) -> list[tuple[str, str]]:
    """Settings as ``section.key=``, with their descriptions."""
    with _quietly() as found:
        from zpoints.pipeline.config.run import RunConfig  # loads the stages' sections
        from zpoints.pipeline.config.setting_names import setting_names

        found += [
            (f"{name}=", field.description or "")
            for name, field in setting_names(RunConfig)
            if name.startswith(incomplete)
        ]
    return found


def complete_group(context: typer.Context, incomplete: str) -> list[str]:
    """Names of the groups of the store that the command line names."""
    with _quietly() as found:
        from zpoints.storage import open_store  # loads Icechunk

        store = open_store(context.params["root"], version=context.params.get("version"))
        found += _beginning(map(one_line, store.groups), incomplete)
    return found


def complete_form(incomplete: str) -> list[str]:
    """Forms of an export."""
    with _quietly() as found:
        from zpoints.storage.export.forms import ExportForm  # loads Icechunk

        found += _beginning(get_args(ExportForm), incomplete)
    return found


def complete_version(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The newest versions of the store that the command line names."""
    with _quietly() as found:
        from zpoints.storage import open_store

        history = open_store(context.params["root"]).history()[:MOST_VERSIONS]
        known = [("latest", "the newest"), ("previous", "the one before")]
        known += [(it.id, one_line(f"{it.time:%Y-%m-%d %H:%M} {it.message}")) for it in history]
        found += [(name, text) for name, text in known if name.startswith(incomplete)]
    return found


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


@contextmanager
def _quietly() -> Iterator[list[Any]]:
    """A list that stays empty where anything fails: a message would break the line being typed."""
    found: list[Any] = []
    try:
        yield found
    except Exception:
        found.clear()
