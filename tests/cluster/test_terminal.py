"""Progress and lines on terminals of any width, in pipes and in logs."""

import io
import re
from itertools import pairwise

import pytest

from zpoints.cluster import terminal
from zpoints.cluster.progress_line import Pace, progress_line
from zpoints.cluster.terminal import LogConsole, PlainConsole, TerminalConsole, console_for

NOTE = "epoch 17/24, loss 0.00264, validation 0.00276"


class Screen(io.StringIO):
    """A file that is a terminal."""

    def isatty(self) -> bool:
        return True


def half_done() -> Pace:
    """Half of 382,464 images, at 1,200 images a second."""
    times = iter([0.0, 10.0])
    pace = Pace(382_464, clock=lambda: next(times))
    pace.report(179_232)
    pace.report(191_232)
    return pace


def test_progress_line__fits_any_width_and_drops_what_matters_least_first() -> None:
    parts = ("50 %", "images/s", "left", "━", "epoch", "loss", "validation", "191,232 of 382,464")
    pace, shown = half_done(), {}

    for width in range(1, 161):
        line = progress_line("train", pace, unit="images", note=NOTE, width=width)
        shown[width] = [part in line for part in parts]
        assert len(line) <= width
        assert shown[width] == sorted(shown[width], reverse=True), line

    assert "2:39 left" in line
    assert [sum(shown[width]) for width in (20, 46, 79, 160)] == [1, 3, 5, 8]


def test_pace__counts_no_work_of_an_earlier_run_and_forgets_old_reports() -> None:
    now = 0.0
    pace = Pace(10_000, clock=lambda: now)
    pace.report(5000)  # a run that resumes
    assert (pace.rate, pace.seconds_left) == (None, None)
    for now in range(1, 101):
        pace.report(5000 + now)
    for now in range(101, 141):
        pace.report(5100 + 10 * (now - 100))

    assert pace.rate == pytest.approx(10)
    assert pace.seconds_left == pytest.approx(450)


@pytest.mark.parametrize(
    ("file", "options", "kind"),
    [
        (Screen(), {}, TerminalConsole),
        (Screen(), {"no_color": True}, TerminalConsole),
        (Screen(), {"_environ": {"TERM": "dumb"}}, LogConsole),
        (io.StringIO(), {}, LogConsole),
        (io.StringIO(), {"force_terminal": True}, LogConsole),  # as FORCE_COLOR does
    ],
)
def test_console_for__moves_lines_on_terminals_only(
    file: io.StringIO, options: dict[str, object], kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    output = PlainConsole(file=file, width=80, **options)

    console = console_for(output)
    with console.bar("train", total=100, unit="images") as advance:
        advance(10, "")
        advance(90, NOTE)

    assert type(console) is kind
    assert ("\x1b" in file.getvalue()) == (kind is TerminalConsole)


def test_line__begins_with_the_time_below_the_date_and_the_zone() -> None:
    file = io.StringIO()
    console = LogConsole(PlainConsole(file=file, width=40))

    console.line("model: 128 training images in 5.5 s, and a line that is long")
    console.line("second")

    day, first, second = file.getvalue().splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d, times in UTC([+-]\d\d:\d\d)?", day)
    assert re.fullmatch(r"\d\d:\d\d:\d\d  model: 128 .* that is long", first)
    assert second.endswith("  second")


def test_line__on_a_terminal_wraps_next_to_its_time_and_keeps_paths_whole() -> None:
    file = Screen()
    path = "/a/folder/whose/name/is/longer/than/a/line/of/this/terminal"

    TerminalConsole(PlainConsole(file=file, width=40)).line(f"CelebA format: found {path}, here.")

    assert [line[10:] for line in file.getvalue().splitlines()[1:]] == [
        "CelebA format: found",
        f"{path},",
        "here.",
    ]


def test_bar__in_a_log_is_a_line_less_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    now, shown, file = 0.0, [], io.StringIO()
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now)

    with LogConsole(PlainConsole(file=file)).bar("draw", total=600, unit="faces") as advance:
        for now in range(600):
            before = file.getvalue()
            advance(now, "")
            shown += [now] * (file.getvalue() != before)

    assert shown[:4] == [10, 30, 70, 130]
    assert {after - before for before, after in pairwise(shown[3:])} == {60}
    assert "draw: 1 %, 10 of 600 faces" in file.getvalue()
