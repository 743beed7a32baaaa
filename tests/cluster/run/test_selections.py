"""Statistics of selections in a run: computed, grown, changed and refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.cluster.conftest import FIRST, MORE, arrive, configured, done, go
from tests.conftest import SilentConsole
from tests.shared import made_once
from tests.synthetic_faces import ATTRIBUTES
from zpoints.cluster.run_plan import dry_run
from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.errors import AnalyzeError, ConfigError
from zpoints.pipeline.labels import Labels
from zpoints.storage import QueryError, open_store

QUERY = "Smiling and not Male"


def selecting_config(config: RunConfig) -> RunConfig:
    selections = {"smiling_women": QUERY, "training": "split == 'train'"}
    return override(config, [f"analyze.selections={selections}"])


@pytest.fixture
def selecting(config: RunConfig) -> RunConfig:
    return selecting_config(config)


@pytest.fixture(scope="session")
def selected_night(first_night: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the first night with both selections described; done.json lists what was."""

    def make(home: Path) -> None:
        shutil.copytree(first_night, home, dirs_exist_ok=True)
        result, _ = go(selecting_config(configured(home / "tree")), home / "store")
        (home / "done.json").write_text(json.dumps(done(result)))

    return made_once(tmp_path_factory, "selected", make)


@pytest.fixture
def selected_root(selected_night: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(selected_night / "store", tmp_path / "selected"))


def test_run__describes_each_selection(
    selecting: RunConfig, selected_night: Path, selected_root: Path
) -> None:
    store = open_store(selected_root)

    described = json.loads((selected_night / "done.json").read_text())
    assert described == ["selections/smiling_women", "selections/training"]
    assert store.selection_names == ("smiling_women", "training")
    found = store.selection("smiling_women")
    expected = store.latents.query(image=QUERY)["z"].values
    assert found["count"].values[0] == len(expected)
    np.testing.assert_allclose(found["mean"], expected.astype(np.float64).mean(axis=0))
    assert found.attrs["query"] == QUERY
    assert done(go(selecting, selected_root)[0]) == []


def test_run__a_changed_query_recomputes_only_that_selection(
    selecting: RunConfig, selected_root: Path
) -> None:
    root = selected_root
    changed = override(selecting, ["analyze.selections.smiling_women=Smiling"])

    reasons = {
        p.target: p.reason
        for p in dry_run(changed, str(root), console=SilentConsole(), title="t", until="analyze")
    }

    assert reasons["selections/smiling_women"] == f"analyze.query: {QUERY} -> Smiling"
    assert reasons["selections/training"] == reasons["statistics"] == ""


@pytest.mark.slow
def test_run__selections_and_attribute_means_grow(
    everything: Path,
    tree: Path,
    selecting: RunConfig,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "zpoints.storage.arrays.lazy.TASK_BYTES", (1, 1)
    )  # a task for each stored chunk
    go(selecting, root)
    arrive(everything, tree, FIRST, FIRST + MORE)

    result, lines = go(selecting, root)

    growing = [line.partition(": ")[0] for line in lines if line.endswith(f" grow by {MORE}.")]
    assert growing[0] == "statistics"
    assert len(growing) == 3
    latents = result.store.latents
    assert latents["z"].data.npartitions > 2
    where = latents["Smiling"].values & ~latents["Male"].values
    scratch = analyze(
        latents["z"].data, selecting.analyze, attributes=Labels(latents).table, where=where
    )
    grown = result.store.selection("smiling_women")
    for name in ("count", "attribute_count", "histogram"):
        np.testing.assert_array_equal(grown[name], scratch[name])
    for name in ("mean", "comoment", "attribute_mean"):
        np.testing.assert_allclose(grown[name], scratch[name], rtol=1e-9, atol=1e-12)


def test_run__statistics_include_the_means_of_all_attributes(root: Path) -> None:
    store = open_store(root)
    latents, statistics = store.latents, store.statistics

    assert statistics.sizes["attribute"] == len(ATTRIBUTES)
    smiling = latents["z"].values[latents["Smiling"].values].astype(np.float64)
    row = statistics.sel(attribute="Smiling")
    assert row["attribute_count"] == len(smiling)
    np.testing.assert_allclose(row["attribute_mean"], smiling.mean(axis=0), rtol=1e-9)


def test_run__refuses_a_selection_without_images(config: RunConfig, root: Path) -> None:
    nobody = override(config, ["analyze.selections.nobody='Bald and not Bald'"])

    with pytest.raises(AnalyzeError, match=rf"selections.nobody .* none of the {FIRST} vectors"):
        go(nobody, root)


def test_config__refuses_an_empty_query(config: RunConfig) -> None:
    with pytest.raises(ConfigError, match=r"analyze.selections.all: .*at least 1 character"):
        override(config, ["analyze.selections.all=''"])


def test_config__refuses_a_query_that_would_run_code(config: RunConfig, tmp_path: Path) -> None:
    attack = f"Smiling.to_csv('{tmp_path / 'written'}')"

    with pytest.raises(ConfigError, match=r"selections.all: .*Smiling>>>\.<<<to_csv"):
        override(config, [f'analyze.selections.all="{attack}"'])

    assert not (tmp_path / "written").exists()


def test_run__selects_by_reconstruction_error(config: RunConfig, root: Path) -> None:
    store = open_store(root)
    median = float(np.median(store.latents["reconstruction_error"]))
    chosen = override(config, [f"analyze.selections.worse=reconstruction_error > {median}"])

    result, _ = go(chosen, root)

    described = result.store.selection("worse")["count"].values[0]
    assert described == (store.latents["reconstruction_error"].values > median).sum()


def test_run__refuses_an_unknown_label_before_the_training(
    selecting: RunConfig, tmp_path: Path
) -> None:
    wrong = override(selecting, ["analyze.selections.women=Smilling"])

    with pytest.raises(QueryError, match=r"analyze.selections.women.*did you mean Smiling\?"):
        go(wrong, tmp_path / "fresh")

    assert open_store(tmp_path / "fresh").groups == ("images",)
    with pytest.raises(QueryError, match="did you mean"):
        dry_run(wrong, str(tmp_path / "fresh"), console=SilentConsole(), title="t", until="analyze")
