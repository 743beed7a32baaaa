"""The configuration as JSON Schema, after which editors complete and check a YAML file."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.ingest.config import known_formats
from zpoints.pipeline.sample.registry import GENERATORS, parameter_names
from zpoints.pipeline.train.config import known_logs

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FILE = "zpoints.schema.json"
"""Name of the schema's file beside the YAML files."""
HEADER = (
    f"# yaml-language-server: $schema={FILE}",
    f"# Editors complete and check this file once its folder has {FILE}:",
    f"# zpoints config --schema > {FILE}",
)
"""The first lines of a configuration; editors read the first of them."""


class _ForEditors(GenerateJsonSchema):
    """Leaves out the titles of keys, which would repeat their names in an editor."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> dict[str, Any]:
        return {}  # a parameter of an installed package's generator: any value


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a configuration: keys, types, ranges, choices and meanings.

    Parts of installed packages are among the choices. Conditions between keys, and the form of
    texts such as amounts of memory, are checked only when a configuration is loaded.
    """
    schema = RunConfig.model_json_schema(schema_generator=_ForEditors)
    for section in schema["$defs"].values():
        section.pop("title", None)  # the name of a class
        if "const" in section.get("properties", {}).get("generator", {}):
            section["required"] = ["generator", *section.get("required", ())]
    _section(schema, "source")["properties"]["format"]["enum"] = list(known_formats())
    one = {"enum": list(known_logs())}
    several = {"type": "array", "items": one}
    _section(schema, "train")["properties"]["log"]["anyOf"] = [one, several, {"type": "null"}]
    sweep = _section(schema, "sweep")
    sweep["properties"]["generator"]["enum"] = list(GENERATORS)
    sweep["allOf"] = [_names_its_parameters(sweep, name) for name in GENERATORS]
    return {"$schema": DIALECT, **schema, "title": "zpoints"}


def _section(schema: dict[str, Any], name: str) -> dict[str, Any]:
    definition: str = schema["properties"][name]["$ref"]
    section: dict[str, Any] = schema["$defs"][definition.rpartition("/")[2]]
    return section


def _names_its_parameters(sweep: dict[str, Any], generator: str) -> dict[str, Any]:
    """The condition that the sweep of a generator has parameters of it."""
    names = {"propertyNames": {"enum": list(parameter_names(generator))}}
    swept: dict[str, Any] = {"properties": {"generator": {"const": generator}}}
    if generator != sweep["properties"]["generator"]["default"]:
        swept["required"] = ["generator"]
    return {"if": swept, "then": {"properties": {"parameters": names, "grid": names}}}
