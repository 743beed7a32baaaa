"""The figure of merit and the recommendation on tables with known answers."""

import numpy as np
import pytest

from zpoints.pipeline.evaluate.merit import (
    COMPONENTS,
    agreement,
    by_merit,
    memorises,
    merit,
    sound,
)
from zpoints.pipeline.evaluate.recommendation import recommend


def row(*values: float, originality: float = 1.0, error: float = 0.01) -> dict[str, float]:
    """Precision, recall, density, coverage, variance ratio and pair distance, with errors."""
    named = dict(zip(COMPONENTS, values, strict=True)) | {"originality": originality}
    return named | {f"{name}_error": error for name in named}


# measured on real photographs, an autoencoder of case I
TABLE = {
    "uniform": row(0.0, 1.0, 0.0, 0.0, 60.0, 8.0),
    "ellipse": row(1.0, 0.001, 38, 0.98, 0.22, 0.55),
    "multivariate_normal": row(0.42, 0.61, 0.15, 0.33, 0.93, 0.97),
    "elliptical": row(0.55, 0.38, 1.18, 0.92, 0.91, 0.95),
    "radial_mixture": row(0.64, 0.44, 1.12, 0.97, 0.94, 0.98),
    "truncated": row(0.90, 0.35, 1.40, 0.96, 0.73, 0.88),
    "neighbours": row(0.62, 0.55, 1.0, 0.97, 0.98, 1.0, originality=0.5),
    "mean_face": row(1.0, 0.0, 200.0, 0.4, 1e-6, 1e-3),
    "real": row(0.62, 0.58, 0.99, 0.97, 1.0, 1.0),
    "reconstruction": row(0.63, 0.57, 1.0, 0.97, 0.98, 0.99),
}


def test_agreement__is_two_sided() -> None:
    assert agreement(38.0, 0.99) == agreement(0.99, 38.0) == pytest.approx(0.99 / 38)


def test_merit__is_the_geometric_mean_of_the_agreements() -> None:
    found = merit(TABLE["elliptical"], TABLE["real"])

    expected = [0.55 / 0.62, 0.38 / 0.58, 0.99 / 1.18, 0.92 / 0.97, 0.91, 0.95]
    assert found.value == pytest.approx(np.prod(expected) ** (1 / 6))
    assert merit(TABLE["real"], TABLE["real"]).value == 1


def test_merit__error_is_that_of_repeated_tables() -> None:
    rng = np.random.default_rng(0)

    def noisy(row: dict[str, float]) -> dict[str, float]:
        return {k: v + 0.01 * rng.normal() * (k in COMPONENTS) for k, v in row.items()}

    base = TABLE["elliptical"], TABLE["real"] | dict.fromkeys(("a",), 0.0)
    repeated = [merit(noisy(base[0]), noisy(base[1])).value for _ in range(400)]

    assert merit(*base).error == pytest.approx(np.std(repeated), rel=0.15)


def test_merit__of_a_row_without_a_measure_or_of_another_size_is_unknown() -> None:
    real = TABLE["real"]

    assert np.isnan(merit(real | {"recall": np.nan}, real).value)
    assert np.isnan(merit({k: v for k, v in real.items() if k != "recall"}, real).value)
    assert np.isnan(merit(real | {"count": 10}, real | {"count": 1000}).value)


def test_by_merit__collapsed_sets_noise_and_copies_come_after_sound_generators() -> None:
    order = by_merit(TABLE)

    assert order[:3] == ["real", "reconstruction", "radial_mixture"]
    assert set(order[-3:]) == {"uniform", "ellipse", "mean_face"}
    assert order.index("neighbours") > order.index("multivariate_normal")
    assert memorises(TABLE["neighbours"], TABLE["real"])
    assert sound(TABLE) == {"radial_mixture", "truncated", "elliptical", "multivariate_normal"}


def test_recommend__names_one_for_each_purpose_with_its_price() -> None:
    clean, wide, both = recommend(TABLE)

    assert (clean.name, wide.name, both.name) == ("truncated", "radial_mixture", "radial_mixture")
    assert clean.sentence == (
        "Cleanest: truncated (precision 0.90; costs 0.09 of recall against radial_mixture)."
    )
    assert wide.sentence == "Most diverse: radial_mixture (recall 0.44; also best of both)."
    assert both.reason.startswith("merit 0.9")


def test_recommend__chooses_nothing_collapsed_off_or_memorising() -> None:
    bad = {name: TABLE[name] for name in ("uniform", "mean_face", "neighbours", "ellipse", "real")}

    assert recommend(bad) == ()
    assert recommend({"ellipse": TABLE["ellipse"]}) == ()
