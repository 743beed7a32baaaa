"""Formats the comparison of two versions for the command line."""

import json
from collections.abc import Iterator
from dataclasses import asdict

from rich.table import Table

from zpoints.cluster.cli.tables import finite
from zpoints.pipeline.compare.versions import Drift, ImageChanges, VersionComparison

EXAMPLES = 3
ERRORS = 2
"""Standard errors beyond which a measure counts as changed."""


def diff_json(comparison: VersionComparison) -> str:
    """The whole comparison as JSON; NaN and infinity become null."""
    return json.dumps(finite(asdict(comparison)), indent=2, allow_nan=False)


def diff_answer(comparison: VersionComparison) -> str:
    """What has changed, in one sentence.

    Examples
    --------
    ``45 images added, 1 removed; vectors moved by 0.034 sigma (RMS); quality as before.``
    """
    parts = [_images_answer(comparison.images), _drift_answer(comparison.drift)]
    if comparison.quality:
        changes = [abs(it.after - it.before) / it.error for it in comparison.quality if it.error]
        beyond = sum(change > ERRORS for change in changes)
        parts.append(
            f"{beyond} of {len(changes)} measures of quality changed by more than {ERRORS} errors"
            if beyond
            else "quality as before"
        )
    text = "; ".join(part for part in parts if part)
    return f"{text[:1].upper()}{text[1:]}." if text else "Nothing to compare."


def _images_answer(images: ImageChanges | None) -> str:
    if images is None:
        return ""
    counts = {what: len(getattr(images, what)) for what in ("added", "removed", "changed")}
    found = [f"{count:,} {what}" for what, count in counts.items() if count]
    if not found:
        return "the same images"
    number = next(filter(None, counts.values()))
    noun = "image" if number == 1 else "images"
    return ", ".join([found[0].replace(" ", f" {noun} ", 1), *found[1:]])


def _drift_answer(drift: Drift | None) -> str:
    if drift is None:
        return ""
    if not drift.mean_rms and not drift.covariance:
        return "the same vectors"
    return f"vectors moved by {drift.mean_rms:.2g} sigma (RMS)"


def diff_head(comparison: VersionComparison) -> list[str]:
    """What has changed, the compared versions, and why parts of the comparison are missing."""
    lines = [diff_answer(comparison), f"{comparison.before} -> {comparison.after}"]
    before, after = comparison.models
    if not comparison.same_model and before and after:
        lines.append(
            f"Different models: SHA-256 {before[:12]} -> {after[:12]}. The coordinates of their "
            "latent vectors differ in meaning; only images and quality are compared."
        )
    elif comparison.drift is None:
        lines.append("One version has no current statistics; no drift is shown.")
    return lines


def diff_table(comparison: VersionComparison) -> Table:
    """One row per quantity: before, after and change."""
    table = Table("", "before", "after", "change", box=None, pad_edge=False)
    for column in table.columns[1:3]:
        column.justify = "right"
    if comparison.images is not None:
        for row in _image_rows(comparison.images):
            table.add_row(*row)
    if comparison.drift is not None:
        for row in _drift_rows(comparison.drift):
            table.add_row(*row)
    for quality in comparison.quality:
        before, after = quality.before, quality.after
        error = "" if quality.error is None else f" ± {quality.error:.2g}"
        name = f"{quality.group} {quality.measure}"
        table.add_row(name, f"{before:.4g}", f"{after:.4g}", f"{after - before:+.3g}{error}")
    return table


def _image_rows(images: ImageChanges) -> Iterator[tuple[str, str, str, str]]:
    yield _counts("images", *images.count)
    for split, counts in images.splits.items():
        yield _counts(f"  {split}", *counts)
    for what in ("added", "removed", "changed"):
        names = getattr(images, what)
        if names:
            more = ", ..." if len(names) > EXAMPLES else ""
            yield f"  {what}", "", "", f"{len(names):,}: {', '.join(names[:EXAMPLES])}{more}"


def _drift_rows(drift: Drift) -> Iterator[tuple[str, str, str, str]]:
    divergence = drift.kullback_leibler
    angles = ", ".join(f"{angle:.2f}" for angle in drift.angles)
    yield _counts("vectors", *drift.vectors)
    yield "mean, RMS shift", "", "", f"{drift.mean_rms:.3g} sigma"
    yield (
        "mean, largest shift",
        "",
        "",
        f"{drift.mean_largest:+.3g} sigma, component {drift.mean_component}",
    )
    yield "mean, Mahalanobis distance", "", "", f"{drift.mahalanobis:.3g}"
    yield "covariance, relative Frobenius norm", "", "", f"{drift.covariance:.3g}"
    yield (
        "Kullback-Leibler divergence of the normals",
        "",
        "",
        "undefined: singular" if divergence is None else f"{divergence:.3g} nats",
    )
    yield "Frechet distance of the normals", "", "", f"{drift.frechet:.3g}"
    yield f"angles of {len(drift.angles)} leading components, degrees", "", "", angles
    yield (
        "mu, largest move",
        "",
        "",
        f"{drift.mu_largest:+.3g} sigma, component {drift.mu_component}",
    )
    yield "hw, largest change", "", "", f"{drift.hw_largest:+.1%}, component {drift.hw_component}"


def _counts(name: str, before: int, after: int) -> tuple[str, str, str, str]:
    return name, f"{before:,}", f"{after:,}", f"{after - before:+,}" if after != before else ""
