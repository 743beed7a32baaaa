"""The JSON Schema of a configuration accepts what loads and refuses what does not."""

from itertools import chain

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.project.pages import blocks, pages
from zpoints.pipeline.config.commented_yaml import commented_yaml
from zpoints.pipeline.config.preset_files import preset_names, preset_text
from zpoints.pipeline.config.run import RunConfig, load_config, validated
from zpoints.pipeline.config.schema import json_schema
from zpoints.pipeline.errors import ConfigError


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("preset", preset_names())
def test_json_schema__accepts_presets_as_written_and_as_printed(
    validator: Draft202012Validator, preset: str
) -> None:
    written = yaml.safe_load(preset_text(preset))
    printed = yaml.safe_load(commented_yaml(load_config(preset)))
    written.setdefault("train", {})["log"] = "csv"  # one name stands for a list

    assert [*validator.iter_errors(written), *validator.iter_errors(printed)] == []


def test_json_schema__accepts_the_examples_of_the_pages(validator: Draft202012Validator) -> None:
    examples = [b.text for b in chain.from_iterable(blocks(page, "yaml") for page in pages())]

    assert examples
    assert [e for text in examples for e in validator.iter_errors(yaml.safe_load(text))] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"trian": {}},
        {"train": {"epoch": 3}},
        {"train": {"epochs": "many"}},
        {"train": {"activation": "gelu"}},
        {"train": {"log": ["csv", "tensorbord"]}},
        {"ingest": {"side": 0}},
        {"source": {"format": "kagle"}},
        {"sample": {"generators": {"a": {"generator": "elipse"}}}},
        {"sample": {"generators": {"a": {"fact": 0.7}}}},
        {"sample": {"generators": {"a": {"generator": "ellipse", "fakt": 0.7}}}},
        {"sweep": {"generator": "elipse"}},
        {"sweep": {"grid": {"fakt": [0.6, 0.8]}}},
        {"sweep": {"generator": "flow", "grid": {"K": [8]}, "parameters": {"fact": 0.7}}},
    ],
)
def test_json_schema__refuses_what_does_not_load(
    validator: Draft202012Validator, wrong: dict[str, object]
) -> None:
    with pytest.raises(ConfigError):
        validated(wrong, origin="test")

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
