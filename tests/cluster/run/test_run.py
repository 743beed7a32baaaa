"""The driver: which stages run, and that results do not depend on the cluster."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import dask
import numpy as np
import pytest
import torch

from tests.cluster.results import assert_same_results
from tests.conftest import SilentConsole
from tests.grey import grey as grey
from tests.grey import inception as inception
from zpoints.cluster.cli.run_summary import run_summary
from zpoints.cluster.jobs.submit import submit
from zpoints.cluster.run import run
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.errors import ConfigError, DeviceError
from zpoints.pipeline.report.stage import write
from zpoints.storage import Store, StoreError, open_store
from zpoints.storage.errors import ZpointsError
from zpoints.storage.schema.registry import VARIABLES, kind_of

run_to_its_end = partial(run, console=SilentConsole())


def test_run__writes_every_group_and_the_report(small_root: str, small_store: Store) -> None:
    assert set(small_store.groups) == {
        "images",
        "model",
        "latents",
        "statistics",
        "structure",
        "samples/uniform",
        "samples/gaussian",
        "samples/ellipse",
        "quality/real",
        "quality/reconstruction",
        "quality/uniform",
        "quality/gaussian",
        "quality/ellipse",
    }
    assert (Path(small_root) / "report" / "index.html").is_file()


def test_run__groups_are_labelled_described_and_in_the_order_of_the_registry(
    small_store: Store,
) -> None:
    labelled = {"image", "component", "other", "pc", "sample", "attribute", "epoch"}
    for name in small_store.groups:
        group, known = small_store.group(name), list(VARIABLES[kind_of(name)])
        found = [known.index(v) if v in known else len(known) for v in map(str, group.data_vars)]
        assert found == sorted(found)
        assert labelled & set(group.dims) == labelled & set(group.indexes)
        assert set(group.attrs) >= {"schema_version", "provenance"}
        for variable in group.variables.values():
            assert variable.attrs["long_name"]
            assert variable.attrs["units"]


def test_run__latents_are_the_encoding_of_the_images(small_store: Store) -> None:
    latents = small_store.latents
    assert latents["image"].values.tolist() == small_store.images["image"].values.tolist()

    decoded = small_store.decode(latents["z"][:20].values)

    images = small_store.images["pixels"][:20].values
    error = np.mean((decoded / 255.0 - images / 255.0) ** 2, axis=(1, 2, 3))
    np.testing.assert_allclose(error, latents["reconstruction_error"][:20], atol=1e-4)


def test_run__again_finds_everything_up_to_date(small_config: RunConfig, small_root: str) -> None:
    version = open_store(small_root).version

    result = run(small_config, small_root, console=SilentConsole(), title="small")

    assert all(outcome.seconds is None for outcome in result.outcomes)
    assert result.store.version == version


def test_run__a_changed_section_reruns_the_stages_that_depend_on_it(
    small_config: RunConfig, small_until: Callable[[str], str]
) -> None:
    root = small_until("analyze")
    changed = override(small_config, ["analyze.bins=60"])

    result = run(changed, root, console=SilentConsole(), title="t", until="analyze")

    again = [outcome.target for outcome in result.outcomes if outcome.seconds is not None]
    assert again == ["statistics"]
    assert [v.stage for v in result.store.history()] == [
        "analyze",
        "analyze",
        "encode",
        "train",
        "ingest",
    ]


@pytest.mark.slow
def test_write__the_report_omits_samples_of_an_older_model(
    small_config: RunConfig, small_until: Callable[[str], str], tmp_path: Path
) -> None:
    root = small_until("sample")
    retrained = override(small_config, ["train.seed=7", "train.epochs=1"])
    only_normal = {"gaussian": retrained.sample.generators["gaussian"]}
    sample = retrained.sample.model_copy(update={"generators": only_normal})

    store = run(
        retrained.model_copy(update={"sample": sample}),
        root,
        console=SilentConsole(),
        title="t",
        until="sample",
    ).store
    write(small_config.report, store, tmp_path / "report", title="t", console=SilentConsole())
    page = (tmp_path / "report" / "index.html").read_text()

    assert "samples/ellipse" in store.groups
    assert store.sample_names == ("gaussian",)
    assert "images-1-gaussian" in page
    assert "images-2" not in page


def test_write__refuses_latents_of_an_older_model(
    small_config: RunConfig, small_until: Callable[[str], str], tmp_path: Path
) -> None:
    root = small_until("analyze")
    retrained = override(small_config, ["train.seed=7", "train.epochs=1"])
    store = run(retrained, root, console=SilentConsole(), title="t", until="train").store

    assert run_summary(store) == []
    with pytest.raises(StoreError, match="latents"):
        write(small_config.report, store, tmp_path / "report", title="t", console=SilentConsole())


@pytest.mark.parametrize(
    "overrides",
    [
        pytest.param(["cluster.workers=1"], id="one thread", marks=pytest.mark.slow),
        pytest.param(
            ["cluster.workers=2", "cluster.processes=true"],
            id="two processes",
            marks=pytest.mark.services,
        ),
    ],
)
def test_run__same_bytes_with_any_workers(
    overrides: list[str],
    small_config: RunConfig,
    small_store: Store,
    small_until: Callable[[str], str],
    tmp_path: Path,
) -> None:
    config, console = override(small_config, overrides), SilentConsole()

    new = run(config, str(tmp_path / "new"), console=console, title="t", until="ingest").store
    store = run(config, small_until("train"), console=console, title="t", until="sample").store

    np.testing.assert_array_equal(new.images["pixels"], small_store.images["pixels"])
    assert_same_results(store, small_store)


def test_run__same_weights_at_every_training(
    small_config: RunConfig, small_store: Store, small_until: Callable[[str], str]
) -> None:
    config = override(small_config, ["cluster.workers=1"])

    store = run(
        config, small_until("ingest"), console=SilentConsole(), title="t", until="train"
    ).store

    np.testing.assert_array_equal(store.model["weights"], small_store.model["weights"])


def test_run__without_annotations_trains_on_splits_by_checksum(
    small_config: RunConfig, faces: Path, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "img_align_celeba").symlink_to(faces / "img_align_celeba")
    config = override(small_config, [f"ingest.source={bare}", "train.epochs=1"])
    console = SilentConsole()

    store = run(config, str(tmp_path / "store"), console=console, title="t", until="train").store

    assert "split" not in store.images.coords
    assert sum("not found" in line for line in console.lines) == 4


def test_run__grey_images_pass_every_stage(grey: tuple[RunConfig, str]) -> None:
    root = grey[1]

    assert open_store(root).samples("ellipse")["pixels"].shape == (10, 32, 32, 1)
    assert (Path(root) / "report" / "index.html").is_file()


def test_run__refuses_a_missing_source_and_creates_nothing(tmp_path: Path) -> None:
    root = tmp_path / "store"
    with pytest.raises(ConfigError, match=r"ingest\.source is not set"):
        run(RunConfig(), str(root), console=SilentConsole(), title="t")
    assert not root.exists()


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("null", "Name the scheduler: --cluster tls://host:8786"),
        ("tcp://192.0.2.1:8786", "would be reached without TLS"),
        ("tls://192.0.2.1:8786", "Set cluster.tls.ca"),
    ],
)
@pytest.mark.parametrize("start", [run_to_its_end, submit])
def test_run__refuses_an_unusable_cluster_and_creates_nothing(
    start: Callable[..., object], address: str, message: str, small_config: RunConfig, folder: Path
) -> None:
    config = override(small_config, ["cluster.kind=address", f"cluster.address={address}"])

    with pytest.raises(ZpointsError, match=message):
        start(config, str(folder / "store"), title="t")

    assert list(folder.iterdir()) == []


def test_run__refuses_an_invalid_address_in_dasks_configuration(
    small_config: RunConfig, tmp_path: Path
) -> None:
    config = override(small_config, ["cluster.kind=address"])

    with (
        dask.config.set({"scheduler-address": "head:8786"}),
        pytest.raises(ConfigError, match=r"scheduler-address .*: invalid scheduler address"),
    ):
        run_to_its_end(config, str(tmp_path / "store"), title="t")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
@pytest.mark.parametrize("stage", ["train", "encode", "evaluate"])
def test_run__refuses_a_missing_gpu_before_the_first_stage(
    stage: str, small_config: RunConfig, tmp_path: Path
) -> None:
    config, root = override(small_config, [f"{stage}.device=cuda"]), str(tmp_path / "store")

    with pytest.raises(DeviceError, match="finds no CUDA device here"):
        run(config, root, console=SilentConsole(), title="t")

    assert open_store(root).groups == ()


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_run__needs_no_gpu_if_everything_is_up_to_date(
    small_config: RunConfig, small_root: str
) -> None:
    config = override(small_config, ["train.device=cuda"])

    result = run(config, small_root, console=SilentConsole(), title="small", until="train")

    assert all(outcome.seconds is None for outcome in result.outcomes)
