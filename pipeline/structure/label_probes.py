"""Linear probes of labels beside the attributes: a class, a number or a date from a vector."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import dask.array as da
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import r2_score, recall_score

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.analyze.reduction import chunk_states, reduce_waves
from zpoints.pipeline.analyze.states.checkpoint import Journal
from zpoints.pipeline.analyze.states.moments import Moments
from zpoints.pipeline.labels.labels import LabelNumbers
from zpoints.pipeline.structure.blocks import rows_where
from zpoints.pipeline.structure.probes import Probes, log_odds, train_class_probe
from zpoints.storage.labels.columns import LabelColumn, category_name

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Contents = dict[str, tuple[tuple[str, ...], Any]]

RIDGE = 1.0
"""Penalty of the regression, in whitened coordinates; that of scikit-learn's `Ridge`."""
SCORES = ("accuracy", "balanced_accuracy", "majority")


@dataclass(frozen=True)
class Split:
    """Vectors (vector, component) and the rows of the training and of the test split, each bool."""

    z: da.Array
    train: Bools
    test: Bools


def probe_labels(
    split: Split,
    label_numbers: LabelNumbers,
    basis: Basis,
    *,
    epochs: int,
    seed: int,
    on_progress: Callable[[float], None] = lambda share: None,
) -> Contents:
    """Probes of labels and their scores on the test split, with the coordinates of their dims.

    Undefined scores are NaN: those of a label without two values in each of the splits.

    Parameters
    ----------
    split
        The vectors; those of both splits are finite.
    label_numbers
        The labels, in memory.
    basis
        Principal components, in whose whitened coordinates the probes are trained.
    epochs, seed
        As for `train_class_probe`.
    on_progress
        Called with the share of the work done.
    """
    classes = [(c, v) for c, v in _columns(label_numbers) if c.categories]
    numbers = [(c, v) for c, v in _columns(label_numbers) if not c.categories]
    train = partial(train_class_probe, basis=basis, epochs=epochs, seed=seed)
    found: Contents = {}
    for number, (column, values) in enumerate([*classes, *numbers]):
        if column.categories:
            _join(found, _class_scores(split, values, column, train))
        else:
            _join(found, _number_scores(split, values, basis))
        on_progress((number + 1) / len(label_numbers.columns))
    return found | _coordinates([c for c, _ in classes], [c for c, _ in numbers])


def number_probe(z: da.Array, values: Floats, basis: Basis) -> Probes:
    """Ridge regression of numbers on whitened vectors, exact, in one pass over the chunks.

    Parameters
    ----------
    z
        (vector, component), finite.
    values
        (vector,) numbers.
    basis
        Principal components.

    Returns
    -------
    Probes
        `coefficient` (1, component) and `intercept` (1,) of the number.
    """
    journal: Journal[Moments] = Journal()
    offset = float(np.mean(values))  # so that dates lose no digits
    state = partial(_joint_moments, basis.mean, basis.whitening, offset)
    reduce_waves(journal, chunk_states(z, state, [values[:, None]], None))
    assert journal.state is not None
    moments, width = journal.state, basis.whitening.shape[1]
    gram = moments.comoment[:width, :width] + RIDGE * np.eye(width)
    weights = np.linalg.solve(gram, moments.comoment[:width, width])
    coefficient = basis.whitening @ weights
    intercept = offset + moments.mean[width] - moments.mean[:width] @ weights
    return Probes(coefficient[None], np.array([intercept - coefficient @ basis.mean]))


def _columns(label_numbers: LabelNumbers) -> list[tuple[LabelColumn, Floats]]:
    return list(zip(label_numbers.columns, np.asarray(label_numbers.values).T, strict=True))


def _join(found: Contents, more: Contents) -> None:
    """Append arrays along their first dimension, in place."""
    for name, (dims, array) in more.items():
        before = [found[name][1]] if name in found else []
        found[name] = (dims, np.concatenate([*before, array]))


def _coordinates(classes: list[LabelColumn], numbers: list[LabelColumn]) -> Contents:
    pairs = [(column.name, category) for column in classes for category in column.categories]
    texts = {
        "categorical": ("categorical", [column.name for column in classes]),
        "category": ("category", [category_name(*pair) for pair in pairs]),
        "category_label": ("category", [label for label, _ in pairs]),
        "category_value": ("category", [category for _, category in pairs]),
        "numeric": ("numeric", [column.name for column in numbers]),
        "numeric_unit": ("numeric", [column.unit for column in numbers]),
    }
    return {name: ((dim,), np.array(v, dtype=object)) for name, (dim, v) in texts.items() if len(v)}


def _known(split: Split, values: Floats) -> tuple[Bools, Bools, bool]:
    """Rows of both splits that have the label, and whether each has two values of it."""
    known = ~np.isnan(values)
    rows = split.train & known, split.test & known
    return *rows, all(len(np.unique(values[chosen])) > 1 for chosen in rows)


def _class_scores(
    split: Split, codes: Floats, column: LabelColumn, fit: Callable[..., Probes]
) -> Contents:
    train, test, testable = _known(split, codes)
    shape = (len(column.categories), split.z.shape[1])
    coefficient, intercept = np.full(shape, np.nan), np.full(shape[0], np.nan)
    scores = dict.fromkeys(SCORES, np.nan)
    if testable:
        present, targets = np.unique(codes[train].astype(np.int64), return_inverse=True)
        probe = fit(rows_where(split.z, train), targets, len(present))
        coefficient[present], intercept[present] = probe.coefficient, probe.intercept
        guess = present[_evaluated(split.z, test, probe).argmax(axis=1)]
        truth = codes[test].astype(np.int64)
        tested, counts = np.unique(truth, return_counts=True)
        scores = {
            "accuracy": float(np.mean(guess == truth)),
            # Over the classes that occur in the test split; a guess may be another one.
            "balanced_accuracy": float(
                recall_score(truth, guess, labels=tested, average="macro", zero_division=0)
            ),
            "majority": float(counts.max() / len(truth)),
        }
    return {
        **{f"class_{name}": (("categorical",), np.array([scores[name]])) for name in SCORES},
        "class_tested": (("categorical",), np.array([np.count_nonzero(test)], np.int64)),
        "category_coefficient": (("category", "component"), coefficient),
        "category_intercept": (("category",), intercept),
    }


def _number_scores(split: Split, values: Floats, basis: Basis) -> Contents:
    train, test, testable = _known(split, values)
    probe = Probes(np.full((1, split.z.shape[1]), np.nan), np.array([np.nan]))
    score = np.nan
    if testable:
        probe = number_probe(rows_where(split.z, train), values[train], basis)
        score = r2_score(values[test], _evaluated(split.z, test, probe)[:, 0])
    return {
        "numeric_r2": (("numeric",), np.array([score])),
        "numeric_tested": (("numeric",), np.array([np.count_nonzero(test)], np.int64)),
        "numeric_coefficient": (("numeric", "component"), probe.coefficient),
        "numeric_intercept": (("numeric",), probe.intercept),
    }


def _evaluated(z: da.Array, rows: Bools, probe: Probes) -> Floats:
    """(vector, output) values of a probe of some rows."""
    chosen = rows_where(z, rows)
    given = (probe.coefficient, probe.intercept)
    chunks = (chosen.chunks[0], (len(probe.intercept),))
    found = da.map_blocks(log_odds, chosen, *given, dtype=np.float64, chunks=chunks)
    return np.asarray(found.compute())


def _joint_moments(
    mean: Floats, whitening: Floats, offset: float, block: NDArray[np.floating], values: Floats
) -> Moments:
    """Moments of whitened vectors (vector, pc) with a last column of numbers."""
    with single_threaded_blas():
        whitened = (block.astype(np.float64) - mean) @ whitening
        rows = np.ascontiguousarray(np.hstack([whitened, values - offset]))
        return Moments.from_vectors(rows, rows.mean(axis=0) if len(rows) else rows.sum(axis=0))
