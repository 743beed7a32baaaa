"""The JSON Schema of a configuration accepts what loads and refuses what does not."""

from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from zpoints.pipeline.config.commented_yaml import commented_yaml
from zpoints.pipeline.config.preset_files import preset_names
from zpoints.pipeline.config.run import RunConfig, load_config
from zpoints.pipeline.config.schema import json_schema

PRESETS = Path("pipeline/config/presets")


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("preset", preset_names())
def test_json_schema__accepts_presets_as_written_and_as_printed(
    validator: Draft202012Validator, preset: str
) -> None:
    written = yaml.safe_load((PRESETS / f"{preset}.yaml").read_text())
    printed = yaml.safe_load(commented_yaml(load_config(preset)))
    written.setdefault("train", {})["log"] = "csv"  # one name stands for a list

    assert [*validator.iter_errors(written), *validator.iter_errors(printed)] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"trian": {}},
        {"train": {"epoch": 3}},
        {"train": {"epochs": "many"}},
        {"train": {"activation": "gelu"}},
        {"sample": {"generators": {"a": {"generator": "elipse"}}}},
        {"train": {"log": 3}},
        {"ingest": {"side": 0}},
    ],
)
def test_json_schema__refuses_what_does_not_load(
    validator: Draft202012Validator, wrong: dict[str, object]
) -> None:
    assert not validator.is_valid(wrong)


def test_json_schema__describes_every_key() -> None:
    sections = json_schema()["$defs"]

    without = [
        f"{name}.{key}"
        for name in {type(value).__name__ for _, value in RunConfig()}
        for key, field in sections.get(name, {}).get("properties", {}).items()
        if "description" not in field and "$ref" not in field
    ]
    assert without == []
