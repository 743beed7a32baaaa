"""Linear probes: one logistic regression per attribute, trained on one chunk after another."""

from collections.abc import Callable
from dataclasses import dataclass

import dask.array as da
import numpy as np
from dask_ml.wrappers import Incremental
from numpy.typing import NDArray
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.neural_network import MLPClassifier

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.analyze.incremental import batches
from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

BATCH = 64
"""Vectors per step of Adam."""
RATE = 3e-3
LEAST_STEPS = 2500
"""A small training split is passed over more often, until there have been so many steps."""
MOST_REPEATS = 10
"""At most so many times the epochs asked for."""
VISITS = 16
"""Chunks that Dask is given at once: this bounds the memory, and a graph costs milliseconds."""


@dataclass(frozen=True)
class Probes:
    """Log-odds of attributes: z @ coefficient.T + intercept.

    Attributes
    ----------
    coefficient
        (attribute, component).
    intercept
        (attribute).
    """

    coefficient: Floats
    intercept: Floats


def train_probes(
    z: da.Array,
    values: Bools,
    basis: Basis,
    *,
    epochs: int,
    seed: int,
    on_progress: Callable[[float], None] = lambda share: None,
) -> Probes:
    """Train a probe per attribute.

    A network without hidden layer is one logistic regression per output; all share the vectors
    that are read and whitened for them. It sees the chunks in another order in every epoch.

    Parameters
    ----------
    z
        (vector, component) of the training split, all finite.
    values
        (vector, attribute), each attribute with both values; at least one attribute.
    basis
        Principal components, in whose whitened coordinates the probes are trained.
    epochs
        Passes over z; more where z has few vectors.
    seed
        Of the initial weights, and of the order of chunks and vectors.
    on_progress
        Called with the share of the work that is done.

    Notes
    -----
    The penalty is that of scikit-learn's LogisticRegression with C = 1, in whitened coordinates:
    ``alpha`` is divided by the vectors of a batch.
    """
    batch = min(BATCH, len(z))
    z = z.rechunk({0: tuple(stop - start for start, stop in batches(z.chunks[0], batch))})
    network = MLPClassifier(
        hidden_layer_sizes=(),
        batch_size=batch,
        alpha=batch / len(z),
        learning_rate_init=RATE,
        random_state=seed,
    )
    probe = Incremental(network, shuffle_blocks=False)
    mean, whitening = basis.mean, basis.whitening
    features = da.map_blocks(_whitened, z, mean, whitening, dtype=np.float32)
    targets = _targets(values, z)
    visits = _visits(z.numblocks[0], _passes(len(z), epochs), seed)
    # Several attributes are as many outputs, a single one is a classification in two classes.
    classes = np.arange(max(2, values.shape[1]))
    with single_threaded_blas():
        for start in range(0, len(visits), VISITS):
            now = visits[start : start + VISITS]
            probe.partial_fit(features.blocks[now], targets.blocks[now], classes=classes)
            on_progress(min(1.0, (start + VISITS) / len(visits)))
    weights, bias = probe.estimator_.coefs_[0], probe.estimator_.intercepts_[0]
    coefficient = weights.T.astype(np.float64) @ whitening.T
    return Probes(coefficient, bias.astype(np.float64) - coefficient @ mean)


def log_odds(block: NDArray[np.floating], coefficient: Floats, intercept: Floats) -> Floats:
    """Log-odds (vector, attribute) of vectors (vector, component)."""
    with single_threaded_blas():
        return block.astype(np.float64) @ coefficient.T + intercept


def probe_scores(odds: NDArray[np.floating], values: Bools) -> dict[str, Floats]:
    """How well log-odds tell the attributes of vectors that the probes have not seen.

    Parameters
    ----------
    odds, values
        (vector, attribute); each attribute has both values.

    Returns
    -------
    dict
        Each (attribute): ``accuracy``, ``balanced_accuracy``, ``roc_auc``, and ``majority``, the
        accuracy of always naming the more frequent value.
    """
    columns = list(zip(values.T, odds.T, strict=True))
    rate = values.mean(axis=0)
    return {
        "accuracy": ((odds > 0) == values).mean(axis=0),
        "balanced_accuracy": np.array([balanced_accuracy_score(y, s > 0) for y, s in columns]),
        "roc_auc": np.array([roc_auc_score(y, s) for y, s in columns]),
        "majority": np.maximum(rate, 1 - rate),
    }


def _passes(rows: int, epochs: int) -> int:
    steps = -(-rows // BATCH)
    return max(epochs, min(epochs * MOST_REPEATS, -(-LEAST_STEPS // steps)))


def _visits(blocks: int, epochs: int, seed: int) -> NDArray[np.int64]:
    """Numbers of the blocks in the order in which they are visited."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.permutation(blocks) for _ in range(epochs)])


def _targets(values: Bools, z: da.Array) -> da.Array:
    """Values (vector, attribute) in the chunks of z, under the names of an array (vector).

    dask-ml asks for the blocks of a target by one number. What they hold goes to scikit-learn as
    it is, and may have a column per output. They travel as bits.
    """
    bits = da.from_array(np.packbits(values, axis=1), chunks=(z.chunks[0], -1))
    return da.map_blocks(_unpacked, bits, values.shape[1], dtype=np.uint8, drop_axis=1)


def _unpacked(bits: NDArray[np.uint8], attributes: int) -> NDArray[np.uint8]:
    values = np.unpackbits(bits, axis=1, count=attributes)
    return values if attributes > 1 else values[:, 0]


def _whitened(block: NDArray[np.floating], mean: Floats, whitening: Floats) -> NDArray[np.float32]:
    with single_threaded_blas():
        return ((block.astype(np.float64) - mean) @ whitening).astype(np.float32)
