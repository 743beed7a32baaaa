"""Section on the generated images, faces for example: the generators, and images of each."""

import re

from markupsafe import Markup

from zpoints.pipeline.figures.image_grids import faces, strips
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
    "seed {seed}, not selected. Constraint: {constraint}."
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
            "The generators",
            GENERATORS.format(
                level=config.ellipse_level, leading=config.leading, vectors=config.scatter_points
            ),
            lambda: generators(data),
        ),
        *(
            _images(data.what, k, g)
            for k, g in enumerate(data.generated, start=1)
            if data.model is not None
        ),
        *([_nearest(data)] if data.nearest else ()),
    ]


def _nearest(data: ReportData) -> Entry:
    return Entry(
        "nearest-photographs",
        "Photographs nearest to drawn vectors",
        NEAREST,
        lambda: strips(data.nearest),
        "A strip of photographs for each generator.",
    )


def _images(what: str, position: int, g: Generated) -> Entry:
    given = nested(g.attrs, "parameters")
    parameters = describe({k: v for k, v in given.items() if NEUTRAL.get(k) != v})
    return Entry(
        f"{what}-{position}-{re.sub(r'[^A-Za-z0-9]+', '-', g.name)}",
        g.name,
        IMAGES.format(
            shown=len(g.images),
            count=g.count,
            generator=g.attrs.get("generator", g.name),
            parameters=f" with {parameters}" if parameters else "",
            seed=g.attrs.get("seed", "unknown"),
            constraint=typeset(str(g.attrs.get("constraint", "none")).rstrip(".")),
        ),
        lambda: faces(g.images, n=None, columns=None),
        f"Images decoded from vectors of {g.name}.",
    )
