"""Tables and lists of a configuration: made of the kinds of values in `fields`, and values themselves."""

from collections.abc import Mapping
from typing import Any

from marshmallow import RAISE, Schema, ValidationError

from gateway.config.fields import ConfigField, refuse, shown
from gateway.config.problems import ValueProblem, close_match

UNKNOWN = "unknown key"


def messages_by_key(error: ValidationError) -> dict[Any, Any]:
    """What an error says of a table or list: findings by key, or more of the same."""
    return error.messages if isinstance(error.messages, dict) else {"": error.messages}


class TableSchema(Schema):
    """The keys of a table. An unknown key is an error; every error is a `ValueProblem`."""

    class Meta:
        """An unknown key is an error."""

        unknown = RAISE

    error_messages = {"unknown": UNKNOWN}  # noqa: RUF012 - marshmallow's own way to say it

    def handle_error(self, error: ValidationError, data: Any, **_: object) -> None:
        """Called by marshmallow with all errors of a table: adds what an unknown key may have meant."""
        found = {
            key: [ValueProblem(UNKNOWN, close_match(str(key), tuple(self.fields)))]
            if findings == [UNKNOWN]
            else findings
            for key, findings in messages_by_key(error).items()
        }
        raise ValidationError(found, data=data, valid_data=error.valid_data)


class ListOf(ConfigField):
    """A list of values of one kind: from `minimum` to `maximum` of them; None: as many as there are.

    With `single`, one value may be written without a list around it.
    """

    def __init__(
        self,
        item: ConfigField,
        *,
        minimum: int = 0,
        maximum: int | None = None,
        single: bool = False,
        example: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(example or f"[{item.example}]", **kwargs)
        self.item = item
        self.wanted = "a list of tables" if isinstance(item, TableOf) else "a list"
        self._minimum, self._maximum, self._single = minimum, maximum, single

    def read(self, value: object) -> tuple[Any, ...]:
        """The items as the program uses them."""
        if self._single and not isinstance(value, list):
            return (self.item.accept(value),)
        if not isinstance(value, list):
            raise self.not_this_kind(value)
        most = len(value) if self._maximum is None else self._maximum
        if not self._minimum <= len(value) <= most:
            wanted = str(most) if self._minimum == most else f"{self._minimum} to {most}"
            items = "1 item" if len(value) == 1 else f"{len(value)} items"
            raise refuse(f"has {items}, not {wanted}", self.hint)
        found: list[Any] = []
        wrong: dict[int, Any] = {}
        for number, item in enumerate(value):
            try:
                found.append(self.item.accept(item))
            except ValidationError as error:
                wrong[number] = error.messages
        if wrong:
            raise ValidationError(wrong)
        return tuple(found)


class TableOf(ConfigField):
    """A table with the keys of `schema`; None: any keys, which `parse` judges.

    `words`: what can be written instead of a table, and what it means.
    """

    def __init__(
        self,
        schema: type[TableSchema] | None,
        example: str,
        *,
        words: Mapping[str, object] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(example, **kwargs)
        self.schema = schema
        self._words = words or {}
        self.wanted = " or ".join(["a table", *map(shown, self._words)])

    def accept(self, value: object) -> Any:
        """The table as the program uses it. Raises `ValidationError`."""
        if isinstance(value, str) and value in self._words:
            return self._words[value]
        return super().accept(value)

    def read(self, value: object) -> Mapping[str, Any]:
        """The values of the table."""
        if not isinstance(value, dict):
            raise self.not_this_kind(value)
        if self.schema is None:
            return value
        loaded: dict[str, Any] = self.schema().load(value)
        return loaded
