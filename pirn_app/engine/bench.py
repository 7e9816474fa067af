"""What a lane holds from job to job: the model in force and the parts that were prepared last."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pirn_core.data.sample import LengthUnit, PartRef
from pirn_core.errors import ConfigError, NotFittedError

if TYPE_CHECKING:
    from pirn_core.encoding import Prepared
    from pirn_core.feedback.trace import Trace, TraceShelf
    from pirn_core.inspector import Inspector

PREPARED = 3
"""Prepared parts that are kept: the one in view, and the ones just before it."""

FORMER = 6
"""Models on the backbone in use that are kept for undo; others are read from their files again."""

Key = tuple[object, ...]


class Bench:
    """Touched by the lane's own thread only, so that it needs no lock."""

    def __init__(self) -> None:
        self._inspector: Inspector | None = None
        self._moved: Inspector | None = None
        self._prepared: OrderedDict[Key, tuple[Prepared, bool]] = OrderedDict()
        self._former: OrderedDict[str, Inspector] = OrderedDict()
        self._traces: TraceShelf | None = None
        self._decoder = ""

    @property
    def loaded(self) -> bool:
        """Whether a model is in force."""
        return self._inspector is not None

    @property
    def inspector(self) -> Inspector:
        """Of the model in force.

        Raises:
            NotFittedError: When there is none.
        """
        if self._inspector is None:
            raise NotFittedError("There is no model yet.", "Train one from a few good parts, or open a .pirn file.")
        return self._inspector

    def put(self, inspector: Inspector, *, alike: bool = False) -> None:
        """Another model is in force; parts stay prepared where it prepares them `alike`."""
        if not alike:
            self._prepared.clear()
        self._inspector, self._moved, self._decoder = inspector, None, ""
        for name in [name for name, held in self._former.items() if held.backbone is not inspector.backbone]:
            del self._former[name]  # a backbone takes far more memory than a model
        self._former[inspector.model.id] = inspector
        self._former.move_to_end(inspector.model.id)
        while len(self._former) > FORMER:
            self._former.popitem(last=False)

    def former(self, model: str) -> Inspector | None:
        """A model that was in force in this session, by its id, while it is held."""
        return self._former.get(model)

    def at(self, threshold: float | None) -> Inspector:
        """The inspector at the user's threshold, or at the calibrated one (None); the model keeps its id.

        Raises:
            NotFittedError: When there is no model.
            ConfigError: When it is no threshold.
        """
        inspector = self.inspector
        if threshold == inspector.model.threshold:
            return inspector
        if threshold is not None and not 0.0 < threshold < float("inf"):
            raise ConfigError(f"{threshold} is no threshold.", "Give a positive number.")
        if self._moved is None or self._moved.model.threshold != threshold:
            self._moved = inspector.with_model(replace(inspector.model, threshold=threshold))
        return self._moved

    def keep(self, key: Key, prepared: Prepared, shot: bool) -> None:
        """Keeps a prepared part, and whether it is a shot, for another look; the oldest makes room."""
        self._prepared[key] = (prepared, shot)
        self._prepared.move_to_end(key)
        while len(self._prepared) > PREPARED:
            self._prepared.popitem(last=False)

    def kept(self, key: Key) -> tuple[Prepared, bool] | None:
        """A part that was prepared for the model in force."""
        if key in self._prepared:
            self._prepared.move_to_end(key)
        return self._prepared.get(key)

    def keep_trace(self, key: Key, trace: Trace) -> Trace:
        """Keeps what the decoder in force makes of a part."""
        return self._shelf.put((self._identity, key), trace)

    def trace(self, key: Key) -> Trace | None:
        """What the decoder in force makes of a part, while it is held."""
        return self._shelf.get((self._identity, key))

    @property
    def _shelf(self) -> TraceShelf:
        if self._traces is None:
            from pirn_core.feedback.trace import TraceShelf

            self._traces = TraceShelf()
        return self._traces

    @property
    def _identity(self) -> str:
        if not self._decoder:
            from pirn_core.feedback.trace import decoder_identity

            self._decoder = decoder_identity(self.inspector.model)
        return self._decoder


def key_of(ref: PartRef, unit: LengthUnit | None) -> Key:
    """Names a part and the state of its files, so that a part that was scanned anew is read anew."""
    paths = (ref.rgb, ref.xyz, ref.normals, *ref.extra.values())
    return (ref.id, ref.layout, unit, *((path, _state(path)) for path in paths if path is not None))


def _state(path: Path) -> Any:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
