"""The run's key facts, at the head of the page."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from zpoints.pipeline.report.data import Material
from zpoints.pipeline.report.elements.tables import describe
from zpoints.pipeline.report.inputs import ReportStore

Facts = list[tuple[str, str]]


def key_figures(store: ReportStore, material: Material) -> Facts:
    """Return the few numbers that one asks for first: (what, value)."""
    sizes = store.images.sizes
    return [
        ("images", f"{sizes['image']:,}"),
        ("pixels", "\u202f×\u202f".join(str(sizes[name]) for name in ("y", "x", "channel"))),
        ("latent components", str(material.statistics.sizes["component"])),
        (f"reconstruction MSE, {material.held_out} images", f"{material.error:.5f}"),
        ("generators", str(len(material.generated))),
    ]


def provenance(store: ReportStore, material: Material) -> Facts:
    """Return what one needs to tell this run from others: (what, value)."""
    attrs = material.model.attrs
    training = dict(attrs.get("training", {}))
    seed = training.pop("seed", attrs.get("seed"))
    facts: list[tuple[str, Any]] = [
        ("images per split", ", ".join(f"{name} {n:,}" for name, n in material.splits.items())),
        ("architecture", _in_words(attrs.get("architecture", {}))),
        ("training", _in_words(training)),
        ("seed", seed),
        ("device", attrs.get("device")),
        ("weights, SHA-256", attrs.get("sha256")),
        ("store version", store.version),
        ("schema version", material.statistics.attrs.get("schema_version")),
        ("zpoints", _installed("zpoints")),
    ]
    return [(name, str(value)) for name, value in facts if value not in (None, "")]


def _in_words(settings: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{name.replace('_', ' ')} {describe(value)}" for name, value in settings.items()
    )


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
