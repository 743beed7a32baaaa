"""The configuration as JSON Schema, after which editors complete and check a YAML file."""

from typing import Any

from zpoints.pipeline.config.run import RunConfig

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FILE = "zpoints.schema.json"
"""Name of the schema's file beside the YAML files."""
HEADER = (
    f"# yaml-language-server: $schema={FILE}",
    f"# Editors complete and check this file once its folder has {FILE}:",
    f"# zpoints config --schema > {FILE}",
)
"""The first lines of a configuration; editors read the first of them."""


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a configuration: keys, types, ranges, choices and meanings.

    Generators of installed packages are among the choices. Conditions between keys are checked only
    when a configuration is loaded.
    """
    return {"$schema": DIALECT, **RunConfig.model_json_schema(), "title": "zpoints"}
