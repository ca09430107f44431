"""The documents of the API as marshmallow schemas: the OpenAPI document is made from these."""
