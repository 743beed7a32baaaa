"""Claim 13, on the images that vectors decode to."""

from collections.abc import Mapping

from zpoints.pipeline.claims.claim import Claim, Statement

LEAST, MOST = 0.9, 0.1
"""Face rate relative to reconstructions: smallest for `ellipse`, largest for `uniform`."""

BOUNDS = "{} rate, relative to reconstructions: ≥ 0.9 for every ellipse, ≤ 0.1 for every uniform"


def _statement(detector: str) -> Statement:
    if detector == "face":
        what, rate = "faces", "face"
    else:
        what, rate = f"images that {detector} detects", "detection"
    text = f"ellipse-constrained vectors decode to {what}, uniform ones do not"
    return Statement(13, text, BOUNDS.format(rate))


def faces_claim(
    rates: Mapping[str, float],
    generators: Mapping[str, str],
    *,
    reference: float = 1.0,
    detector: str = "face",
) -> Claim:
    """Claim 13: ellipse-constrained vectors decode to faces, uniform ones do not.

    Face rates are taken relative to that of reconstructions, because a detector that misses some
    real faces misses the same share of drawn faces.

    Parameters
    ----------
    rates
        Share of images with a detected face, by group of samples.
    generators
        Name of the generator, by group of samples.
    reference
        Face rate of the reconstructions of held-out images; 1 if unknown.
    detector
        What found the faces: `face`, or the name of a function, which may detect something else.
    """
    statement = _statement(detector)
    what = "face" if detector == "face" else "detection"
    found = {
        law: {name: rate for name, rate in rates.items() if generators.get(name) == law}
        for law in ("ellipse", "uniform")
    }
    missing = [law for law, measured in found.items() if not measured]
    if missing or not reference > 0:
        reason = (
            f"no {what} rates of {' and '.join(missing)}; name such generators in "
            "sample.generators and run zpoints run CONFIG, which evaluates their images"
            if missing
            else "the detector finds nothing in any reconstruction"
        )
        return statement.undecided(reason)
    least = min(found["ellipse"].values()) / reference
    most = max(found["uniform"].values()) / reference
    listed = ", ".join(f"{name} {rate:.2f}" for law in found.values() for name, rate in law.items())
    return statement.judged(
        f"{listed}; reconstructions {reference:.2f}",
        least >= LEAST and most <= MOST,
        {"ellipse": least, "uniform": most, "reconstructions": reference},
    )
