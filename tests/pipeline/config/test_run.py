"""Reading, overriding, validating and printing configurations."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic.fields import FieldInfo

from zpoints.pipeline.config.commented_yaml import commented_yaml
from zpoints.pipeline.config.preset_files import preset_names
from zpoints.pipeline.config.run import RunConfig, load_config
from zpoints.pipeline.errors import ConfigError
from zpoints.pipeline.settings import Settings


def test_preset_names__lists_the_presets() -> None:
    assert preset_names() == ["celeba-case-1", "celeba-case-2", "demo", "folder", "vectors"]


@pytest.mark.parametrize("name", preset_names())
def test_load_config__every_preset_is_valid(name: str) -> None:
    assert load_config(name).train.case == (2 if name.endswith("2") else 1)


def test_load_config__applies_overrides_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("train: {epochs: 3, case: II}\nsample: {count: 10}\n")

    config = load_config(
        str(path), ["train.epochs=5", "ingest.crop=null", "sample.generators.ellipse.fact=0.6"]
    )

    assert (config.train.epochs, config.train.case, config.ingest.crop) == (5, 2, None)
    assert config.sample.generators["ellipse"].fact == 0.6
    assert config.sample.count == 10


def test_load_config__accepts_generators_named_by_the_user(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("sample: {generators: {narrow: {generator: ellipse, K: 50, fact: 0.5}}}")

    generators = load_config(str(path)).sample.generators

    assert list(generators) == ["narrow"]
    assert generators["narrow"].K == 50


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("train.epoch=3", "train.epoch"),
        ("train.epochs=0", "train.epochs"),
        ("train.epochs=many", "many"),
        ("cluster.memory=lots", "invalid amount of memory 'lots'"),
        ("cluster.jobs.memory=0GiB", "expected e.g. 4GiB"),
        ("cluster.memory=1e400", "invalid amount of memory '1e400'"),
        (f"sweep.grid={{K: {[5] * 101}}}", "sweep.grid.K: expected at most 100 values\n"),
        (
            "sample.generators.mine={generator: grid, points: " + "9" * 99 + "}",
            "mine.points: expected at most 1000000 (got 999",
        ),
        (
            "cluster.address=tls://head:99999",
            "cluster.address: invalid scheduler address 'tls://head:99999'",
        ),
        ("ingest.side=50", "ingest.side"),
        ("sample.generatrs=3", "no such setting; did you mean sample.generators?"),
        ("train.crop=3", "train.crop: no such setting; did you mean ingest.crop?"),
        ("sampel.count=3", "sampel: no such setting; did you mean sample?"),
        ("cluster.jobs.queu=x", "did you mean cluster.jobs.queue?"),
        ("decode.zzz=x", "no such setting; decode has "),
        ("sample.generators.mine={generator: elipse}", "it is elipse. Did you mean ellipse?"),
        ("training.epochs=3", "training"),
        ("train.epochs.first=3", "train.epochs"),
        ("train.epochs", "section.key=value"),
        ("sample.generators.ellipse.fact=0", "fact"),
        (
            "sample.generators.ellipse.K=0",
            "  sample.generators.ellipse.K: expected at least 1 (got 0)",
        ),
        (
            "sample.generators.ellipse.law=oval",
            "ellipse.law: expected pairwise, uniform or normal (g",
        ),
        (
            "sample.generators.ellipse.fat=1",
            ".fat: no such setting; did you mean sample.generators.ellipse.fact? ellipse takes K, ",
        ),
        (
            "sample.generators.few={generator: conditional, selection: s, base: "
            "{generator: ellipse, K: 0}}",
            "  sample.generators.few.base.K: expected at least 1",
        ),
        ("sample.generators.few={generator: conditional}", "few.selection: must be set"),
        (
            "sample.generators.mine={generator: oval}",
            "  sample.generators.mine: generator has to be one of uniform, gaussian, ",
        ),
        ("sample.generators.mine={generator: oval}", "path, conditional; it is oval\n"),
        ("sample.generators.mine={b: 3}", "conditional; it is not set\n"),
        ("sample.generators.mine=3", "e.g. {generator: ellipse, K: 50}, not 3\n"),
        (
            "sample.generators.my own={generator: ellipse}",
            "my own: expected a name of at most 64 letters",
        ),
        ("train.epochs=null", "train.epochs: expected a whole number (got null)"),
        ("train.generator=[1]", "train.generator: no such setting"),
        ("ingest.source=[", "YAML"),
    ],
)
def test_load_config__names_the_invalid_setting(override: str, named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config("demo", [override])
    assert named in str(caught.value)


def test_load_config__lists_the_presets_if_the_file_is_missing() -> None:
    with pytest.raises(ConfigError, match=r"neither a file nor a preset.*celeba-case-1"):
        load_config("celeba-case-3")


def test_commented_yaml__reads_back_as_the_same_configuration() -> None:
    config = load_config("celeba-case-2", ["sample.generators.ellipse.K=20"])

    text = commented_yaml(config)

    assert RunConfig.model_validate(yaml.safe_load(text)) == config


def fields(settings: type[Settings], section: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Keys as ``section.key`` with their fields, sections included."""
    for name, field in settings.model_fields.items():
        yield section + name, field
        if isinstance(field.annotation, type) and issubclass(field.annotation, Settings):
            yield from fields(field.annotation, f"{section}{name}.")


def comments(text: str) -> dict[str, str]:
    """Keys of commented YAML as ``section.key``, with the comment above or after them."""
    found, above, path = {}, "", []
    for line in filter(None, text.splitlines()):
        if line.strip().startswith("#"):
            above += line
            continue
        entry, _, beside = line.partition("#")
        key = entry.split(":")[0]
        depth = (len(key) - len(key.lstrip())) // 2
        path = [*path[:depth], key.strip()]
        found[".".join(path)] = above + beside
        above = ""
    return found


@pytest.mark.parametrize("key", dict(fields(RunConfig)))
def test_commented_yaml__explains_every_key(key: str) -> None:
    description = dict(fields(RunConfig))[key].description

    comment = comments(commented_yaml(RunConfig()))[key]

    assert description
    assert letters(description) in letters(comment)


def letters(text: str) -> str:
    """The text without white space and comment signs, so that line breaks do not matter."""
    return re.sub(r"[\s#]", "", text)


@pytest.mark.parametrize("preset", ["celeba-case-1", "celeba-case-2", "demo"])
def test_load_config__accepts_any_number_of_components(preset: str) -> None:
    for components in (2, 64, 512):
        config = load_config(preset, [f"train.z_dim={components}"])
        assert config.train.z_dim == components
