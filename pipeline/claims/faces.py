"""Claim 13: what vectors decode to."""

from collections.abc import Mapping

from zpoints.pipeline.claims.claim import Claim

LEAST, MOST = 0.9, 0.1
"""Of the face rate of reconstructions: at least, for `ellipse`; at most, for `uniform`."""


def faces_claim(
    rates: Mapping[str, float], generators: Mapping[str, str], *, reference: float = 1.0
) -> Claim:
    """Claim 13: ellipse-constrained vectors decode to faces, uniform ones do not.

    Both are judged by face rates, relative to that of reconstructions: a detector that overlooks
    some real faces overlooks as many of the drawn ones.

    Parameters
    ----------
    rates
        For each group of samples the share of its images in which a face is found.
    generators
        For each group of samples the name of its generator.
    reference
        Face rate of the reconstructions of held-out images; 1 where it is not known.
    """
    words = "ellipse-constrained vectors decode to faces, uniform ones do not"
    threshold = (
        "face rate, relative to reconstructions: ≥ 0.9 for every ellipse, ≤ 0.1 for every uniform"
    )
    found = {
        law: {name: rate for name, rate in rates.items() if generators.get(name) == law}
        for law in ("ellipse", "uniform")
    }
    missing = [law for law, measured in found.items() if not measured]
    if missing or not reference > 0:
        reason = (
            f"not measured: no face rates of {' and '.join(missing)}; name such generators in "
            "sample.generators and run zpoints run CONFIG, which evaluates their images"
            if missing
            else "not measured: the detector finds no face in any reconstruction"
        )
        return Claim(13, words, reason, threshold, None)
    least = min(found["ellipse"].values()) / reference
    most = max(found["uniform"].values()) / reference
    listed = ", ".join(f"{name} {rate:.2f}" for law in found.values() for name, rate in law.items())
    return Claim(
        13,
        words,
        f"{listed}; reconstructions {reference:.2f}",
        threshold,
        least >= LEAST and most <= MOST,
        {"ellipse": least, "uniform": most, "reconstructions": reference},
    )
