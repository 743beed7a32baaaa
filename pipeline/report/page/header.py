"""Header of the page: key figures and provenance of the run."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from zpoints.pipeline.report.data import ReportData
from zpoints.pipeline.report.elements.text import describe
from zpoints.pipeline.report.inputs import ReportStore
from zpoints.storage.schema.attributes import nested

Items = list[tuple[str, str]]
"""Pairs of a name and its value."""


def key_figures(store: ReportStore, data: ReportData) -> Items:
    """The numbers that a reader looks for first."""
    if data.model is None:
        return [
            ("vectors", f"{store.latents.sizes['image']:,}"),
            ("components", str(data.statistics.sizes["component"])),
            *_left_out_vectors(data),
            ("generators", str(len(data.generated))),
        ]
    sizes = store.images.sizes
    return [
        ("images", f"{sizes['image']:,}"),
        ("pixels", "\u202f×\u202f".join(str(sizes[name]) for name in ("y", "x", "channel"))),
        ("latent components", str(data.statistics.sizes["component"])),
        (f"reconstruction MSE, {data.held_out} images", f"{data.reconstruction_error:.5f}"),
        ("generators", str(len(data.generated))),
    ]


def _left_out_vectors(data: ReportData) -> Items:
    nan_rows = int(data.statistics["nan_rows"])
    return [("vectors with NaN, left out", f"{nan_rows:,}")] if nan_rows else []


def provenance(store: ReportStore, data: ReportData) -> Items:
    """Architecture, training, seed and versions: what distinguishes this run from others."""
    attrs = {} if data.model is None else data.model.attrs
    rows = "vectors" if data.model is None else "images"
    training = nested(attrs, "training")
    seed = training.pop("seed", attrs.get("seed"))
    items: list[tuple[str, Any]] = [
        (f"{rows} per split", ", ".join(f"{name} {n:,}" for name, n in data.splits.items())),
        ("architecture", settings_text(nested(attrs, "architecture"))),
        ("training", settings_text(training)),
        ("seed", seed),
        ("device", attrs.get("device")),
        ("weights, SHA-256", attrs.get("sha256")),
        ("store version", store.version),
        ("schema version", data.statistics.attrs.get("schema_version")),
        ("zpoints", _installed("zpoints")),
    ]
    return [(name, str(value)) for name, value in items if value not in (None, "")]


def settings_text(settings: Mapping[str, Any]) -> str:
    """Text of the settings that have a value, e.g. no ``network`` where the network is a case."""
    return "; ".join(
        f"{name.replace('_', ' ')} {describe(value)}"
        for name, value in settings.items()
        if value not in (None, {})
    )


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
