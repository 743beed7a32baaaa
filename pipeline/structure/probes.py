"""Linear probes: a logistic regression per attribute or label, trained chunk by chunk."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import dask.array as da
import numpy as np
from dask_ml.wrappers import Incremental
from numpy.typing import NDArray
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.neural_network import MLPClassifier

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.analyze.incremental import batches
from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.structure.memory import CHUNKS_PER_GRAPH

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

BATCH = 64
"""Vectors per step of Adam."""
LEARNING_RATE = 3e-3
LEAST_STEPS = 2500
"""Least number of steps: a small training split is passed over more often."""
MOST_REPEATS = 10
"""Most passes, as a multiple of the configured epochs."""


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

    A network without hidden layers is one logistic regression per output. All of them share the
    vectors read and whitened. The order of the chunks changes from epoch to epoch.

    Parameters
    ----------
    z
        (vector, component) of the training split, all finite.
    values
        (vector, attribute) bool, at least one attribute, each with both values.
    basis
        Principal components, in whose whitened coordinates the probes are trained.
    epochs
        Passes over z; more if z has few vectors.
    seed
        Seed of the initial weights, and of the order of chunks and vectors.
    on_progress
        Called with the share of the work done.

    Notes
    -----
    The penalty is that of scikit-learn's LogisticRegression with C = 1, in whitened coordinates:
    ``alpha`` is divided by the number of vectors in a batch.
    """
    # Several attributes are as many outputs; a single one is a problem of two classes.
    classes = np.arange(max(2, values.shape[1]))
    targets = partial(_targets, values)
    return _trained(z, targets, classes, basis, epochs, seed, on_progress)


def train_class_probe(
    z: da.Array, codes: NDArray[np.int64], classes: int, *, basis: Basis, epochs: int, seed: int
) -> Probes:
    """Train a probe of classes that exclude each other: a multinomial logistic regression.

    Parameters
    ----------
    z
        (vector, component) of the training split, all finite.
    codes
        (vector,) the class of each, from 0; each class occurs.
    classes
        Number of classes, at least two.
    basis, epochs, seed
        As for `train_probes`.

    Returns
    -------
    Probes
        Of the classes: `coefficient` (class, component) and `intercept` (class,).
    """

    def targets(cut: da.Array) -> da.Array:
        return da.from_array(codes, chunks=(cut.chunks[0],))

    found = _trained(z, targets, np.arange(classes), basis, epochs, seed)
    if classes > 2:
        return found
    # The network has one output for two classes.
    halves = np.array([[-0.5], [0.5]])
    return Probes(halves * found.coefficient, halves[:, 0] * found.intercept)


def _trained(
    z: da.Array,
    targets_of: Callable[[da.Array], da.Array],
    classes: NDArray[np.int64],
    basis: Basis,
    epochs: int,
    seed: int,
    on_progress: Callable[[float], None] = lambda share: None,
) -> Probes:
    """A network without hidden layers, trained on whitened vectors; targets are in their chunks."""
    batch = min(BATCH, len(z))
    z = z.rechunk({0: tuple(stop - start for start, stop in batches(z.chunks[0], batch))})
    network = MLPClassifier(
        hidden_layer_sizes=(),
        batch_size=batch,
        alpha=batch / len(z),
        learning_rate_init=LEARNING_RATE,
        random_state=seed,
    )
    probe = Incremental(network, shuffle_blocks=False)
    mean, whitening = basis.mean, basis.whitening
    features = da.map_blocks(_whitened, z, mean, whitening, dtype=np.float32)
    targets = targets_of(z)
    order = _chunk_order(z.numblocks[0], _passes(len(z), epochs), seed)
    with single_threaded_blas():
        for start in range(0, len(order), CHUNKS_PER_GRAPH):
            chunks = order[start : start + CHUNKS_PER_GRAPH]
            probe.partial_fit(features.blocks[chunks], targets.blocks[chunks], classes=classes)
            on_progress(min(1.0, (start + CHUNKS_PER_GRAPH) / len(order)))
    weights, bias = probe.estimator_.coefs_[0], probe.estimator_.intercepts_[0]
    coefficient = weights.T.astype(np.float64) @ whitening.T
    return Probes(coefficient, bias.astype(np.float64) - coefficient @ mean)


def log_odds(block: NDArray[np.floating], coefficient: Floats, intercept: Floats) -> Floats:
    """Log-odds of attributes.

    Parameters
    ----------
    block
        (vector, component) real.
    coefficient, intercept
        (attribute, component) and (attribute,), see `Probes`.

    Returns
    -------
    numpy.ndarray
        (vector, attribute) float64.
    """
    with single_threaded_blas():
        return block.astype(np.float64) @ coefficient.T + intercept


def probe_scores(odds: NDArray[np.floating], values: Bools) -> dict[str, Floats]:
    """Scores of log-odds on vectors that the probes have not been trained on.

    Parameters
    ----------
    odds, values
        (vector, attribute); each attribute has both values.

    Returns
    -------
    dict
        Each (attribute,): ``accuracy``, ``balanced_accuracy``, ``roc_auc``, and ``majority``, the
        accuracy of always predicting the more frequent value.
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


def _chunk_order(chunks: int, epochs: int, seed: int) -> NDArray[np.int64]:
    """Indices of the chunks in the order of training, each once per epoch."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.permutation(chunks) for _ in range(epochs)])


def _targets(values: Bools, z: da.Array) -> da.Array:
    """Values (vector, attribute) in the chunks of z, as an array that dask-ml takes for (vector,).

    dask-ml indexes the blocks of a target by one number. scikit-learn receives their content
    unchanged, which may have one column per output. The values are sent as bits.
    """
    bits = da.from_array(np.packbits(values, axis=1), chunks=(z.chunks[0], -1))
    return da.map_blocks(_unpacked, bits, values.shape[1], dtype=np.uint8, drop_axis=1)


def _unpacked(bits: NDArray[np.uint8], attributes: int) -> NDArray[np.uint8]:
    values = np.unpackbits(bits, axis=1, count=attributes)
    return values if attributes > 1 else values[:, 0]


def _whitened(block: NDArray[np.floating], mean: Floats, whitening: Floats) -> NDArray[np.float32]:
    with single_threaded_blas():
        return ((block.astype(np.float64) - mean) @ whitening).astype(np.float32)
