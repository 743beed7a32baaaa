"""A form for a generator and its parameters, made from its model."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import panel as pn

from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.explore.generation.drawing import Setting
from zpoints.pipeline.explore.generation.parameters import Parameter, parameters_of
from zpoints.pipeline.explore.panes.elements import FIELD, WIDTH
from zpoints.pipeline.explore.space import Space

SLID = {"temperature": (0.1, 2.0), "fact": (0.1, 2.0), "radius": (0.05, 1.0)}
"""Ends of the sliders of numbers; others are typed."""
SHORT = 150
"""Width of a field in pixels."""


class LawForm:
    """Widgets of one generator.

    Parameters
    ----------
    space
        Whose selections may be chosen.
    settings
        What may be chosen, by title; see `settings_of`.
    title
        The generator at first.
    parameters
        Those that differ from its defaults.
    changed
        Called when something has been changed.
    """

    def __init__(
        self,
        space: Space,
        settings: Mapping[str, Setting],
        title: str,
        parameters: Mapping[str, Any] | None,
        changed: Callable[[], None],
    ) -> None:
        self._space, self._changed = space, changed
        self._settings = settings
        stored = [name for name, setting in self._settings.items() if name.endswith(" (stored)")]
        groups = {
            "Samples of this store": stored,
            "Laws": [name for name in self._settings if name not in stored],
        }
        title = title if title in self._settings else next(iter(self._settings))
        self.choice = pn.widgets.Select(
            label="Generator",
            groups={name: titles for name, titles in groups.items() if titles},
            value=title,
            width=2 * SHORT,
            **FIELD,
        )
        self._fields: dict[str, tuple[Parameter, Any]] = {}
        self._box = pn.FlexBox(sizing_mode=WIDTH, align_items="end", css_classes=["parameters"])
        self._build(self._settings[title].parameters if parameters is None else parameters)
        self.choice.param.watch(self._choose, "value")
        self.column = pn.Column(self.choice, self._box, sizing_mode=WIDTH)

    @property
    def title(self) -> str:
        """What is chosen."""
        return str(self.choice.value)

    @property
    def law(self) -> str:
        """Name of the generator."""
        return self._settings[self.title].generator

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters that differ from the defaults.

        Raises
        ------
        SampleError
            If a list is not written as one.
        """
        found: dict[str, Any] = {}
        for name, (parameter, widget) in self._fields.items():
            value = _value(parameter, widget.value)
            if value != _plain(parameter.default):
                found[name] = value
        return found

    def setting(self, seed: int, where: str | None) -> Setting:
        """The generator with these parameters.

        Parameters
        ----------
        seed
            Not negative.
        where
            Query of the vectors that it is fitted to.
        """
        return Setting(self.law, self.parameters, seed, where)

    def _choose(self, event: Any) -> None:
        self._build(self._settings[self.title].parameters)
        self._changed()

    def _build(self, given: Mapping[str, Any]) -> None:
        self._fields = {}
        for parameter in parameters_of(self.law):
            widget = _filled(parameter, given, self._space)
            widget.param.watch(lambda event: self._changed(), _committed(widget))
            self._fields[parameter.name] = parameter, widget
        self._box[:] = [widget for _, widget in self._fields.values()]


def _filled(parameter: Parameter, given: Mapping[str, Any], space: Space) -> Any:
    """The field of a parameter; it has the default where the address has a wrong value."""
    usual = _plain(parameter.default)
    try:
        return _widget(parameter, given.get(parameter.name, usual), space)
    except (TypeError, ValueError):
        return _widget(parameter, usual, space)


def _widget(parameter: Parameter, value: Any, space: Space) -> Any:
    """The field of a parameter; its description appears with the pointer on its mark."""
    options: dict[str, Any] = {"label": parameter.name, "width": SHORT, **FIELD}
    described = {**options, "description": parameter.meaning}
    if parameter.kind == "choice":
        return pn.widgets.Select(value=value, options=list(parameter.choices), **described)
    if parameter.kind == "flag":
        return pn.widgets.Checkbox(value=bool(value), **{**options, "margin": (8, 12, 8, 0)})
    if parameter.name == "selection":
        names = list(getattr(space, "selection_names", ()))
        return pn.widgets.Select(value=value, options=names, **described)
    if parameter.kind in ("whole", "real"):
        return _number(parameter, value, described)
    text = "" if value is None else json.dumps(value)
    return pn.widgets.TextInput(value=text, placeholder="none", **described)


def _number(parameter: Parameter, value: Any, options: dict[str, Any]) -> Any:
    ends = SLID.get(parameter.name)
    if ends is not None and not parameter.optional:
        low, high = min(ends[0], float(value)), max(ends[1], float(value))
        return pn.widgets.FloatSlider(
            value=float(value), start=low, end=high, step=0.05,
            label=parameter.name, width=SHORT, **FIELD,
        )  # fmt: skip
    whole = parameter.kind == "whole"
    bounds = {
        key: bound if not whole else int(bound)
        for key, bound in (("start", parameter.least), ("end", parameter.most))
        if bound is not None and abs(bound) < 2**53
    }
    kind = pn.widgets.IntInput if whole else pn.widgets.FloatInput
    step = 1 if whole else 0.05
    placeholder = {"placeholder": "automatic" if whole else "none"} if parameter.optional else {}
    return kind(value=value, step=step, **bounds, **placeholder, **options)


def _committed(widget: Any) -> str:
    """The property that changes once a slider has been let go."""
    return "value_throttled" if hasattr(widget, "value_throttled") else "value"


def _value(parameter: Parameter, value: Any) -> Any:
    if parameter.kind != "list" and not (parameter.kind == "text" and isinstance(value, str)):
        return value
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None if parameter.optional else _plain(parameter.default)
    if parameter.kind == "text":
        return value if parameter.name == "selection" else value.strip('"')
    text = value.strip()
    try:
        return json.loads(text if text.startswith("[") else f"[{text}]")
    except json.JSONDecodeError:
        raise SampleError(
            f"{parameter.name} = {text!r}: expected a list, e.g. {json.dumps(parameter.default)}."
        ) from None


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
