"""What stops an installation, with what to do about it."""


class ServiceError(Exception):
    """The step could not be done. `hint` says what to type or to change, None: nothing helps but reading."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        """Both are sentences for the person at the terminal."""
        super().__init__(message)
        self.hint = hint
