"""Faces side by side: the same photographs reconstructed by both networks, and drawn ones."""

from collections.abc import Mapping

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from zpoints.pipeline.figures.image_grids import strips
from zpoints.pipeline.report.comparison.pair import Pair
from zpoints.pipeline.report.elements.entry import Entry

Strips = Mapping[str, NDArray[np.uint8]]

RECONSTRUCTED = Markup(
    "The same photographs, not selected, and what both networks make of them. They are {held_out}."
)
OWN = Markup(
    "Held-out photographs of each store, not selected, and their reconstructions. The stores have "
    "no photograph in common."
)
GENERATED = Markup(
    "The first images of each generator, not selected. Generators of one name may have different "
    "parameters; the reports of the stores list them."
)
UNSEEN = "held out from the training of both"
SEEN = "in both stores, but one of the networks, or both, may have been trained on them"


def reconstructed(pair: Pair) -> list[Entry]:
    """Photographs and their reconstructions; empty unless both stores have a network."""
    if any(side.model is None for side in pair.sides):
        return []
    shown = [side.photographs(pair.shown) for side in pair.sides]
    one_size = shown[0][0].shape[1:3] == shown[1][0].shape[1:3]
    if pair.shown and one_size:
        rows = {"photograph": shown[0][0]}
        rows |= {side.name: decoded for side, (_, decoded) in zip(pair.sides, shown, strict=True)}
        parts = {"reconstructions": ("The same photographs, reconstructed", rows)}
    else:
        parts = {
            f"reconstructions-{side.letter.lower()}": (
                f"Reconstructions of {side.name}",
                {"photograph": originals, side.name: decoded},
            )
            for side, (originals, decoded) in zip(pair.sides, shown, strict=True)
        }
    held_out = UNSEEN if pair.shared.held_out else SEEN
    caption = RECONSTRUCTED.format(held_out=held_out) if pair.shown else OWN
    return [_entry(name, title, caption, rows) for name, (title, rows) in parts.items()]


def generated(pair: Pair) -> list[Entry]:
    """Images of each generator of both stores, in one figure if they are of one size."""
    rows = {
        side.letter: {
            f"{name}, {side.letter}": images
            for name in pair.sample_names
            if (images := side.samples(name)) is not None and len(images)
        }
        for side in pair.sides
    }
    sizes = {images.shape[1:3] for of in rows.values() for images in of.values()}
    if len(sizes) > 1:
        return [
            _entry(f"generated-{side.letter.lower()}", side.name, GENERATED, rows[side.letter])
            for side in pair.sides
            if rows[side.letter]
        ]
    together = {
        key: of[key]
        for name in pair.sample_names
        for letter, of in rows.items()
        if (key := f"{name}, {letter}") in of
    }
    if not together:
        return []
    return [_entry("generated-images", "Images of each generator", GENERATED, together)]


def _entry(name: str, title: str, caption: Markup, rows: Strips) -> Entry:
    return Entry(name, title, caption, lambda: strips(rows), f"Rows of images: {', '.join(rows)}.")
