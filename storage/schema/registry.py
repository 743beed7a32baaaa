"""The registry of stored variables: every group's dims, dtype, unit and meaning."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from zpoints.storage.errors import SchemaError
from zpoints.storage.schema import quality
from zpoints.storage.schema.variable import Variable, by_name, parse_table

SCHEMA_VERSION = 1

KINDS = (
    "images",
    "model",
    "latents",
    "statistics",
    "selections",
    "structure",
    "samples",
    "quality",
    "sweep",
)
"""Kinds of groups."""

NAMED_KINDS = ("selections", "samples", "quality")
"""Kinds with many groups; every group `samples/<name>` is of the kind `samples`."""

REQUIRED_ATTRS: Mapping[str, tuple[str, ...]] = {
    "images": (),
    "model": ("architecture", "sha256"),
    "latents": (),
    "statistics": (),
    "selections": ("query",),
    "structure": (),
    "samples": ("generator", "parameters", "seed", "constraint"),
    "quality": ("judged", "held_out", "count", "wanted", "level"),
    "sweep": ("count", "held_out"),
}
"""Attributes that each kind of group has in addition to those that every group carries."""


_NAME = "name | image | str | file name of the photograph"

_CHECKSUM = """
checksum     | image | uint64 | first 8 bytes, big-endian, of the BLAKE2b digest of the file
"""

_SIGNATURE = """
signature    | image | str    | size, time or CRC of the file in the source's listing
"""

_FAULT = "fault | image | str | why a photograph cannot be read; absent from published versions"

_QUARANTINED = "quarantined | quarantined | str | names of photographs that could not be read"

_QUARANTINE = """
quarantine_reason    | quarantined | str | why not
quarantine_signature | quarantined | str | size, time or CRC of the file in the listing
"""

_LABELS = """
split        | image | str    | train, validation or test
identity     | image | int32  | number of the person shown
landmarks    | image landmark axis | int16 | positions in pixels of the aligned 178 x 218 photograph
landmark     | landmark | str | left_eye, right_eye, nose, left_mouth, right_mouth
axis         | axis     | str | x, y
"""

_IMAGE = "image | image y x channel | uint8 | pixel values, 0 to 255; channels are RGB or grey"

_WEIGHTS = "weights | byte | uint8 | trained parameters as a safetensors file"

_CURVES = """
loss            | epoch | float64 | mean training loss of the epoch
validation_loss | epoch | float64 | mean loss on the validation split after the epoch
learning_rate   | epoch | float64 | learning rate at the end of the epoch
"""

_EPOCH = "epoch | epoch | int64 | number of the epoch, from 1"

_LATENT = "z | image component | float32 | latent vectors"

_ERROR = """
reconstruction_error | image | float32 | mean squared error over pixels and channels in [0, 1]
"""

_MOMENTS = """
count       | component       | int64   | number of values
mean        | component       | float64 | mean
variance    | component       | float64 | variance, ddof = 1
minimum     | component       | float64 | smallest value
maximum     | component       | float64 | largest value
mu          | component       | float64 | position of the number distribution's maximum
hw          | component       | float64 | full width at half maximum of the number distribution
covariance  | component other | float64 | covariance, ddof = 1
correlation | component other | float64 | Pearson correlation
"""

_DISTRIBUTIONS = """
histogram        | component bin  | int64   | number distribution
histogram_edges  | component edge | float64 | edges of its sampling intervals
underflow        | component      | int64   | values below the first edge
overflow         | component      | int64   | values above the last edge
radius_histogram | radius_bin     | int64   | number distribution of the L2 length of z
radius_edges     | radius_edge    | float64 | edges of its sampling intervals
mahalanobis_histogram | mahalanobis_bin | int64 | the same of the Mahalanobis radius
mahalanobis_edges | mahalanobis_edge | float64 | edges of its sampling intervals
"""

_SCALARS = """
nan_rows         | | int64   | vectors left out, for a component that is NaN or infinite
radius_mean      | | float64 | mean L2 length of z
radius_std       | | float64 | standard deviation of the L2 length, ddof = 1
radius_minimum   | | float64 | smallest L2 length
radius_maximum   | | float64 | largest L2 length
mahalanobis_mean | | float64 | mean Mahalanobis radius
mahalanobis_std  | | float64 | standard deviation of the Mahalanobis radius, ddof = 1
"""

_PCA = """
loadings           | pc component | float64 | row k: unit vector of component k, largest entry > 0
explained_variance | pc      | float64 | variance along each principal component, descending
explained_variance_ratio | pc | float64 | its share of the total variance
pc_mu              | pc      | float64 | position of the number distribution's maximum
pc_hw              | pc      | float64 | full width at half maximum
pc_skewness        | pc      | float64 | skewness
pc_kurtosis        | pc      | float64 | excess kurtosis (0 for a normal distribution)
pc_histogram       | pc bin  | int64   | number distribution
pc_histogram_edges | pc edge | float64 | edges of its sampling intervals
pc_underflow       | pc      | int64   | values below the first edge
pc_overflow        | pc      | int64   | values above the last edge
"""

_CORE = """
core_level   | | float64 | the core holds 1 - exp(-level^2 / 2) of a normal law
core_radius  | | float64 | its largest Mahalanobis radius
core_count   | | int64   | vectors in the core
core_pc_mean | pc | float64 | mean of the core along each principal component
core_pc_std  | pc | float64 | standard deviation of the core, ddof = 1
core_pc_hw   | pc | float64 | full width at half maximum of the core
mahalanobis_chi_distance | | float64 | largest gap to the distribution function of chi, by cells
"""

_ATTRIBUTE = "attribute | attribute | str | name of a label that photographs have or have not"
_OTHER = "other_attribute | other_attribute | str | the same names, of the second of two attributes"

_ATTRIBUTES = """
attribute_count | attribute           | int64   | vectors that have the attribute
attribute_mean  | attribute component | float64 | their mean
"""

_SOLVER = """
solver_variance_error | pc | float64 | relative error of IncrementalPCA's explained variance
solver_angle          | pc | float64 | degrees between its axis and the exact one of equal rank
"""

_PAIRS = """
{0}pair_components | {0}pair side | int64 | numbers of both components of each pair
{0}pair_edges      | {0}pair side pair_edge | float64 | edges of their sampling intervals
{0}pair_histogram  | {0}pair row column | int64 | counts; row: interval of the first side
{0}pair_outside    | {0}pair | int64 | vectors outside the intervals of either side
{0}pair_half_axes  | {0}pair half_axis | float64 | of the covariance ellipse, the longer one first
{0}pair_angle      | {0}pair | float64 | from the first component to its longer axis, radians
{0}pair_ellipticity | {0}pair | float64 | mean overlap of the contours, 0 to 1
{0}pair_contour_centre | {0}pair contour side | float64 | of the ellipse fitted to a contour
{0}pair_contour_half_axes | {0}pair contour half_axis | float64 | the longer one first
{0}pair_contour_angle | {0}pair contour | float64 | from the first component to it, radians
{0}pair_contour_distance | {0}pair contour | float64 | RMS from contour to ellipse, share of radius
{0}pair_contour_overlap | {0}pair contour | float64 | with the covariance ellipse of equal area
"""

_HEIGHTS = "contour_height | contour | float64 | shares of the density's maximum"

_STATE = """
comoment             | component other | float64 | sum of outer products of deviations
grid_exponent        | component      | int64   | cells of the dyadic grid are 2^exponent wide
grid_origin          | component      | int64   | index of the grid's first cell
grid_counts          | component cell | int64   | counts per cell
radius_comoment      |                | float64 | sum of squared deviations of the L2 length
radius_grid_exponent |                | int64   | the same grid for the L2 length
radius_grid_origin   |                | int64   | index of its first cell
radius_grid_counts   | cell           | int64   | counts per cell
"""

_CLUSTERS = """
cluster_centre | cluster component | float64 | means of the k-means clusters, the largest first
cluster_count  | cluster           | int64   | vectors in each cluster
"""

_BY_ATTRIBUTE = """
attribute_rate    | attribute           | float64 | share of the vectors that have the attribute
probe_coefficient | attribute component | float64 | z @ coefficient + intercept: log-odds
probe_intercept   | attribute           | float64 | of the linear probe of the attribute
probe_accuracy    | attribute           | float64 | of the probe, on the test split
probe_balanced_accuracy | attribute     | float64 | mean over both values of the attribute
probe_roc_auc     | attribute           | float64 | area under its ROC curve, on the test split
probe_majority    | attribute           | float64 | share of the more frequent value, test split
cluster_attribute_share | cluster attribute | float64 | share of its vectors with the attribute
cluster_cramers_v | attribute           | float64 | Cramer's V of clusters and attribute
cluster_roc_auc   | attribute           | float64 | guessed from the cluster, on the test split
direction         | attribute component | float64 | mean of the vectors with it - of those without
direction_effect  | attribute           | float64 | Cohen's d of further vectors along the direction
direction_angle   | attribute other_attribute | float64 | between two directions, degrees
whitened_direction_angle | attribute other_attribute | float64 | the same in whitened coordinates
"""

_DRAWN = """
z | sample component | float32 | drawn latent vectors
v | sample pc        | float32 | their PCA coordinates, (z - mean) @ loadings.T
"""

_DECODED = "image | sample y x channel | uint8 | decoded images, 0 to 255"


_STATISTICS = by_name(
    parse_table(_MOMENTS + _DISTRIBUTIONS, required=True),
    parse_table(_SCALARS, required=True),
    parse_table(_PCA, required=True),
    parse_table(_PAIRS.format("") + _PAIRS.format("pc_") + _HEIGHTS),
    parse_table(_SOLVER + _STATE + _CORE + _ATTRIBUTES),
    parse_table(_ATTRIBUTE, label=True),
)

VARIABLES: Mapping[str, Mapping[str, Variable]] = {
    "images": by_name(
        parse_table(_IMAGE, required=True, lazy=True),
        # A data variable, since `Dataset.query` needs one and `image` is a coordinate in xarray.
        parse_table(_CHECKSUM, required=True),
        parse_table(_NAME, required=True, label=True),
        parse_table(_SIGNATURE, required=True, label=True),
        parse_table(_LABELS + _QUARANTINED, label=True),
        parse_table(_FAULT + "\n" + _QUARANTINE),
    ),
    "model": by_name(
        parse_table(_WEIGHTS, required=True, lazy=True),
        parse_table(_CURVES),
        parse_table(_EPOCH, label=True),
    ),
    "latents": by_name(
        parse_table(_LATENT, required=True, lazy=True),
        parse_table(_ERROR),
        parse_table(_NAME, required=True, label=True),
        parse_table(_CHECKSUM + _LABELS, label=True),
    ),
    "statistics": _STATISTICS,
    # The same variables for a selection of the vectors.
    "selections": _STATISTICS,
    "structure": by_name(
        parse_table(_CLUSTERS, required=True),
        parse_table(_ATTRIBUTE, label=True),
        parse_table(_OTHER, label=True),
        parse_table(_BY_ATTRIBUTE),
    ),
    "samples": by_name(
        parse_table(_DRAWN, required=True, lazy=True),
        parse_table(_DECODED, required=True, lazy=True),
    ),
    "quality": by_name(
        parse_table(quality.REENCODED, required=True, lazy=True),
        parse_table(quality.PER_IMAGE + quality.ALWAYS + quality.BY_LEVEL, required=True),
        parse_table(quality.OPTIONAL),
        parse_table(quality.LEVEL, required=True, label=True),
    ),
    "sweep": by_name(
        parse_table(quality.POINTS, required=True, label=True),
        parse_table(quality.SWEPT, required=True),
    ),
}
"""For each kind of group, its variables by name."""


def kind_of(group: str) -> str:
    """Kind of a group.

    Raises
    ------
    SchemaError
        If the registry has no such group.

    Examples
    --------
    >>> kind_of("samples/ellipse")
    'samples'
    """
    head, _, name = group.partition("/")
    if head not in KINDS or (head in NAMED_KINDS) != bool(name) or "/" in name:
        kinds = ", ".join(f"{kind}/<name>" if kind in NAMED_KINDS else kind for kind in KINDS)
        raise SchemaError(f"Unknown group {group!r}; expected one of {kinds}.")
    return head


def find_variable(group: str, name: str, array: xr.Variable | xr.DataArray) -> Variable | None:
    """Look up a variable; `None` if the registry does not allow it.

    The names of photographs' attributes come with the data, so any other boolean array along
    `image` is a label of `images` and `latents`.

    Parameters
    ----------
    group, name
        Where the variable is stored.
    array
        The variable; only its dims and dtype matter.
    """
    kind = kind_of(group)
    known = VARIABLES[kind].get(name)
    is_attribute = array.dims == ("image",) and array.dtype == np.bool_
    if known is None and is_attribute and kind in ("images", "latents"):
        return Variable(name=name, dims=("image",), dtype="bool", meaning="attribute", label=True)
    return known


def label_variables(images: xr.Dataset) -> dict[str, xr.Variable]:
    """Labels of the photographs, as coordinates for a template of `latents`.

    Parameters
    ----------
    images
        The group `images`.

    Returns
    -------
    dict
        By name, the variables of `images` that are labels of `latents` in the registry.

    Examples
    --------
    >>> rows = {"name": ("image", ["a.jpg"]), "Smiling": ("image", [True])}
    >>> image = (("image", "y", "x", "channel"), np.zeros((1, 8, 8, 3), np.uint8))
    >>> sorted(label_variables(xr.Dataset({"image": image}, coords=rows)))
    ['Smiling', 'name']
    """
    found = {str(name): variable for name, variable in images.variables.items()}
    return {
        name: variable.to_base_variable()
        for name, variable in found.items()
        if (known := find_variable("latents", name, variable)) and known.label
    }
