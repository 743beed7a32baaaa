"""The measures of quality, a row each, and the stored variables that follow from the rows.

Installed packages may add rows; their variables are stored with what they mean.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple


class PerImage(NamedTuple):
    """The variable along `sample` that a measure is the mean of."""

    name: str
    dtype: str
    meaning: str


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One measure of the quality of generated images.

    Attributes
    ----------
    name
        Name of the stored variable; its standard error is stored as `<name>_error`.
    file
        Module that computes it, which may serve several rows; one that starts with a dot is of
        `zpoints.pipeline.evaluate.measures`.
    meaning
        What the variable holds.
    per_image
        The variable along `sample` whose mean the measure is (of a bool: the share of True). None
        for a measure of the whole set, whose value depends on the number of images.
    better
        Which direction is better; "equal": best where it equals the value of its aim, which is so
        for whatever copies of one typical vector, or noise, would win.
    heading
        Heading of its column in the report; empty keeps it out of the table.
    reading
        How to read the column, as HTML. In zpoints' own measures `{level}` stands for
        `evaluate.level`, `{judged}` for the vectors that are judged and `{others}` for those that
        they are compared with.
    aim
        Row of the table that generators are compared with.
    swept
        Whether it is measured at every point of a sweep, too.
    needs
        Setting of the section `evaluate` that decides whether it is measured; empty: always.
    of_vectors
        Whether it looks at vectors alone, so that it is measured without images and a network, too.
    """

    name: str
    file: str
    meaning: str
    per_image: PerImage | None = None
    better: Literal["higher", "lower", "equal"]
    heading: str = ""
    reading: str = ""
    aim: Literal["real", "reconstruction"] = "real"
    swept: bool = False
    needs: str = ""
    of_vectors: bool = False

    @property
    def stored_as(self) -> dict[str, str]:
        """Names of the stored value and of its standard error, with their meanings."""
        return {self.name: self.meaning, f"{self.name}_error": f"standard error of {self.name}"}


MEASURES = (
    Measure(
        name="face_rate",
        file=".faces",
        meaning="share of the images in which a face is found",
        per_image=PerImage(
            "face_found", "bool", "whether a face detector finds a face in the image"
        ),
        better="equal",
        heading="face rate",
        reading="share of the images in which a classical face detector finds a face. It misses "
        "some photographs, so <i>real</i> is right; copies of the mean face exceed it.",
        swept=True,
        needs="detector",
    ),
    Measure(
        name="round_trip",
        file=".round_trip",
        meaning="mean of round_trip_distance",
        per_image=PerImage(
            "round_trip_distance", "float32", "|z - reencoded| / spread of z-points; or NaN"
        ),
        better="equal",
        heading="round trip",
        reading="distance between a vector and its image encoded again, in units of the spread of "
        "the z-points. It is small where the decoder has learned from similar vectors, smallest "
        "near the middle; that of <i>reconstruction</i> is right.",
        aim="reconstruction",
        swept=True,
    ),
    Measure(
        name="mahalanobis",
        file=".region",
        meaning="mean of mahalanobis_radius",
        per_image=PerImage("mahalanobis_radius", "float32", "Mahalanobis radius of z"),
        better="equal",
        of_vectors=True,
    ),
    Measure(
        name="violations",
        file=".region",
        meaning="mean of violated_pairs",
        per_image=PerImage(
            "violated_pairs",
            "float32",
            "share of pairs of principal components out of their ellipse",
        ),
        better="equal",
        heading="outside",
        reading="share of the pairs of principal components in which a vector lies outside the "
        "{level:g} <i>σ</i> ellipse.",
        of_vectors=True,
    ),
    Measure(
        name="swd",
        file=".sliced_wasserstein",
        meaning="sliced Wasserstein distance of Laplacian patches x 1000, mean of levels",
        better="lower",
        heading="SWD",
        reading="sliced Wasserstein distance of image patches × 1000, averaged over their sizes; "
        "0 is best. Blur, which <i>reconstruction</i> has too, increases it. With 128 patches an "
        "image, as published.",
    ),
    Measure(
        name="frechet",
        file=".frechet",
        meaning="Frechet distance of judged and held-out vectors, squared latent units",
        better="lower",
        heading="Fréchet",
        reading="Fréchet distance between the {judged} and the {others}; 0 is best. The row "
        "<i>real</i> is what equal distributions give with so few vectors.",
        of_vectors=True,
    ),
    Measure(
        name="precision",
        file=".neighbours",
        meaning="share of the judged vectors in the neighbourhood of a held-out one",
        better="equal",
        heading="precision",
        reading="share of the {judged} that lie among the {others}. A value above <i>real</i> "
        "means nearer to the middle than the {others} are.",
        swept=True,
        of_vectors=True,
    ),
    Measure(
        name="recall",
        file=".neighbours",
        meaning="share of held-out vectors in the neighbourhood of a judged one",
        better="equal",
        heading="recall",
        reading="share of the {others} that lie among the {judged}. Read it together with "
        "precision, since widely scattered vectors surround everything.",
        swept=True,
        of_vectors=True,
    ),
    Measure(
        name="density",
        file=".neighbours",
        meaning="neighbourhoods of held-out vectors that a judged one is in, mean, over k",
        better="equal",
        heading="density",
        reading="how many neighbourhoods of the {others} contain one of the {judged}, relative to "
        "<i>k</i>; 1 is right, a larger value means crowding in the middle.",
        swept=True,
        of_vectors=True,
    ),
    Measure(
        name="coverage",
        file=".neighbours",
        meaning="share of held-out vectors whose neighbourhood holds a judged one",
        better="equal",
        heading="coverage",
        reading="share of the {others} with one of the {judged} nearby. Those in the middle are "
        "near to many, so read it together with recall.",
        swept=True,
        of_vectors=True,
    ),
    Measure(
        name="variance_ratio",
        file=".diversity",
        meaning="total variance of the judged vectors over that of held-out ones",
        better="equal",
        heading="variance",
        reading="total variance of the {judged} over that of the {others}; 1 is right, 0 a single "
        "vector, repeated.",
        swept=True,
        of_vectors=True,
    ),
    Measure(
        name="pair_distance",
        file=".diversity",
        meaning="mean distance of two judged vectors over that of two held-out ones",
        better="equal",
        heading="pairs",
        reading="mean distance of two of the {judged} over that of two of the {others}; 1 is "
        "right.",
        swept=True,
        of_vectors=True,
    ),
    Measure(
        name="image_variance",
        file=".image_diversity",
        meaning="total variance of the pixels over that of photographs",
        better="equal",
        heading="variance of pixels",
        reading="total variance of the pixels over that of the photographs; 1 is right. That of "
        "<i>reconstruction</i> is lower, since blur removes variance.",
        aim="reconstruction",
    ),
    Measure(
        name="image_pair_distance",
        file=".image_diversity",
        meaning="mean distance of the pixels of two images over that of two photographs",
        better="equal",
        heading="pairs of images",
        reading="mean distance of the pixels of two images over that of two photographs; 1 is "
        "right, and <i>reconstruction</i> what the decoder can do.",
        aim="reconstruction",
    ),
    Measure(
        name="memorisation",
        file=".memorisation",
        meaning="median distance of judged vectors to the nearest training vector over that of "
        "held-out ones",
        better="equal",
        heading="memorisation",
        reading="median distance of the {judged} to the nearest vector of the training, over that "
        "of the {others}. Far below 1 are near copies, but also what lies near the middle.",
        of_vectors=True,
    ),
    Measure(
        name="originality",
        file=".memorisation",
        meaning="median distance to the nearest training vector over that to the nearest held-out "
        "one, relative to held-out vectors",
        better="equal",
        heading="originality",
        reading="the same distance over that to the nearest of the {others}, relative to theirs: 1 "
        "is right. What is nearer to vectors of the training than to others is a near copy.",
        of_vectors=True,
    ),
    Measure(
        name="c2st",
        file=".two_sample",
        meaning="accuracy of a classifier of judged and held-out vectors, 0.5 to 1",
        better="equal",
        heading="C2ST",
        reading="accuracy of the better of two classifiers that tell the {judged} from the "
        "{others}, a forest and a logistic regression on whitened squares; 0.5: indistinguishable, "
        "1: always told apart.",
        of_vectors=True,
    ),
    Measure(
        name="fid",
        file=".inception",
        meaning="Frechet distance of Inception features",
        better="lower",
        heading="FID",
        reading="Fréchet distance of Inception features; 0 is best, and many images are needed.",
        needs="inception",
    ),
)
"""The table of zpoints' own measures, in the order of the report's columns."""


def _variables(measures: Iterable[Measure], *, dim: str = "") -> str:
    """Lines `name | dims | dtype | units | meaning` of the values, then of their errors."""
    variables = [list(m.stored_as.items()) for m in measures]
    ordered = [*(value for value, _ in variables), *(error for _, error in variables)]
    lines = [f"{name} | {dim} | float64 | 1 | {meaning}" for name, meaning in ordered]
    return "\n".join(["", *lines, ""])


def _along_samples(measures: Iterable[Measure]) -> str:
    chosen = (m.per_image for m in measures if m.per_image)
    return "\n".join(
        ["", *(f"{v.name} | sample | {v.dtype} | 1 | {v.meaning}" for v in chosen), ""]
    )


MEASURED = (((), "float64"), (("sample",), "float32"), (("sample",), "bool"))
"""Dims and dtypes of a measure and of its variable along `sample`."""

REENCODED = "reencoded | sample component | float32 | 1 | latent vectors of the decoded images"
ADDED = (
    "variance_ratio",
    "pair_distance",
    "image_variance",
    "image_pair_distance",
    "memorisation",
    "originality",
)
"""Measures that groups of earlier versions lack, which are read all the same."""

_KNOWN = [m for m in MEASURES if m.name not in ADDED]
_NEW = [m for m in MEASURES if m.name in ADDED]
_ALWAYS = [m for m in _KNOWN if m.of_vectors]
_OF_IMAGES = [m for m in _KNOWN if not m.of_vectors and not m.needs]
_OPTIONAL = [m for m in _KNOWN if not m.of_vectors and m.needs]
ALWAYS = _along_samples(_ALWAYS) + _variables(_ALWAYS)
OF_IMAGES = _along_samples(_OF_IMAGES) + _variables(_OF_IMAGES)
OPTIONAL = _along_samples(_OPTIONAL) + _variables(_OPTIONAL)
NEW = _variables(m for m in _NEW if m.of_vectors)
NEW_OF_IMAGES = _variables(m for m in _NEW if not m.of_vectors)
_SWEPT = [m for m in _KNOWN if m.swept]
SWEPT = _variables((m for m in _SWEPT if m.of_vectors), dim="point")
SWEPT_OF_IMAGES = _variables((m for m in _SWEPT if not m.of_vectors), dim="point")
NEW_SWEPT = _variables((m for m in _NEW if m.swept), dim="point")
STRIP = "pixels | point image y x channel | uint8 | 1 | first decoded images of the point, 0 to 255"

BY_LEVEL = "swd_by_level | level | float64 | 1 | sliced Wasserstein distance x 1000"

LEVEL = "level | level | int64 | pixel | side of the level of the pyramid"
