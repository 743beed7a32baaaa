"""The table of measures, the files that compute them, and the variables that hold them."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from zpoints.pipeline.evaluate.config import EvaluateConfig
from zpoints.pipeline.evaluate.dispatch import (
    average,
    measure_images,
    measure_set,
    set_files,
)
from zpoints.pipeline.evaluate.inputs import Batch, Comparison
from zpoints.pipeline.evaluate.measure_table import measured_by
from zpoints.storage import Store
from zpoints.storage.schema.quality import ADDED, MEASURES
from zpoints.storage.schema.registry import VARIABLES

ALWAYS = measured_by(EvaluateConfig(), images=True)


@pytest.fixture
def batch(small_store: Store) -> Batch:
    samples = small_store.samples("gaussian")
    z = samples["z"][:12].values
    return Batch(
        config=EvaluateConfig(),
        statistics=small_store.statistics,
        z=z,
        images=samples["pixels"][:12].values,
        reencoded=z + np.float32(0.1),
        decoded=True,
    )


def test_measured_by__leaves_out_what_needs_a_missing_setting() -> None:
    left_out = {m.name for m in MEASURES} - {m.name for m in ALWAYS}

    assert left_out == {"fid"}
    assert measured_by(EvaluateConfig(inception="network.pt"), images=True) == MEASURES


def test_measure_images__has_the_variables_of_the_table_with_their_dtypes(batch: Batch) -> None:
    found = measure_images(batch, MEASURES)

    expected = {m.per_image.name: np.dtype(m.per_image.dtype) for m in MEASURES if m.per_image}
    assert {name: values.dtype for name, values in found.items()} == expected
    assert all(values.shape == (12,) for values in found.values())


def test_measure_images__calls_the_files_of_the_chosen_rows_alone(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zpoints.pipeline.evaluate.detector.find_faces", None)
    swept = [m for m in MEASURES if m.swept and m.name != "face_rate"]

    assert set(measure_images(batch, swept)) == {"round_trip_distance"}


def test_measured_by__keeps_measures_of_vectors_where_there_are_no_images() -> None:
    found = [m.name for m in measured_by(EvaluateConfig(), images=False)]

    assert found[:3] == ["mahalanobis", "violations", "frechet"]
    assert found[3:7] == ["precision", "recall", "density", "coverage"]
    assert found[7:] == ["variance_ratio", "pair_distance", "memorisation", "originality", "c2st"]


def test_measure_images__photographs_have_no_round_trip(batch: Batch) -> None:
    found = measure_images(replace(batch, decoded=False), MEASURES)

    assert np.isnan(found["round_trip_distance"]).all()


def test_average__of_a_bool_is_a_share() -> None:
    (face_rate,) = (m for m in MEASURES if m.name == "face_rate")

    found = average({"face_found": np.array([True, True])}, [face_rate])

    assert found["face_rate"] == 1
    assert found["face_rate_error"] > 0


def test_measure_set__every_row_is_computed_by_its_file(batch: Batch) -> None:
    comparison = Comparison(
        config=batch.config,
        latents=lambda: (batch.z, batch.reencoded),
        images=lambda: (batch.images, batch.images),
        statistics=batch.statistics,
        training=lambda: [batch.z + np.float32(1)],
    )

    found = {f: set(measure_set(f, comparison)) - {"swd_by_level"} for f in set_files(ALWAYS)}

    for file, names in found.items():
        rows = {m.name for m in MEASURES if m.file == file}
        assert names == rows | {f"{name}_error" for name in rows}


def test_quality__stores_every_measure_with_its_error(small_store: Store) -> None:
    stored = small_store.quality("ellipse")

    for measure in ALWAYS:
        for name in (measure.name, f"{measure.name}_error"):
            variable = VARIABLES["quality"][name]
            added = measure.name in ADDED
            assert variable.required == (not added and (measure.of_vectors or not measure.needs))
            assert (variable.made_with == "model") == (not measure.of_vectors)
            assert stored[name].dims == variable.dims == ()
        if measure.per_image:
            sample = stored[measure.per_image.name]
            known = np.isfinite(sample.astype(float))
            xr.testing.assert_allclose(
                stored[measure.name].drop_vars("level", errors="ignore"),
                sample.where(known).astype(float).mean("sample"),
            )


def test_sweep__has_the_swept_measures(small_store: Store) -> None:
    names = {m.name for m in MEASURES if m.swept}

    assert set(VARIABLES["sweep"]) == {*names, *(f"{n}_error" for n in names), "pixels", "channel"}
