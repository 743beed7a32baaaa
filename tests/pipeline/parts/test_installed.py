"""Parts of installed packages: those that cannot be used are left out with a line each."""

from importlib.metadata import EntryPoint
from typing import Any

import pytest

from zpoints.pipeline.evaluate.config import EvaluateConfig
from zpoints.pipeline.evaluate.measure_table import TAKEN, _accepted
from zpoints.pipeline.parts import installed
from zpoints.pipeline.sample.laws import all_laws
from zpoints.storage.schema.quality import Measure

MEASURE = Measure(name="contrast", file=__name__, meaning="contrast", better="equal")
SWEPT = Measure(name="contrast", file=__name__, meaning="contrast", better="equal", swept=True)
NUMBER = 3


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes entry points of this module visible, by name and object."""

    def offered(**values: str) -> None:
        entries = tuple(
            EntryPoint(name=name, value=value, group="g") for name, value in values.items()
        )
        monkeypatch.setattr(installed, "_entries", lambda group: entries)

    return offered


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("contrast", "not_there.at_all:NAME", "cannot be imported (ModuleNotFoundError: No module"),
        ("contrast", f"{__name__}:ABSENT", "cannot be imported (AttributeError: "),
        ("contrast", f"{__name__}:NUMBER", "expected a zpoints.storage.schema.quality.Measure"),
        ("gap", f"{__name__}:MEASURE", "expected a measure of that name, got one of the name"),
        ("contrast", f"{__name__}:SWEPT", "expected needs and swept to be unset"),
        ("face_rate", f"{__name__}:MEASURE", "the name exists already in zpoints"),
        ("Con trast", f"{__name__}:MEASURE", "expected a name of a-z, 0-9 and _"),
    ],
)
def test_installed_parts__reports_what_cannot_be_used_and_keeps_the_rest(
    name: str, value: str, reason: str, offer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    offer(**{name: value, "sound": "json:dumps"})

    def accepted(name: str, value: Any) -> Any:
        return value if name == "sound" else _accepted(name, value)

    parts = installed.installed_parts(installed.MEASURES, accepted, taken=TAKEN)

    assert [part.name for part in parts] == ["sound"]
    (line,) = caplog.messages
    assert reason in line
    assert f"the measure {name!r}, which is left out" in line


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (EvaluateConfig, "expected a subclass of"),
        (all_laws.Ellipse, 'expected a field generator: Literal["shell"] = "shell"'),
        (all_laws.Generator, 'expected a field generator: Literal["shell"] = "shell"'),
    ],
)
def test_generators__of_another_type_or_name_are_refused(value: Any, reason: str) -> None:
    with pytest.raises(TypeError) as caught:
        all_laws._accepted("shell", value)

    assert reason in str(caught.value)
