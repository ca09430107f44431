"""What all documents that the API sends have in common."""

from marshmallow import EXCLUDE, Schema


class Reply(Schema):
    """A document of ours. Members may be added, so readers must not refuse unknown ones."""

    class Meta:
        """Leaves `additionalProperties` out of the OpenAPI document."""

        unknown = EXCLUDE
