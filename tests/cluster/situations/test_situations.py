"""Photographs, tables and sites as users have them: what is stored and printed, the exit code."""

from pathlib import Path

import pytest

from tests.cluster.cli.commands import zpoints
from tests.cluster.situations import labels, photographs, sites
from tests.cluster.situations.situation import Place, Situation

TABLE: dict[str, list[Situation]] = {
    "labels across folders": labels.ACROSS_FOLDERS,
    "results in the source": photographs.RESULTS_IN_THE_SOURCE,
    "CelebA stored again": labels.STORED_AGAIN,
    "tables otherwise written": labels.OTHERWISE_WRITTEN,
    "odd files": photographs.ODD_FILES,
    "archives": photographs.ARCHIVES,
    "odd keys": photographs.ODD_KEYS,
    "turned": photographs.TURNED,
    "Slurm's answers": sites.SLURM,
    "collapsed": sites.COLLAPSED,
    "no home": sites.NO_HOME,
    "terminals": sites.TERMINALS,
    "queries": sites.QUERIES,
}


@pytest.mark.parametrize(
    "situation",
    [
        pytest.param(it, id=f"{kind}: {it.name}", marks=[pytest.mark.slow] if it.slow else [])
        for kind, rows in TABLE.items()
        for it in rows
    ],
)
def test_command__in_a_situation(
    situation: Situation,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    place = Place(folder, monkeypatch, request)

    for command in situation.commands(place):
        done = zpoints(*command, folder=folder, encoding=situation.encoding)

    printed = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == situation.code, printed
    assert [it for it in situation.messages if it not in printed] == [], printed
    assert "Traceback" not in printed
    assert ("zpoints: " in done.stderr) == (situation.code != 0), printed
    assert situation.describe(place) == situation.stored, printed
