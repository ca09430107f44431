"""What may serve as a name, and the bounds of metadata: also used where the API changes them."""

import re

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)
"""Safe in a URL path, in an MQTT topic, in a log line and as part of a key."""

NAME_RULE = 'use 1 to 63 letters, digits, ".", "_" or "-", beginning with a letter or digit'

METADATA_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
"""No "." and no "$": both mean something to MongoDB."""

METADATA_KEYS_MAX = 32
METADATA_VALUE_MAX = 256
"""Characters. Metadata is stored with every reading, so it is kept small."""


def metadata_problem(key: str, value: object) -> str | None:
    """Why `key = value` cannot be metadata, or None when it can."""
    if METADATA_KEY.fullmatch(key) is None:
        return f'"{key}" cannot be a metadata key; use 1 to 64 letters, digits, "_" or "-"'
    if not isinstance(value, str):
        return f'"{key}" must be a text; write "{value}" in quotes'
    if len(value) > METADATA_VALUE_MAX:
        return f'"{key}" has {len(value)} characters; at most {METADATA_VALUE_MAX} are kept'
    return None
