"""The error of an installation."""


class ServiceError(Exception):
    """A step failed. `hint`: what to type or to change, or None."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
