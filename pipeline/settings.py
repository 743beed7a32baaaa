"""The base of every configuration section."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Values of one configuration section: validated, immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=False)
