"""A stand-in for pydantic 2: the methods of its models by which they are filled from dicts, and turned into dicts.

What `pydantic.main` does is known to the interpreter. https://docs.pydantic.dev/latest/concepts/models/
"""

import json

from pydantic import main


class BaseModel:
    def __init__(self, **data):
        main.BaseModel.__init__(self, data)

    @classmethod
    def model_validate(cls, obj, **settings):
        return cls(**obj)

    @classmethod
    def parse_obj(cls, obj):
        return cls(**obj)

    @classmethod
    def model_validate_json(cls, json_data, **settings):
        return cls(**json.loads(json_data))

    @classmethod
    def parse_raw(cls, b, **settings):
        return cls(**json.loads(b))

    def model_dump(self, **settings):
        return main.BaseModel.model_dump(self, settings)

    def dict(self, **settings):
        return main.BaseModel.model_dump(self, settings)
