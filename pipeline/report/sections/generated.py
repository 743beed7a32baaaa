"""Section on the generated images, faces for example: the generators, and images of each."""

import re

import numpy as np
from markupsafe import Markup

from zpoints.pipeline.evaluate.merit import memorises, merits, sound
from zpoints.pipeline.figures.image_grids import faces, strips
from zpoints.pipeline.report.answer.choice import best_of_both
from zpoints.pipeline.report.data import Generated, ReportData
from zpoints.pipeline.report.elements.entry import Entry
from zpoints.pipeline.report.elements.text import describe, typeset
from zpoints.pipeline.report.tables.samples import generators
from zpoints.storage.schema.attributes import nested

GENERATORS = Markup(
    "Parameters and vectors of each generator. Radius: mean ± standard deviation. Inside ellipses: "
    "share of the vectors inside the {level:g} <i>σ</i> ellipse, averaged over the pairs of the "
    "{leading} leading principal components. Both are computed from at most {vectors:,} vectors "
    "each."
)
IMAGES = Markup(
    "The first {shown} of {count:,} images of the generator <code>{generator}</code>{parameters}, "
    "seed {seed}, not selected. Constraint: {constraint}.{merit}"
)
MERIT = Markup(" Merit {merit:.2f}: {meaning}.")
RECOMMENDED, FIT, COPIED, FAR = (
    "the recommended generator",
    "sound",
    "it copies training vectors",
    "collapsed, or far from the data",
)

NEUTRAL = {"temperature": 1}
"""Parameters that change nothing have no place in a caption."""
NEAREST = Markup(
    "For the first vectors of each generator, not selected, the photograph of the nearest stored "
    "vector (Euclidean distance); no network decodes these vectors. The photographs show the part "
    "of the stored vectors that a generator draws from."
)


def entries(data: ReportData) -> list[Entry]:
    """The table of the generators, then images of each, or the nearest photographs."""
    config = data.config
    return [
        Entry(
            "generators",
            "Parameters",
            GENERATORS.format(
                level=config.ellipse_level, leading=config.leading, vectors=config.scatter_points
            ),
            lambda: generators(data),
            folded=True,
        ),
        *(
            _images(data, k, g)
            for k, g in enumerate(data.generated, start=1)
            if data.model is not None
        ),
        *([_nearest(data)] if data.nearest else ()),
    ]


def _nearest(data: ReportData) -> Entry:
    return Entry(
        "nearest-photographs",
        "Nearest photographs",
        NEAREST,
        lambda: strips({g.name: data.nearest[g.name] for g in data.generated}),
        "A strip of photographs for each generator.",
    )


def _merit(data: ReportData, name: str) -> Markup:
    """The merit of samples and what it means; empty where it is unknown."""
    value = merits(data.quality)[name].value if name in data.quality else np.nan
    if not np.isfinite(value):
        return Markup("")
    if name == best_of_both(data.quality):
        meaning = RECOMMENDED
    elif memorises(data.quality[name], data.quality["real"]):
        meaning = COPIED
    else:
        meaning = FIT if name in sound(data.quality) else FAR
    return MERIT.format(merit=value, meaning=meaning)


def _images(data: ReportData, position: int, g: Generated) -> Entry:
    given = nested(g.attrs, "parameters")
    parameters = describe({k: v for k, v in given.items() if NEUTRAL.get(k) != v})
    return Entry(
        f"{data.what}-{position}-{re.sub(r'[^A-Za-z0-9]+', '-', g.name)}",
        g.name,
        IMAGES.format(
            shown=len(g.images),
            count=g.count,
            generator=g.attrs.get("generator", g.name),
            parameters=f" with {parameters}" if parameters else "",
            seed=g.attrs.get("seed", "unknown"),
            constraint=typeset(str(g.attrs.get("constraint", "none")).rstrip(".")),
            merit=_merit(data, g.name),
        ),
        lambda: faces(g.images, n=None, columns=None),
        f"Images decoded from vectors of {g.name}.",
    )
