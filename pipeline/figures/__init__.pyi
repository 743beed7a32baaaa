from .claim_bounds import claims as claims
from .covariance import correlation as correlation
from .covariance import variance as variance
from .distributions import histogram as histogram
from .distributions import spectrum as spectrum
from .image_grids import faces as faces
from .image_grids import paths as paths
from .image_grids import reconstructions as reconstructions
from .image_grids import strips as strips
from .labels.angles import angles as angles
from .labels.clusters import clusters as clusters
from .labels.probes import probes as probes
from .labels.statistics import categories as categories
from .labels.statistics import numbers as numbers
from .pair_densities import densities as densities
from .pair_scatter import generators as generators
from .pair_scatter import pairs as pairs
from .quality_measures import quality as quality
from .radius_distributions import mahalanobis as mahalanobis
from .radius_distributions import radii as radii
from .swept.faces import sweep_faces as sweep_faces
from .swept.faces import sweep_strips as sweep_strips
from .swept.frontier import frontier as frontier
from .training_curves import loss as loss

OWN: tuple[str, ...]
