"""Splits that follow from the checksums, and those of few or equal photographs."""

import numpy as np
import pytest

from zpoints.storage.labels.splits import assigned_splits, splits_by_order

TRAIN, TEST = 7, 1
"""Checksums of a photograph of the training and of the test split."""


@pytest.mark.parametrize(
    ("given", "checksums", "expected"),
    [
        pytest.param(None, [TEST] * 6, "ttvstt", id="equal photographs"),
        pytest.param(None, [0] * 12, "ttvstttttttt", id="of the validation split"),
        pytest.param(None, [TEST, 0], "tt", id="two photographs"),
        pytest.param(None, [TRAIN, TEST, TEST], "ttv", id="one of three"),
        pytest.param("s...", [TEST] * 4, "sttv", id="given splits stay"),
        pytest.param("t.", [TEST] * 2, "tt", id="given training counts"),
        pytest.param(None, [TRAIN, TRAIN, TEST], None, id="checksums serve"),
        pytest.param(None, [TRAIN] * 30, None, id="all in the training"),
        pytest.param("ssss", [TRAIN] * 4, None, id="no photograph is free"),
        pytest.param(None, [TEST], None, id="one photograph"),
        pytest.param(None, [], None, id="none"),
    ],
)
def test_splits_by_order__leaves_enough_to_the_training(given, checksums, expected) -> None:
    names = {"t": "train", "v": "validation", "s": "test", ".": ""}
    known = None if given is None else np.array([names[c] for c in given], dtype=object)

    found = splits_by_order(known, np.array(checksums, dtype=np.uint64))

    wanted = None if expected is None else [names[c] for c in expected]
    assert (None if found is None else found.tolist()) == wanted


def test_assigned_splits__follow_the_checksum_alone() -> None:
    checksums = np.array([TEST, TRAIN, 20], dtype=np.uint64)

    assert assigned_splits(None, checksums).tolist() == ["test", "train", "validation"]
    assert assigned_splits(None, checksums[:1]).tolist() == ["test"]
