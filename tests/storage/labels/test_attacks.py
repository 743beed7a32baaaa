"""Queries that would run code, hang or break: refused, and nothing happens."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.storage.labels.labelled_rows import ATTACKS, ROWS, generated_queries, labelled
from zpoints.storage import QueryError
from zpoints.storage.labels.selection import select_rows
from zpoints.storage.labels.syntax import parse_query

LABELLED = labelled()
SECONDS = 1.0
"""Longest time of one query, on the processor."""

_WATCHED: list[list[str]] = []


def _watch(event: str, _arguments: tuple) -> None:
    if _WATCHED and event.split(".")[0] in ("exec", "open", "import", "os", "subprocess", "socket"):
        _WATCHED[-1].append(event)


@cache
def _install_watch() -> None:
    sys.addaudithook(_watch)  # a hook cannot be removed


@contextmanager
def nothing_is_executed() -> Iterator[None]:
    """Context that fails if Python code runs, a file is opened or a process starts in it."""
    _install_watch()
    events: list[str] = []
    _WATCHED.append(events)
    try:
        yield
    finally:
        _WATCHED.pop()
    assert events == []


def select_or_refuse(query: str) -> bool:
    """Whether the query is refused; any error but the project's own passes on."""
    started = time.thread_time()
    try:
        found = select_rows(LABELLED, query)
    except QueryError as error:
        found, message = None, str(error)
    assert time.thread_time() - started < SECONDS
    if found is None:
        assert message.isprintable()
        assert len(message) < 1_000
        return True
    assert found.shape == (ROWS,)
    assert found.dtype == np.bool_
    return False


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack[:30].encode("unicode_escape"))
def test_select_rows__refuses_an_attack(attack: str, tmp_path: Path) -> None:
    query = attack.replace("{file}", str(tmp_path / "written"))

    with nothing_is_executed():
        assert select_or_refuse(query)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seed", range(10))
def test_select_rows__generated_queries_execute_nothing(seed: int) -> None:
    with nothing_is_executed():
        refused = [select_or_refuse(query) for query in generated_queries(1_000, seed)]

    assert len(refused) == 1_000
    assert 100 < sum(refused) < 900


@given(st.text(max_size=40))
def test_select_rows__any_text_is_a_query_or_refused(text: str) -> None:
    select_or_refuse(text)


@given(st.lists(st.sampled_from(["not ", "(", "-", "~", "[", ")", "]", "Smiling", "1", "+"])))
def test_select_rows__any_nesting_is_a_query_or_refused(words: list[str]) -> None:
    select_or_refuse("".join(words))


@pytest.mark.parametrize(
    "query",
    [
        "image in [" + ", ".join(f"'{row:06d}.jpg'" for row in range(5_000)) + "]",
        " or ".join(["Smiling"] * 250),
        " + ".join(["identity"] * 90) + " > 1",
        "(" * 40 + "Smiling" + ")" * 40,
    ],
    ids=["list", "or", "sum", "brackets"],
)
def test_select_rows__limits_leave_room(query: str) -> None:
    assert select_or_refuse(query) is False


def test_parse_query__sees_no_name_of_the_query_as_python() -> None:
    query = parse_query("lambda == 1 and `import os` and __import__ == 2 and None == 3")

    assert query.names == {"lambda", "import os", "__import__", "None"}
