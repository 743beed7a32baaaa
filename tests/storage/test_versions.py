"""A version is written the same everywhere: latest, previous, an id or its beginning, a date."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.storage.conftest import publish_latents
from zpoints.storage import StoreError, StoreNotFoundError, VersionError, open_store
from zpoints.storage.verify.store import verify


def test_open_store__as_of_is_the_newest_version_until_then(repository, root):
    publish_latents(repository, 8, "aa")
    first = open_store(root)
    publish_latents(repository, 5, "bb")
    second = open_store(root)

    assert open_store(root, as_of=first.time).version == first.version
    assert open_store(root, as_of=first.time.isoformat()).version == first.version
    assert open_store(root, as_of=second.time + timedelta(days=1)).version == second.version
    assert open_store(root, as_of=date(9999, 1, 1)).version == second.version
    assert open_store(root, as_of=f"{second.time:%Y-%m-%d}").version == second.version
    with pytest.raises(StoreNotFoundError, match="no version as of 2001-01-01T23:59:59"):
        open_store(root, as_of="2001-01-01")
    with pytest.raises(StoreNotFoundError, match=r"no version as of 2001-01-01T00:00:00\+00:00"):
        open_store(root, as_of=datetime(2001, 1, 1, tzinfo=UTC))


def test_open_store__takes_the_beginning_of_an_id(repository, root):
    ids = [publish_latents(repository, rows, f"a{rows}") for rows in range(1, 5)]

    for version in ids:
        others = [other for other in ids if other != version]
        beginning = next(
            version[:n] for n in range(1, 21) if not any(o.startswith(version[:n]) for o in others)
        )
        assert open_store(root, version=beginning).version == version


def test_open_store__an_ambiguous_beginning_lists_the_ids(repository, root, monkeypatch):
    publish_latents(repository)
    newest = open_store(root).history()[0]
    alike = [replace(newest, id=f"{newest.id[:5]}{'ABCD'[k] * 15}") for k in range(4)]
    monkeypatch.setattr("zpoints.storage.versions.published", lambda *_: alike)

    with pytest.raises(
        VersionError, match=rf"4 versions .* begin with {newest.id[:3]}: .*, \.\.\."
    ):
        open_store(root, version=newest.id[:3])


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("nothing", "has no version nothing. Expected latest, previous, a date, or an id"),
        ("", r"has no version \(empty\)"),
        ("1CECHNKREP0F1RSTCMT9", "has no version 1CECHNKREP0F1RSTCMT9"),
        ("2026-13-01", "Invalid date '2026-13-01'; expected ISO form"),
        ("2001-01-01", "no version as of 2001-01-01"),
    ],
)
def test_open_store__unknown_versions_are_refused(repository, root, version, message):
    publish_latents(repository)

    with pytest.raises(StoreError, match=message):
        open_store(root, version=version)
    with pytest.raises(StoreError, match=message):
        verify(root, version=version)


def test_open_store__version_and_as_of_exclude_each_other(root):
    with pytest.raises(ValueError, match="expected only one of them"):
        open_store(root, version="x", as_of="2026-11-01")
