"""Section on the figures of installed packages."""

import logging
from typing import Any

from markupsafe import Markup
from matplotlib.figure import Figure

from zpoints.pipeline.figures import OWN, style
from zpoints.pipeline.parts.figures import installed_figures
from zpoints.pipeline.parts.installed import Part
from zpoints.pipeline.report.elements.entry import Entry, Section

CAPTION = Markup("{meaning} A figure of the package {package}.")

logger = logging.getLogger(__name__)


def section(store: Any) -> list[Section]:
    """The figures, drawn; one that fails is left out with a line, and the others follow.

    Parameters
    ----------
    store
        What each figure's function is given.
    """
    found = [entry for part in installed_figures(OWN).values() if (entry := _entry(part, store))]
    return [Section("packages", "Figures of installed packages", found)] if found else []


def _entry(part: Part, store: Any) -> Entry | None:
    try:
        figure = part.value(store)
        if not isinstance(figure, Figure):
            raise TypeError(f"expected a Matplotlib figure, got {type(figure).__name__}")
    except Exception as error:  # of someone else's code
        logger.warning(
            "The figure %r of the package %s is left out of the report: %s: %s. Repair or remove "
            "the package.",
            part.name,
            part.package,
            type(error).__name__,
            error,
        )
        return None
    meaning = (part.value.__doc__ or "").strip().partition("\n\n")[0]
    caption = CAPTION.format(meaning=" ".join(meaning.split()), package=part.package)
    title = style.readable(part.name)
    return Entry(f"package-{part.name}", title, caption, lambda: figure, f"{title}.")
