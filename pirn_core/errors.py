"""Errors that a user can act on: every one says what is wrong, where, and what to do."""


class PirnError(Exception):
    """Base of all errors meant for the user.

    Args:
        message: What is wrong, naming the file and the value.
        advice: What to do about it, one sentence; empty where the message already says it.
    """

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message} {self.advice}".strip()


class SampleError(PirnError):
    """A part, an image, a scan or a folder of them cannot be used."""


class CheckpointError(PirnError):
    """A model file cannot be opened or written."""


class BackboneError(PirnError):
    """A backbone is unknown, its weights are missing, damaged or do not fit."""


class DeviceError(PirnError):
    """The device is not there or its memory does not suffice."""


class NotFittedError(PirnError):
    """Something was asked of a model that was not trained yet."""


class ConfigError(PirnError):
    """A setting is unknown or out of range."""


class OutputError(PirnError):
    """A result cannot be written where it was asked for."""


class Cancelled(PirnError):  # noqa: N818 - not a fault, the user's wish
    """The user stopped the job; nothing was changed."""
