"""Faces on the move: attributes added to held-out images, conditions, ways between images."""

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from zpoints.pipeline.labels.attributes import AttributeStatistics
from zpoints.pipeline.report.arithmetic import SHARES, STRENGTHS, Moved, Ways
from zpoints.pipeline.report.data import Material
from zpoints.pipeline.report.elements.entry import Entry
from zpoints.pipeline.report.figures import faces

SHOWN = 9
"""Images in a row of conditioned samples."""


def motion_entries(m: Material) -> list[Entry]:
    """The entries of the section; it has none where there is nothing to show."""
    total = AttributeStatistics(m.statistics).annotated
    return [
        *(_moved_entry(m, moved, total) for moved in m.moved),
        *_conditioned(m),
        *_ways(m.ways),
    ]


def _moved_entry(m: Material, moved: Moved, total: int) -> Entry:
    origin = "of the store" if m.held_out == "all" else f"of the {m.held_out} split"
    return Entry(
        f"attribute-{moved.attribute.replace('_', '-')}",
        moved.attribute.replace("_", " "),
        Markup(
            "The first {} images {}, not selected, decoded after the direction of "
            "<code>{}</code> was added to their latent vectors with the strength above each "
            "column: the mean vector of the {:,} images that have the attribute minus that of the "
            "{:,} that do not, so that 1 leads from one mean to the other. At the left, whether "
            "the photograph has it. What goes along with an attribute in the photographs comes "
            "along here."
        ).format(len(moved.images), origin, moved.attribute, moved.having, total - moved.having),
        lambda: moved_images(m, moved),
        f"Held-out images decoded with {moved.attribute} added at several strengths.",
    )


def moved_images(m: Material, moved: Moved) -> Figure:
    """Draw a row per image: the photograph, then what it decodes to at each strength."""
    photographs = m.led[: len(moved.images), None]
    return faces.labelled_rows(
        np.concatenate([photographs, moved.images], axis=1),
        rows=["with" if has else "without" for has in moved.has],
        columns=["photo", *(_signed(strength) for strength in STRENGTHS)],
    )


def _signed(strength: float) -> str:
    return f"{strength:+g}".replace("-", "−") if strength else "0"


def _conditioned(m: Material) -> list[Entry]:
    """Samples that are conditioned on a selection, a row each."""
    chosen = [g for g in m.generated if "selection" in g.attrs.get("parameters", {})]
    chosen = [g for g in chosen if len(g.faces)]
    if not chosen:
        return []
    columns = min(SHOWN, *(len(g.faces) for g in chosen)) if len(chosen) > 1 else SHOWN
    columns = min(columns, len(chosen[0].faces))
    listed = Markup("; ").join(
        Markup("<code>{}</code>: {}").format(g.name, g.attrs.get("constraint", "")) for g in chosen
    )
    return [
        Entry(
            "conditioned",
            "Samples conditioned on labels",
            Markup("The first images of the samples drawn for a selection of the photographs. ")
            + listed
            + ".",
            lambda: faces.labelled_rows(
                np.stack([g.faces[:columns] for g in chosen]),
                rows=[g.name for g in chosen],
                columns=[""] * columns,
            ),
            "Images decoded from vectors drawn for selections, one row per selection.",
        )
    ]


def _ways(ways: Ways) -> list[Entry]:
    if not len(ways.line):
        return []
    ends, line, arc = ways.radii
    return [
        Entry(
            "interpolations",
            "From one image to another",
            Markup(
                "Between pairs of held-out photographs, not selected: decoded from the straight "
                "line between their latent vectors, and from the arc around the mean vector, on "
                "which the distance from the mean passes evenly from one to the other. Half way, "
                "the Mahalanobis radius is {:.1f} on the line and {:.1f} on the arc, on average; "
                "at the ends {:.1f}. The line cuts through the inside of the region, where faces "
                "are more alike."
            ).format(line, arc, ends),
            lambda: way_images(ways),
            "Rows of decoded images between two photographs, on a line and on an arc.",
        )
    ]


def way_images(ways: Ways) -> Figure:
    """Draw two rows per pair, line and arc, between the photographs."""
    begin, end = ways.photographs[:, :1], ways.photographs[:, 1:]
    rows = [np.concatenate([begin, way, end], axis=1) for way in (ways.line, ways.arc)]
    images = np.stack(rows, axis=1)
    return faces.labelled_rows(
        images.reshape(-1, *images.shape[2:]),
        rows=["line", "arc"] * len(begin),
        columns=["photo", *(f"{share:.2g}" for share in SHARES), "photo"],
    )
