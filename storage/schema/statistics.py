"""The variables of `statistics`, of a selection, and of `structure`."""

from zpoints.storage.schema.dimensions import (
    ATTRIBUTE,
    CATEGORICAL,
    CATEGORY,
    CLUSTER,
    COMPONENT,
    NUMERIC,
    OTHER,
    OTHER_ATTRIBUTE,
    PC,
)
from zpoints.storage.schema.variable import by_name, parse_table

_MOMENTS = """
count       | component       | int64   | 1 | number of values
mean        | component       | float64 | 1 | mean
variance    | component       | float64 | 1 | variance, ddof = 1
minimum     | component       | float64 | 1 | smallest value
maximum     | component       | float64 | 1 | largest value
mu          | component       | float64 | 1 | position of the number distribution's maximum
hw          | component       | float64 | 1 | full width at half maximum of the number distribution
covariance  | component other | float64 | 1 | covariance, ddof = 1
correlation | component other | float64 | 1 | Pearson correlation
"""

_DISTRIBUTIONS = """
histogram        | component bin  | int64   | 1 | number distribution of the component
histogram_edges  | component edge | float64 | 1 | edges of the intervals of histogram
underflow        | component      | int64   | 1 | values below the first edge
overflow         | component      | int64   | 1 | values above the last edge
radius_histogram | radius_bin     | int64   | 1 | number distribution of the L2 length of z
radius_edges     | radius_edge    | float64 | 1 | edges of the intervals of radius_histogram
mahalanobis_histogram | mahalanobis_bin | int64 | 1 | number distribution of the Mahalanobis radius
mahalanobis_edges | mahalanobis_edge | float64 | 1 | edges of the intervals of mahalanobis_histogram
"""

_CENTRES = """
bin                 | component bin | float64 | 1 | value of the component
pc_bin              | pc pc_bin     | float64 | 1 | value along the principal component
radius_bin          | radius_bin    | float64 | 1 | L2 length of z
mahalanobis_bin     | mahalanobis_bin | float64 | 1 | Mahalanobis radius
"""

_SCALARS = """
nan_rows         | | int64   | 1 | vectors left out, for a component that is NaN or infinite
radius_mean      | | float64 | 1 | mean L2 length of z
radius_std       | | float64 | 1 | standard deviation of the L2 length, ddof = 1
radius_minimum   | | float64 | 1 | smallest L2 length
radius_maximum   | | float64 | 1 | largest L2 length
mahalanobis_mean | | float64 | 1 | mean Mahalanobis radius
mahalanobis_std  | | float64 | 1 | standard deviation of the Mahalanobis radius, ddof = 1
"""

_PCA = """
loadings           | pc component | float64 | 1 | unit vectors of the principal components
explained_variance | pc      | float64 | 1 | variance along each principal component, descending
explained_variance_ratio | pc | float64 | 1 | share of the total variance
pc_mu              | pc      | float64 | 1 | position of the number distribution's maximum
pc_hw              | pc      | float64 | 1 | full width at half maximum of the number distribution
pc_skewness        | pc      | float64 | 1 | skewness
pc_kurtosis        | pc      | float64 | 1 | excess kurtosis (0 for a normal distribution)
pc_histogram       | pc pc_bin | int64   | 1 | number distribution along the principal component
pc_histogram_edges | pc edge | float64 | 1 | edges of the intervals of pc_histogram
pc_underflow       | pc      | int64   | 1 | values below the first edge
pc_overflow        | pc      | int64   | 1 | values above the last edge
"""

_CORE = """
core_level   | | float64 | 1 | the core holds 1 - exp(-level^2 / 2) of a normal law
core_radius  | | float64 | 1 | largest Mahalanobis radius of the core
core_count   | | int64   | 1 | vectors in the core
core_pc_mean | pc | float64 | 1 | mean of the core along each principal component
core_pc_std  | pc | float64 | 1 | standard deviation of the core, ddof = 1
core_pc_hw   | pc | float64 | 1 | full width at half maximum of the core
mahalanobis_chi_distance | | float64 | 1 | largest gap to the distribution function of chi, by cells
"""

_ATTRIBUTES = """
attribute_count | attribute           | int64   | 1 | vectors that have the attribute
attribute_mean  | attribute component | float64 | 1 | mean of the vectors that have the attribute
"""

_CATEGORIES = """
category_count | category           | int64   | 1 | vectors of the category
category_mean  | category component | float64 | 1 | mean of the vectors of the category
"""

_NUMBERS = """
numeric_count       | numeric           | int64   | 1 | vectors whose label has a value
numeric_mean        | numeric           | float64 | 1 | mean of the label, in numeric_unit
numeric_std         | numeric           | float64 | 1 | standard deviation of the label, ddof = 1
numeric_covariance  | numeric component | float64 | 1 | covariance of label and component, ddof = 1
numeric_correlation | numeric component | float64 | 1 | Pearson correlation of label and component
numeric_comoment    | numeric           | float64 | 1 | sum of squared deviations of the label
numeric_z_mean      | numeric component | float64 | 1 | mean of the vectors whose label has a value
numeric_z_comoment  | numeric component | float64 | 1 | their sum of squared deviations
numeric_cross_comoment | numeric component | float64 | 1 | sum of products of both deviations
"""

_SOLVER = """
solver_variance_error | pc | float64 | 1 | relative error of IncrementalPCA's explained variance
solver_angle          | pc | float64 | degree | angle to the exact axis of equal rank
"""

_PAIRS = """
{0}pair_components | {0}pair side | int64 | 1 | numbers of both components of each pair
{0}pair_edges      | {0}pair side pair_edge | float64 | 1 | edges of the sampling intervals
{0}pair_histogram  | {0}pair row column | int64 | 1 | counts; row: interval of the first side
{0}pair_outside    | {0}pair | int64 | 1 | vectors outside the intervals of either side
{0}pair_half_axes  | {0}pair half_axis | float64 | 1 | half-axes of the covariance ellipse
{0}pair_angle      | {0}pair | float64 | radian | angle of the longer axis to the first side
{0}pair_ellipticity | {0}pair | float64 | 1 | mean overlap of the contours, 0 to 1
{0}pair_contour_centre | {0}pair contour side | float64 | 1 | centre of the fitted ellipse
{0}pair_contour_half_axes | {0}pair contour half_axis | float64 | 1 | longer one first
{0}pair_contour_angle | {0}pair contour | float64 | radian | of its longer axis to the first side
{0}pair_contour_distance | {0}pair contour | float64 | 1 | RMS to the ellipse, over its radius
{0}pair_contour_overlap | {0}pair contour | float64 | 1 | overlap with the covariance ellipse
"""

_HEIGHTS = "contour_height | contour | float64 | 1 | share of the density's maximum"

_STATE = """
comoment             | component other | float64 | 1 | sum of outer products of deviations
grid_exponent        | component      | int64   | 1 | cells of the dyadic grid are 2^exponent wide
grid_origin          | component      | int64   | 1 | index of the grid's first cell
grid_counts          | component cell | int64   | 1 | counts per cell
radius_comoment      |                | float64 | 1 | sum of squared deviations of the L2 length
radius_grid_exponent |                | int64   | 1 | cells of the L2 length are 2^exponent wide
radius_grid_origin   |                | int64   | 1 | index of the first cell of the L2 length
radius_grid_counts   | cell           | int64   | 1 | counts of the L2 length per cell
"""

_CLUSTERS = """
cluster_centre | cluster component | float64 | 1 | means of the k-means clusters, the largest first
cluster_count  | cluster           | int64   | 1 | vectors in each cluster
"""

_AGAINST_NORMAL = """
compared_vectors    | | int64   | 1 | evenly spaced vectors compared with normal ones
compared_components | | int64   | 1 | leading principal components in which they are compared
compared_clusters   | | int64   | 1 | k-means clusters that are compared
clustered_vectors   | | int64   | 1 | evenly spaced ones of them that are clustered for this
square_correlation  | | float64 | 1 | root mean square correlation of (w_i / |w|)^2, w whitened
square_correlation_edges | correlation_edge | float64 | 1 | edges of the intervals of correlations
square_correlation_histogram | correlation_bin | int64 | 1 | pairs of components by correlation
cluster_inertia     | | float64 | 1 | share of the squared deviations within k-means clusters
cluster_silhouette  | | float64 | 1 | mean silhouette of the k-means clusters
normal_square_correlation | normal_draw | float64 | 1 | that of as many normal vectors
normal_square_correlation_histogram | normal_draw correlation_bin | int64 | 1 | theirs
normal_cluster_inertia    | normal_draw | float64 | 1 | of normal vectors of the same covariance
normal_cluster_silhouette | normal_draw | float64 | 1 | of normal vectors of the same covariance
"""

_BY_ATTRIBUTE = """
attribute_rate    | attribute           | float64 | 1 | share of the vectors that have the attribute
probe_coefficient | attribute component | float64 | 1 | z @ coefficient + intercept: log-odds
probe_intercept   | attribute           | float64 | 1 | intercept of the linear probe
probe_accuracy    | attribute           | float64 | 1 | accuracy of the probe on the test split
probe_balanced_accuracy | attribute     | float64 | 1 | mean accuracy over both values, test split
probe_roc_auc     | attribute           | float64 | 1 | area under the probe's ROC curve, test split
probe_majority    | attribute           | float64 | 1 | share of the more frequent value, test split
cluster_attribute_share | cluster attribute | float64 | 1 | share of vectors with the attribute
cluster_cramers_v | attribute           | float64 | 1 | Cramer's V of clusters and attribute
cluster_roc_auc   | attribute           | float64 | 1 | ROC area of guesses from the cluster, test
direction         | attribute component | float64 | 1 | mean with the attribute - without
direction_effect  | attribute           | float64 | 1 | Cohen's d of other vectors along it
direction_angle   | attribute other_attribute | float64 | degree | angle between two directions
whitened_direction_angle | attribute other_attribute | float64 | degree | angle, whitened
"""

_BY_LABEL = """
class_accuracy    | categorical | float64 | 1 | accuracy of the probe on the test split
class_balanced_accuracy | categorical | float64 | 1 | mean accuracy over the classes, test split
class_majority    | categorical | float64 | 1 | share of the most frequent class, test split
class_tested      | categorical | int64   | 1 | vectors of the test split that have the label
cluster_category_share | cluster category | float64 | 1 | share of vectors of the category
category_rate     | category | float64 | 1 | share of the vectors that have the label
category_coefficient | category component | float64 | 1 | z @ coefficient + intercept: log-odds
category_intercept | category | float64 | 1 | intercept of the class; the largest log-odds wins
numeric_r2        | numeric | float64 | 1 | R squared of the probe on the test split
numeric_tested    | numeric | int64   | 1 | vectors of the test split that have the label
numeric_coefficient | numeric component | float64 | 1 | z @ coefficient + intercept: the label
numeric_intercept | numeric | float64 | 1 | intercept of the linear probe, in numeric_unit
"""

STATISTICS = by_name(
    parse_table(_MOMENTS + _DISTRIBUTIONS, required=True),
    parse_table(_SCALARS, required=True),
    parse_table(_PCA, required=True),
    parse_table(_PAIRS.format("") + _PAIRS.format("pc_") + _HEIGHTS),
    parse_table(_SOLVER + _STATE + _CORE + _ATTRIBUTES + _CATEGORIES + _NUMBERS),
    parse_table(COMPONENT + OTHER + PC + _CENTRES + ATTRIBUTE, label=True),
    parse_table(CATEGORY + NUMERIC, label=True),
)

STRUCTURE = by_name(
    parse_table(_CLUSTERS, required=True),
    parse_table(_AGAINST_NORMAL + _BY_ATTRIBUTE + _BY_LABEL),
    parse_table(CLUSTER + COMPONENT + ATTRIBUTE + OTHER_ATTRIBUTE, label=True),
    parse_table(CATEGORY + CATEGORICAL + NUMERIC, label=True),
)
