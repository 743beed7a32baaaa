"""What finds faces: the classical detector, a function of the user's, or nothing."""

import numpy as np
import pytest
from pydantic import ValidationError
from skimage.data import lfw_subset

from zpoints.pipeline.claims.verdicts import all_claims
from zpoints.pipeline.errors import EvaluateError, NetworkError
from zpoints.pipeline.evaluate.config import EvaluateConfig
from zpoints.pipeline.evaluate.detector import check_detector, chosen_detector, detect
from zpoints.pipeline.evaluate.stage import _stored_detector
from zpoints.storage import Store

FACES = (lfw_subset()[:6, :, :, None] * 255).astype(np.uint8)
NOISE = np.random.default_rng(0).integers(0, 256, (6, 25, 25, 1), np.uint8)


def bright(images: np.ndarray) -> np.ndarray:
    """A detector of a user's."""
    return images.mean(axis=(1, 2, 3)) > 128


def numbers(images: np.ndarray) -> np.ndarray:
    """Not a detector."""
    return images.mean(axis=(1, 2, 3))


def test_chosen_detector__auto_is_none_where_few_photographs_have_a_face() -> None:
    assert chosen_detector("auto", FACES) == ("face", "")
    name, line = chosen_detector("auto", np.concatenate([FACES[:1], NOISE]))
    assert name == "none"
    assert "a face in 1 of 7 held-out photographs" in line
    assert chosen_detector("face", NOISE) == ("face", "")


def test_detect__calls_the_function_that_the_user_names() -> None:
    images = np.stack([np.zeros((8, 8, 3)), np.full((8, 8, 3), 255)]).astype(np.uint8)

    assert detect(f"{__name__}:bright", images).tolist() == [False, True]
    check_detector("face", 32, 3)
    with pytest.raises(EvaluateError, match=r"expected bool \(2,\)"):
        check_detector(f"{__name__}:numbers", 32, 3)
    with pytest.raises(NetworkError, match="cannot be imported here"):
        check_detector("not_there.at_all:name", 32, 3)
    with pytest.raises(ValidationError, match="expected auto, face, none or package"):
        EvaluateConfig(detector="cats")


@pytest.mark.parametrize(
    ("stored", "taken"), [("face", "face"), ("none", "none"), (f"{__name__}:bright", None)]
)
def test_stored_detector__is_no_function_that_a_store_names(
    stored: str, taken: str | None, small_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = small_store.quality("real").assign_attrs(detector=stored)
    monkeypatch.setattr(small_store, "group", lambda name: real)

    assert _stored_detector(small_store) == taken


def test_all_claims__without_a_detector_claim_13_is_left_out(small_store: Store) -> None:
    rates = {"a": 0.9, "b": 0.01, "reconstruction": 0.9}
    generators = {"a": "ellipse", "b": "uniform"}
    statistics = small_store.statistics

    by = {
        detector: all_claims(statistics, rates, generators, detector=detector)
        for detector in ("face", "none", "cats:find")
    }

    assert [claim.number for claim in by["face"]] == [*range(1, 18)]
    assert [claim.number for claim in by["none"]] == [*range(1, 13), *range(14, 18)]
    assert "decode to images that cats:find detects" in by["cats:find"][12].statement
    assert by["cats:find"][12].holds
