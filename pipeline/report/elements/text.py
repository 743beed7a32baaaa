"""Numbers, names and formulas as text for captions and tables."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from zpoints.storage.schema.array_names import array_name


def number(value: float) -> str:
    """A latent coordinate with three decimals and a typographic minus sign.

    Examples
    --------
    >>> number(-0.25)
    '−0.250'
    """
    return f"{value:.3f}".replace("-", "−")


def percentage(part: float, whole: float) -> str:
    """A share as a percentage; a dash where it is undefined.

    Examples
    --------
    >>> percentage(1, 8), percentage(1, 0)
    ('12.5%', '–')
    """
    share = part / whole if whole else np.nan
    return f"{share:.1%}" if np.isfinite(share) else "–"


def with_error(value: float, error: float) -> tuple[str, str]:
    """A value and its error, rounded to the first two digits of the error.

    Examples
    --------
    >>> with_error(0.8622, 0.0109), with_error(1127.3, 6.1), with_error(1.0, 0.0)
    (('0.862', '0.011'), ('1127.3', '6.1'), ('1.000', '0.000'))
    """
    decimals = 3
    if np.isfinite(error) and error > 0:
        decimals = int(np.clip(1 - np.floor(np.log10(error)), 0, 3))
    error_text = f"{error:.{decimals}f}" if np.isfinite(error) else "?"
    return f"{value:.{decimals}f}", error_text


def duration(seconds: float) -> str:
    """A time in seconds, or in minutes and seconds.

    Examples
    --------
    >>> duration(3.25), duration(192.4)
    ('3.2 s', '3 min 12 s')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def rate(value: float) -> str:
    """A rate with at least two digits.

    Examples
    --------
    >>> rate(1153.8), rate(0.0996)
    ('1,154', '0.1')
    """
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def describe(value: Any) -> str:
    """A parameter, or a list or mapping of parameters, on one line; None and False are omitted.

    Examples
    --------
    >>> describe({"K": 105, "law": "pairwise", "core": False, "kernels": [3, 3]})
    'K = 105, law = pairwise, kernels = 3 3'
    """
    if isinstance(value, Mapping):
        given = {key: item for key, item in value.items() if item is not None and item is not False}
        return ", ".join(f"{key} = {describe(item)}" for key, item in given.items())
    if isinstance(value, (list, tuple)):
        return " ".join(describe(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def entry_id(name: str) -> str:
    """The name of an attribute in the name of a file and of an anchor.

    Examples
    --------
    >>> entry_id("Blond_Hair"), entry_id("../x")
    ('Blond-Hair', '=2E=2E=2Fx')
    """
    return array_name(name).replace("%", "=").replace("_", "-")


def typeset(text: str) -> Markup:
    """HTML of a formula such as `u_i^2 <= 1`: subscripts, powers, relations."""
    html = str(escape(text)).replace("&lt;=", "≤").replace("&gt;=", "≥")
    html = re.sub(r"\b([A-Za-zμσλ]|hw)_([a-z])\b", r"<i>\1<sub>\2</sub></i>", html)
    return Markup(re.sub(r"\^(\d+)", r"<sup>\1</sup>", html))
