"""The base of what a data file of ours holds: read strictly, and unchangeable."""

from pydantic import BaseModel, ConfigDict, model_validator


class StrictModel(BaseModel):
    """A part of a YAML file: an unknown key or another type is refused; its lists are tuples."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _tuples_from_lists(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
