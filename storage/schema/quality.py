"""The registry's lines for the quality of images: `name | dims | dtype | meaning`."""

from collections.abc import Iterable


def _with_errors(lines: Iterable[str], *, dim: str = "") -> str:
    """Each line `name | meaning` of a measure, and one for its standard error."""
    split = [[field.strip() for field in line.split("|", 1)] for line in lines]
    kind = f"{dim} | float64"
    values = [f"{name} | {kind} | {meaning}" for name, meaning in split]
    errors = [f"{name}_error | {kind} | its standard error" for name, _ in split]
    return "\n".join(["", *values, *errors, ""])


REENCODED = "reencoded | sample component | float32 | what the images are encoded to"

JUDGED = """
face_found          | sample | bool    | whether a face detector finds a face in the image
round_trip_distance | sample | float32 | |z - reencoded| / spread of z-points; or NaN
mahalanobis_radius  | sample | float32 | Mahalanobis radius of z
violated_pairs      | sample | float32 | share of pairs of principal components out of their ellipse
"""

_MEASURES = """
face_rate   | share of the images in which a face is found
round_trip  | mean of round_trip_distance
mahalanobis | mean of mahalanobis_radius
violations  | mean of violated_pairs
swd         | sliced Wasserstein distance of Laplacian patches x 1000, mean of levels
frechet     | Frechet distance of re-encoded images' latents, squared latent units
precision   | share of the re-encoded images in the neighbourhood of a photograph
recall      | share of photographs in the neighbourhood of a re-encoded image
density     | photographs' neighbourhoods that a re-encoded image is in, mean, over k
coverage    | share of photographs whose neighbourhood holds a re-encoded image
c2st        | accuracy of a classifier of re-encoded images and photographs, 0.5 to 1
""".strip().splitlines()

MEASURES = _with_errors(_MEASURES)

FID = _with_errors(["fid | Frechet distance of Inception features"])

BY_LEVEL = "swd_by_level | level | float64 | sliced Wasserstein distance x 1000 of each level"

LEVEL = "level | level | int64 | side of the pyramid's level, pixels"

POINTS = """
law  | point | str     | law of the generator ellipse
K    | point | int64   | leading principal components kept
fact | point | float64 | half-axes in units of the full width at half maximum
"""

_ANYWHERE = ("face_rate", "round_trip", "precision", "recall", "density", "coverage")

SWEPT = _with_errors((line for line in _MEASURES if line.startswith(_ANYWHERE)), dim="point")
"""What is measured at every point of a sweep."""
