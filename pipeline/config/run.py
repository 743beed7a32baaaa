"""The configuration of a run: one YAML file, one section per stage."""

from collections.abc import Iterable, Mapping, Sequence
from os.path import isdir, isfile
from pathlib import Path
from typing import Any, Literal, Self, get_args

from pydantic import Field, ValidationError, model_validator

from zpoints.pipeline.analyze.config import AnalyzeConfig
from zpoints.pipeline.config.cluster import ClusterConfig
from zpoints.pipeline.config.commented_yaml import as_yaml
from zpoints.pipeline.config.components import check_components
from zpoints.pipeline.config.plain_yaml import MOST_BYTES, plain_values
from zpoints.pipeline.config.preset_files import preset_names, preset_text
from zpoints.pipeline.config.setting_names import instead_of
from zpoints.pipeline.encode.config import DecodeConfig, EncodeConfig
from zpoints.pipeline.errors import ConfigError
from zpoints.pipeline.evaluate.config import REFERENCES, EvaluateConfig
from zpoints.pipeline.import_vectors.config import ImportConfig
from zpoints.pipeline.ingest.config import IngestConfig, SourceConfig
from zpoints.pipeline.parts.code import is_code_name
from zpoints.pipeline.parts.generator import Generator
from zpoints.pipeline.report.config import ReportConfig
from zpoints.pipeline.sample.config import SampleConfig
from zpoints.pipeline.sample.laws.conditional import Conditional
from zpoints.pipeline.sample.registry import GENERATORS, parameter_names
from zpoints.pipeline.settings import Settings, fault_message, setting_path
from zpoints.pipeline.structure.config import StructureConfig
from zpoints.pipeline.sweep.config import SweepConfig
from zpoints.pipeline.train.config import ElsewhereConfig, TrainConfig
from zpoints.storage.backend.buckets.schemes import PLACES
from zpoints.storage.errors import did_you_mean, nearest

Single = str | int | float | bool | None
MOST_SHOWN = 8
"""Values of a list that a message about it shows."""
Chosen = Literal["ingest.crop", "ingest.side", "ingest.channels", "train.z_dim", "train.epochs"]
"""A setting that a run can choose from the photographs (`config/choice.py`)."""


class RunConfig(Settings):
    """All settings of a run."""

    root: str | None = Field(None, description=f"location of the store: {PLACES}; --root overrides")
    choose: tuple[Chosen, ...] = Field(
        (),
        description="settings that a run chooses from the photographs and their number, as the "
        "preset folder does; one that --set names is left as it is",
    )
    source: SourceConfig = Field(SourceConfig(), description="how ingest.source is read")
    ingest: IngestConfig = Field(IngestConfig(), description="photographs to images")
    train: TrainConfig = Field(TrainConfig(), description="the autoencoder")
    encode: EncodeConfig = Field(EncodeConfig(), description="images to latent vectors")
    decode: DecodeConfig = Field(DecodeConfig(), description="latent vectors to images")
    analyze: AnalyzeConfig = Field(AnalyzeConfig(), description="statistics of the latents")
    structure: StructureConfig = Field(
        StructureConfig(), description="labels and clusters in the latents"
    )
    sample: SampleConfig = Field(SampleConfig(), description="new vectors and their images")
    evaluate: EvaluateConfig = Field(EvaluateConfig(), description="quality of the images")
    sweep: SweepConfig = Field(SweepConfig(), description="a generator on a grid of its parameters")
    report: ReportConfig = Field(ReportConfig(), description="the HTML page and its figures")
    cluster: ClusterConfig = Field(ClusterConfig(), description="where the run computes")

    @property
    def elsewhere(self) -> ElsewhereConfig | None:
        """The network that was trained elsewhere; None if zpoints trains one."""
        if self.encode.network is None or self.decode.network is None:
            return None
        return ElsewhereConfig(
            encode=self.encode.network,
            decode=self.decode.network,
            z_dim=self.train.z_dim,
            side=self.ingest.side,
            channels=self.ingest.channels,
        )

    @property
    def photographs_of_vectors(self) -> SourceConfig:
        """How photographs of imported vectors are read: `source.labels` is a table of vectors."""
        if self.source.labels is None:
            return self.source
        without = {"labels": None, "name_column": None, "unused_tables": "ignore"}
        return self.source.model_copy(update=without)

    @property
    def imported(self) -> ImportConfig | None:
        """The vectors that were made elsewhere; None if zpoints encodes photographs."""
        if self.ingest.vectors is None:
            return None
        return ImportConfig(
            vectors=self.ingest.vectors,
            key=self.ingest.vectors_key,
            labels=self.source.labels,
            name_column=self.source.name_column,
            follow_changes=self.source.on_change == "reencode",
            chunk=self.encode.chunk,
        )

    def with_components(self, width: int) -> Self:
        """These settings for imported vectors of a number of components.

        Raises
        ------
        ConfigError
            If a setting names a component that they lack.
        """
        try:
            check_components(self.analyze, self.sample, self.sweep, width, self.ingest.vectors)
        except ValueError as error:
            raise ConfigError(f"The settings do not fit the vectors: {error}.") from None
        train = self.train.model_copy(update={"z_dim": width})
        return self.model_copy(update={"train": train})

    @property
    def named_code(self) -> tuple[str, ...]:
        """Names of the classes and functions that this configuration names."""
        named = (self.train.network, self.encode.network, self.decode.network)
        return tuple(name for name in named if name is not None and is_code_name(name))

    @model_validator(mode="after")
    def _networks_belong_together(self) -> Self:
        named = {"encode": self.encode.network, "decode": self.decode.network}
        missing = [name for name, value in named.items() if value is None]
        if len(missing) == 1:
            raise ValueError(
                f"{missing[0]}.network is not set, but the other one of encode.network and "
                "decode.network is; set both for a network that was trained elsewhere, or neither"
            )
        if not missing and self.train.network is not None:
            raise ValueError(
                "train.network names a network to train, encode.network and decode.network one "
                "that was trained elsewhere; set either"
            )
        return self

    @model_validator(mode="after")
    def _settings_fit_the_components(self) -> Self:
        if self.imported is None:  # the width of vectors is known once they are opened
            check_components(self.analyze, self.sample, self.sweep, self.train.z_dim)
        return self

    @model_validator(mode="after")
    def _selections_are_configured(self) -> Self:
        generators = self.sample.generators
        laws: list[tuple[str, Generator]] = [
            (f"sample.generators.{n}", generators[n]) for n in generators
        ]
        laws += [("sweep.grid", law) for law in self.sweep.known_laws]
        for where, law in laws:
            if isinstance(law, Conditional) and law.selection not in self.analyze.selections:
                raise ValueError(
                    f"{where}.selection: unknown selection {law.selection!r}; add "
                    "it to analyze.selections, e.g. analyze.selections.smiling=Smiling."
                    f"{did_you_mean(law.selection, self.analyze.selections)}".rstrip(".")
                )
        return self

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.imported is None:
            return self
        if self.encode.network is not None:
            raise ValueError(
                "ingest.vectors names vectors that were made elsewhere, encode.network another "
                "origin of the latents; set either"
            )
        if self.ingest.limit is not None:
            raise ValueError(
                "ingest.limit chooses photographs, but ingest.vectors names vectors, which are all "
                "imported; set ingest.limit to null"
            )
        return self

    @model_validator(mode="after")
    def _names_are_free(self) -> Self:
        for name in REFERENCES:
            if name in self.sample.generators:
                raise ValueError(
                    f"sample.generators.{name}: {' and '.join(REFERENCES)} name the photographs "
                    "and their reconstructions in the evaluation; choose another name"
                )
        return self


def load_config(config: str, overrides: Sequence[str] = ()) -> RunConfig:
    """Read a configuration.

    Parameters
    ----------
    config
        Path of a YAML file, or the name of a preset.
    overrides
        Strings ``section.key=value``; the value is read as YAML.

    Returns
    -------
    RunConfig
        The validated configuration.

    Raises
    ------
    ConfigError
        If there is no such file or preset, or if a key or value is not valid.
    """
    settings = validated(_read(config), origin=config)
    return override(settings, overrides) if overrides else settings


def override(config: RunConfig, overrides: Iterable[str]) -> RunConfig:
    """Replace single values of a configuration; see ``load_config``."""
    return set_values(config, {}, overrides)


def set_values(
    config: RunConfig, given: Mapping[str, str], overrides: Iterable[str] = ()
) -> RunConfig:
    """Replace single values of a configuration.

    Parameters
    ----------
    config
        The configuration.
    given
        Texts by ``section.key``, taken as they are.
    overrides
        As in ``load_config``; they take precedence.

    Raises
    ------
    ConfigError
        If a key or value is not valid.
    """
    values = config.model_dump(mode="json")
    for key, text in given.items():
        _set(values, key.split("."), text)
    for text in overrides:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"--set {text}: expected section.key=value, e.g. train.epochs=30.")
        key = key.strip()
        _set(values, key.split("."), plain_values(value, f"--set {key}"))
        if key in get_args(Chosen) and isinstance(values["choose"], list):
            values["choose"] = [name for name in values["choose"] if name != key]
    return validated(values, origin="The command line")


def validated(values: Any, *, origin: str) -> RunConfig:
    """Validate plain values.

    Raises
    ------
    ConfigError
        If a key is unknown or out of range; the message has one line per key.
    """
    try:
        return RunConfig.model_validate(values)
    except ValidationError as error:
        lines = "".join(f"  {_line(fault, values)}\n" for fault in error.errors())
        raise ConfigError(
            f"{origin} is not a valid configuration:\n{lines}"
            "Run zpoints config to see every key with its range."
        ) from error


def _line(fault: Mapping[str, Any], values: Any) -> str:
    """Setting, expectation and, unless a validator's message names it, the value."""
    path = setting_path(fault, values)
    message = ".".join(path) + ": " * bool(path) + fault_message(fault)
    if fault["type"] == "extra_forbidden":
        return message + (_known_parameters(path, values) or instead_of(path, RunConfig))
    parts = found if isinstance(found := fault["input"], list | tuple) else (found,)
    short = len(parts) <= MOST_SHOWN and all(isinstance(part, Single) for part in parts)
    value = as_yaml(found) if short and fault["type"] != "value_error" else ""
    meaning = _meaning(path) if fault["type"].endswith(("_parsing", "_type")) else ""
    return (f"{message} (got {value})" if value else message) + f"; {meaning}" * bool(meaning)


def _meaning(path: Sequence[str]) -> str:
    """The description of a setting of a section; empty for others."""
    if len(path) != 2:
        return ""
    section = RunConfig.model_fields.get(path[0])
    fields = getattr(section and section.annotation, "model_fields", {})
    return str(fields[path[1]].description or "") if path[1] in fields else ""


def _known_parameters(path: Sequence[str], values: Any) -> str:
    """The parameters of a generator, if the unknown setting is of one; otherwise empty."""
    law, where = "", path[:-1]
    for part in where:
        values = values.get(part) if isinstance(values, Mapping) else None
        law = str(values.get("generator", law)) if isinstance(values, Mapping) else law
    if law not in GENERATORS:
        return ""
    names = parameter_names(law)
    takes = f"; {law} takes {', '.join(names) or 'no parameters'}"
    alike = nearest(path[-1], names)
    return f"; did you mean {'.'.join((*where, alike[0]))}?{takes[1:]}" if alike else takes


def _read(config: str) -> Any:
    if isfile(config):  # unlike Path.is_file it allows for any length
        text = _text(Path(config))
    elif config in preset_names():
        text = preset_text(config)
    elif isdir(config):
        raise ConfigError(
            f"{config} is a folder; expected a YAML file or a preset: {', '.join(preset_names())}."
        )
    else:
        raise ConfigError(
            f"{config} is neither a file nor a preset.{did_you_mean(config, preset_names())} "
            f"Presets: {', '.join(preset_names())}."
        )
    values = plain_values(text, config)
    return {} if values is None else values


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}).") from error
    if len(content) > MOST_BYTES:
        raise ConfigError(
            f"{path} is too large for a configuration: expected at most {MOST_BYTES:,} bytes."
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path} is not a YAML file: it is not UTF-8 text ({error.reason} at byte "
            f"{error.start:,}). Name a YAML file, or save this one as UTF-8."
        ) from error


def _set(values: dict[str, Any], path: list[str], value: Any) -> None:
    for depth, part in enumerate(path[:-1]):
        inner = values.setdefault(part, {})
        if not isinstance(inner, dict):
            raise ConfigError(
                f"--set {'.'.join(path)}: {'.'.join(path[: depth + 1])} is a value, not a section."
            )
        values = inner
    values[path[-1]] = value
