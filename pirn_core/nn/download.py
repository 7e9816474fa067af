"""Weights from the Hugging Face hub, only ever on request."""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pirn_core.errors import BackboneError
from pirn_core.nn import location
from pirn_core.nn.catalogue import resolve
from pirn_core.nn.entry import BackboneEntry

Progress = Callable[[int, int], None]
"""Called with the bytes done and the bytes in all (0 while unknown); what it raises stops the download."""


def fetch(name: str, progress: Progress | None = None) -> Path:
    """The weight file of a backbone, downloaded if it is not on this machine.

    The hub's own rules hold: `HF_ENDPOINT`, `HF_HUB_CACHE`, `HF_HUB_OFFLINE`, `HF_TOKEN` and proxies. After a
    broken connection huggingface_hub goes on where it stopped, within one call; whether a later call does
    depends on its version.

    Args:
        name: As in `resolve`; `auto` means the paper's backbone or the embedded one, whichever is here.
        progress: Told about the bytes; may raise, e.g. `Cancelled`.

    Raises:
        BackboneError: When offline, unreachable, refused, or there are no weights of it on the hub.
    """
    entry = resolve(name)
    if (path := location.locate(entry)) is not None:
        return path
    if not entry.hub:
        raise BackboneError(f"the hub has no weights of {entry.name}.", _way_out(entry))
    for file in entry.hub_files:
        if (found := _download(entry, file, progress)) is not None:
            return found
    raise BackboneError(f"{entry.hub} holds none of {', '.join(entry.hub_files)}.", _way_out(entry))


def _download(entry: BackboneEntry, file: str, progress: Progress | None) -> Path | None:
    """The downloaded file; None when the repository has no such file."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    reported: list[BaseException] = []
    options: dict[str, Any] = {}
    # Versions before this parameter show no progress of a single file.
    if progress is not None and "tqdm_class" in inspect.signature(hf_hub_download).parameters:
        options["tqdm_class"] = _progress_bar(progress, reported)
    try:
        # Asked first, since the download itself tries an unreachable hub for half a minute.
        get_hf_file_metadata(hf_hub_url(entry.hub, file))
        path = Path(hf_hub_download(entry.hub, file, **options))
    except LocalEntryNotFoundError as error:
        raise _failure(entry, error) from error
    except EntryNotFoundError:
        return None
    except Exception as error:  # HTTP clients, proxies and storage back ends share no base class
        if reported:
            raise reported[0] from None
        raise _failure(entry, error) from error
    if reported:  # a storage back end may have swallowed it
        raise reported[0]
    return path


def _failure(entry: BackboneEntry, error: Exception) -> BackboneError:
    from huggingface_hub.errors import GatedRepoError, OfflineModeIsEnabled, RepositoryNotFoundError

    what = f"the weights of {entry.name} ({entry.size_mb:.0f} MB, {entry.hub}) could not be fetched"
    causes = (error, error.__cause__)
    if any(isinstance(cause, OfflineModeIsEnabled) for cause in causes):
        return BackboneError(f"{what}: HF_HUB_OFFLINE is set.", f"Unset it, or: {_way_out(entry)}")
    if any(isinstance(cause, GatedRepoError) for cause in causes):
        return BackboneError(
            f"{what}: their licence has to be accepted on the hub first.",
            f"Accept it in a browser and log in (`hf auth login`), or: {_way_out(entry)}",
        )
    if any(isinstance(cause, RepositoryNotFoundError) for cause in causes):
        return BackboneError(f"{what}: the hub does not have them, or not for you.", _way_out(entry))
    root = error.__cause__ or error
    reason = next(iter(str(root).splitlines()), "") or type(root).__name__
    return BackboneError(f"{what}: {reason.rstrip('.')}.", f"Check the connection and the proxy, or: {_way_out(entry)}")


def _way_out(entry: BackboneEntry) -> str:
    where = f" ({entry.hub_files[0]} of {entry.hub})" if entry.hub else ""
    return f"Copy the weight file{where} here and run `pirn backbones import FILE --name {entry.name}`."


def _progress_bar(progress: Progress, reported: list[BaseException]) -> type:
    """A tqdm that draws nothing and tells `progress`; keeps in `reported` what that raises."""
    from tqdm.std import tqdm  # type: ignore[import-untyped]

    class Bar(tqdm):  # type: ignore[misc]
        monitor_interval = 0

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs["file"] = io.StringIO()
            super().__init__(*args, **kwargs)

        def update(self, n: float | None = 1) -> None:
            super().update(n)
            try:
                progress(int(self.n), int(self.total or 0))
            except BaseException as error:
                reported.append(error)
                raise

        def update_transfer(self, n: float) -> None:
            """Bytes on the wire, which compression makes fewer than those of the file: not told."""

    return Bar
