"""The configuration of a run: one YAML file, one section per stage."""

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from zpoints.pipeline.analyze.config import AnalyzeConfig
from zpoints.pipeline.config.cluster import ClusterConfig
from zpoints.pipeline.config.commented_yaml import as_yaml
from zpoints.pipeline.encode.config import EncodeConfig
from zpoints.pipeline.errors import ConfigError
from zpoints.pipeline.evaluate.config import REFERENCES, EvaluateConfig
from zpoints.pipeline.ingest.config import IngestConfig, SourceConfig
from zpoints.pipeline.report.config import ReportConfig
from zpoints.pipeline.sample import GENERATORS
from zpoints.pipeline.sample.config import SampleConfig
from zpoints.pipeline.sample.laws.conditional import Conditional
from zpoints.pipeline.settings import Settings, fault_message, setting_path
from zpoints.pipeline.structure.config import StructureConfig
from zpoints.pipeline.sweep.config import SweepConfig
from zpoints.pipeline.train.config import TrainConfig


class RunConfig(Settings):
    """Everything that a run needs to know."""

    root: str | None = Field(
        None, description="where the store lies: a folder or s3://bucket/prefix; --root overrides"
    )
    source: SourceConfig = Field(
        SourceConfig(), description="how the photographs of ingest.source are read"
    )
    ingest: IngestConfig = Field(IngestConfig(), description="photographs in")
    train: TrainConfig = Field(TrainConfig(), description="the autoencoder")
    encode: EncodeConfig = Field(EncodeConfig(), description="images to latent vectors")
    analyze: AnalyzeConfig = Field(AnalyzeConfig(), description="statistics of the latents")
    structure: StructureConfig = Field(
        StructureConfig(), description="how the labels structure the latents"
    )
    sample: SampleConfig = Field(SampleConfig(), description="new vectors and their images")
    evaluate: EvaluateConfig = Field(
        EvaluateConfig(), description="measures of the quality of the images"
    )
    sweep: SweepConfig = Field(SweepConfig(), description="K, fact and law of ellipse on a grid")
    report: ReportConfig = Field(ReportConfig(), description="the HTML page and its figures")
    cluster: ClusterConfig = Field(ClusterConfig(), description="where it runs")

    @model_validator(mode="after")
    def _generators_fit_the_latents(self) -> Self:
        for name, parameters in self.sample.generators.items():
            place, law = f"sample.generators.{name}", parameters
            if isinstance(law, Conditional):
                if law.selection not in self.analyze.selections:
                    raise ValueError(
                        f"{place}.selection: analyze.selections has no {law.selection!r}; add it, "
                        "e.g. analyze.selections.smiling=Smiling"
                    )
                place, law = f"{place}.base", law.base
            leading = getattr(law, "K", None) or 0
            if leading > self.train.z_dim:
                raise ValueError(
                    f"{place}.K = {leading} is more than the train.z_dim = {self.train.z_dim} "
                    "components there are; lower it, or raise train.z_dim"
                )
            highest = max(getattr(law, "axes", ()), default=-1)
            if highest >= self.train.z_dim:
                raise ValueError(
                    f"{place}.axes: the train.z_dim = {self.train.z_dim} components are numbered "
                    f"from 0 to {self.train.z_dim - 1}, and there is no {highest}"
                )
        return self

    @model_validator(mode="after")
    def _names_are_free(self) -> Self:
        for name in REFERENCES:
            if name in self.sample.generators:
                raise ValueError(
                    f"sample.generators.{name}: the evaluation calls photographs and their "
                    f"reconstructions {' and '.join(REFERENCES)}; choose another name"
                )
        return self

    @model_validator(mode="after")
    def _sweep_fits_the_latents(self) -> Self:
        largest = max(self.sweep.K or (0,))
        if largest > self.train.z_dim:
            raise ValueError(
                f"sweep.K has {largest}, more than the train.z_dim = {self.train.z_dim} components "
                "there are; lower it, or raise train.z_dim"
            )
        return self

    @model_validator(mode="after")
    def _pairs_fit_the_latents(self) -> Self:
        for name in ("original", "pc"):
            numbers = [i for pair in getattr(self.analyze.pairs, name) or () for i in pair]
            if max(numbers, default=0) >= self.train.z_dim:
                raise ValueError(
                    f"analyze.pairs.{name} has a component {max(numbers)}; the train.z_dim = "
                    f"{self.train.z_dim} components are numbered from 0 to {self.train.z_dim - 1}"
                )
        return self


def preset_names() -> list[str]:
    """Names of the presets that come with zpoints."""
    return sorted(p.name.removesuffix(".yaml") for p in _presets() if p.name.endswith(".yaml"))


def load_config(config: str, overrides: Sequence[str] = ()) -> RunConfig:
    """Read a configuration.

    Parameters
    ----------
    config
        Path of a YAML file, or the name of a preset.
    overrides
        Texts ``section.key=value``; the value is read as YAML.

    Raises
    ------
    ConfigError
        If there is no such file or preset, or a key or value is not valid; the message names it.
    """
    settings = validated(_read(config), origin=config)
    return override(settings, overrides) if overrides else settings


def override(config: RunConfig, overrides: Iterable[str]) -> RunConfig:
    """A configuration with single values replaced; see ``load_config``."""
    values = config.model_dump(mode="json")
    for text in overrides:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"--set {text}: expected section.key=value, e.g. train.epochs=30.")
        _set(values, key.strip().split("."), _yaml(value, f"--set {text}"))
    return validated(values, origin="--set")


def validated(values: Any, *, origin: str) -> RunConfig:
    """A checked configuration from plain values.

    Raises
    ------
    ConfigError
        With one line per key that is unknown or out of range.
    """
    try:
        return RunConfig.model_validate(values)
    except ValidationError as error:
        lines = "".join(f"  {_line(fault, values)}\n" for fault in error.errors())
        raise ConfigError(
            f"{origin} is not a valid configuration:\n{lines}"
            "zpoints config prints every key with its range."
        ) from error


def _line(fault: Mapping[str, Any], values: Any) -> str:
    """The setting, what was expected, and what came, unless a sentence of ours has said it."""
    path = setting_path(fault, values)
    said = ".".join(path) + ": " * bool(path) + fault_message(fault)
    if fault["type"] == "extra_forbidden":
        return said + _taken(path[:-1], values)
    single = isinstance(fault["input"], str | int | float | bool | None)
    ours = fault["type"] == "value_error"
    return f"{said} (got {as_yaml(fault['input'])})" if single and not ours else said


def _taken(path: Sequence[str], values: Any) -> str:
    """The parameters that there are, where the section is a generator."""
    for part in path:
        values = values.get(part) if isinstance(values, Mapping) else None
    law = str(values.get("generator")) if isinstance(values, Mapping) else ""
    if law not in GENERATORS:
        return ""
    names = [name for name in GENERATORS[law].model_fields if name != "generator"]
    return f"; {law} takes {', '.join(names) or 'no parameters'}"


def _presets() -> Iterable[Any]:
    return files("zpoints.pipeline.config").joinpath("presets").iterdir()


def _read(config: str) -> Any:
    path = Path(config)
    if path.is_file():
        return _yaml(_text(path), config) or {}
    preset = files("zpoints.pipeline.config").joinpath("presets", f"{config}.yaml")
    if not preset.is_file():
        raise ConfigError(
            f"{config} is neither a file nor a preset. Presets: {', '.join(preset_names())}."
        )
    return _yaml(preset.read_text(encoding="utf-8"), config)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is no YAML file: it is not UTF-8 text ({error}).") from error


def _yaml(text: str, origin: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{origin} is not valid YAML: {error}") from error


def _set(values: dict[str, Any], path: list[str], value: Any) -> None:
    for depth, part in enumerate(path[:-1]):
        inner = values.setdefault(part, {})
        if not isinstance(inner, dict):
            raise ConfigError(
                f"--set {'.'.join(path)}: {'.'.join(path[: depth + 1])} is a value, not a section."
            )
        values = inner
    values[path[-1]] = value
