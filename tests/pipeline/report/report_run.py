"""A run in memory for tests of the report, with computed statistics and drawn samples."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import dask.array as da
import numpy as np
import xarray as xr

from zpoints.pipeline.analyze import AnalyzeConfig, analyze
from zpoints.pipeline.labels import Labels
from zpoints.pipeline.report.config import ReportConfig
from zpoints.pipeline.report.inputs import StageTiming
from zpoints.pipeline.sample import draw
from zpoints.storage import SCHEMA_VERSION
from zpoints.storage.schema.quality import MEASURES
from zpoints.storage.store import Version

CONFIG = ReportConfig(
    faces=7,
    reconstructions=12,
    leading=3,
    scatter_points=300,
    drawn_points=7,
    components=5,
    uniform_vectors=2000,
    attribute_images=4,
)
TIMINGS = [StageTiming("ingest", 2.0, 600), StageTiming("train", 61.0, 3)]


@dataclass
class Run:
    """A store in memory, and the decoder of a linear autoencoder."""

    images: xr.Dataset
    latents: xr.Dataset
    model: xr.Dataset
    statistics: xr.Dataset
    groups: dict[str, xr.Dataset]
    basis: np.ndarray
    structure: xr.Dataset | None = None
    version: str = "1CECHVNKREP0F1RSTCMT"
    decoded: list[int] = field(default_factory=list)
    judged: dict[str, xr.Dataset] = field(default_factory=dict)
    selections: dict[str, xr.Dataset] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    swept: xr.Dataset | None = None

    root: str = "runs/faces"

    @property
    def sample_names(self) -> tuple[str, ...]:
        return tuple(self.groups)

    @property
    def selection_names(self) -> tuple[str, ...]:
        return tuple(self.selections)

    def selection(self, name: str) -> xr.Dataset:
        return self.selections[name]

    def samples(self, name: str) -> xr.Dataset:
        return self.groups[name]

    @property
    def sweep(self) -> xr.Dataset:
        assert self.swept is not None
        return self.swept

    def is_current(self, group: str) -> bool:
        held = {"structure": self.structure, "sweep": self.swept}
        return held.get(group) is not None

    def group(self, name: str) -> xr.Dataset:
        assert name == "structure"
        assert self.structure is not None
        return self.structure

    @property
    def quality_names(self) -> tuple[str, ...]:
        return tuple(self.judged)

    def quality(self, name: str) -> xr.Dataset:
        return self.judged[name]

    def history(self) -> list[Version]:
        return [Version(self.version, datetime(2026, 5, 4, 9, 30, tzinfo=UTC), "sample", "", {})]

    def decode(self, z: np.ndarray) -> np.ndarray:
        self.decoded.append(len(z))
        return _decode(z, self.basis)


def _decode(z: np.ndarray, basis: np.ndarray) -> np.ndarray:
    return np.rint(255 / (1 + np.exp(-np.tensordot(z, basis, 1)))).astype(np.uint8)


def make_run(
    *, count: int = 600, components: int = 8, channels: int = 3, side: int = 64, epochs: int = 3,
    split: bool = True,
) -> Run:  # fmt: skip
    """Smooth images decoded from correlated, off-centre normal vectors; component 3 is constant."""
    rng = np.random.default_rng(7)
    wave = np.cos(np.pi * np.arange(4)[:, None] * (np.arange(side) + 0.5) / side)
    basis = np.einsum("nijc,iy,jx->nyxc", rng.normal(size=(components, 4, 4, channels)), wave, wave)
    mixing = rng.normal(size=(components, components)) / np.sqrt(components)
    z = (rng.normal(size=(count, components)) @ mixing + rng.normal(size=components)).astype("f4")
    z[:, 3] = 0.5
    pixels = _decode(z, basis * 0.4)
    labels = {"image": ("image", np.array([f"{i:06d}.jpg" for i in range(count)]))}
    labels["Smiling"] = ("image", z[:, 0] > z[:, 0].mean())
    if split:
        names = np.repeat(["train", "validation", "test"], [count - 100, 40, 60])
        labels["split"] = ("image", names)
        labels["checksum"] = ("image", np.arange(count, dtype=np.uint64))
    epoch = np.arange(1, epochs + 1)
    statistics = analyze(
        da.from_array(z, chunks=(256, -1)),
        AnalyzeConfig(),
        attributes=Labels(xr.Dataset(coords=labels)).table,
    )
    groups = {}
    laws = {"ellipse": {"K": components - 2}, "uniform_12": {"b": 12.0}, "gaussian": {}}
    for name, parameters in laws.items():
        drawn = draw(name.split("_")[0], statistics, 120, seed=1, **parameters)
        image = ("sample", "y", "x", "channel"), _decode(drawn["z"].values, basis * 0.4)
        groups[name] = drawn.assign(pixels=image).chunk(sample=50)
    return Run(
        images=xr.Dataset({"pixels": (("image", "y", "x", "channel"), pixels)}, labels).chunk(
            image=128
        ),
        latents=xr.Dataset(
            {
                "z": (("image", "component"), z),
                "reconstruction_error": ("image", rng.uniform(0.001, 0.01, count).astype("f4")),
            },
            labels,
        ).chunk(image=128),
        model=xr.Dataset(
            {
                "loss": ("epoch", 0.05 / epoch),
                "validation_loss": ("epoch", 0.06 / epoch),
                "learning_rate": ("epoch", 1e-3 * epoch),
            },
            {"epoch": epoch},
            {"architecture": {"z_dim": components}, "training": {"seed": 11}, "device": "cpu"},
        ),
        statistics=statistics.assign_attrs(schema_version=SCHEMA_VERSION),
        groups=groups,
        basis=basis * 0.4,
    )


def judged(round_trip: float, face_rate: float, **measured: float) -> xr.Dataset:
    """Quality of a group of samples: measures as given, all others 0.5."""
    names = [measure.name for measure in MEASURES if measure.needs != "inception"]
    values = dict.fromkeys(names, 0.5) | {"round_trip": round_trip, "face_rate": face_rate}
    values |= measured
    scalars = {**values, **{f"{name}_error": 0.01 for name in names}}
    attrs = {"held_out": "test", "count": 60, "wanted": 1000, "level": 3.0, "detector": "face"}
    sample = {"face_found": ("sample", np.ones(60, bool))}
    return xr.Dataset({**{k: ((), v) for k, v in scalars.items()}, **sample}, attrs=attrs)
