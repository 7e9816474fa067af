"""Fetching weights, against a small hub on this machine."""

import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub import constants

from pirn_core.errors import BackboneError, Cancelled
from pirn_core.nn import location
from pirn_core.nn.catalogue import CATALOGUE, backbone_state
from pirn_core.nn.download import fetch

CONTENT = bytes(range(256)) * 400
SMALL = CATALOGUE["dinov2-small"]


class Hub(BaseHTTPRequestHandler):
    """Answers as the hub does for one file."""

    file = "model.safetensors"
    status = 200
    error_code = ""
    drop_after: int | None = None
    requests: tuple[str, ...] = ()

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        wanted = self.headers.get("Range") or ""
        type(self).requests += (f"{self.command} {self.path} {wanted}".strip(),)
        if not self.path.endswith(f"/{self.file}"):
            return self._refuse(404, "EntryNotFound")
        if self.status != 200:
            return self._refuse(self.status, self.error_code)
        start = int(wanted.removeprefix("bytes=").partition("-")[0] or 0)
        self.send_response(206 if wanted else 200)
        self._send_headers({"Content-Length": str(len(CONTENT) - start)})
        if not body:
            return None
        if self.drop_after is not None:
            end, type(self).drop_after = self.drop_after, None
            self.wfile.write(CONTENT[start:end])
            self.close_connection = True
            return None
        self.wfile.write(CONTENT[start:])
        return None

    def _refuse(self, status: int, code: str) -> None:
        self.send_response(status)
        self._send_headers({"Content-Length": "0", "X-Error-Code": code})

    def _send_headers(self, headers: dict[str, str]) -> None:
        etag = {"ETag": f'"{hashlib.sha256(CONTENT).hexdigest()}"', "X-Repo-Commit": "c" * 40}
        for name, value in {**etag, **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine without weights, whose hub is `Hub`."""
    monkeypatch.setenv("PIRN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 10_000)
    monkeypatch.setattr(location, "embedded_path", lambda: tmp_path / "embedded.safetensors")
    yield tmp_path
    huggingface_hub.close_session()


def point_at(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = f"http://127.0.0.1:{port}"
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    template = endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    huggingface_hub.close_session()


@pytest.fixture
def hub(machine: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hub]]:
    handler = type("ThisHub", (Hub,), {"requests": ()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    point_at(server.server_port, monkeypatch)
    yield handler
    server.shutdown()
    thread.join()
    server.server_close()


def test_fetch_puts_the_file_into_the_hubs_cache(hub: type[Hub], machine: Path) -> None:
    told: list[tuple[int, int]] = []
    path = fetch("dinov2-small", lambda done, total: told.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert machine / "hub" in path.parents
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert len(told) > 5
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert backbone_state(SMALL).place == "cached"
    count = len(hub.requests)
    assert fetch("dinov2-small") == path
    assert len(hub.requests) == count  # what is here is not asked for


def test_without_safetensors_the_older_file_is_taken(hub: type[Hub]) -> None:
    hub.file = "pytorch_model.bin"
    assert fetch("dinov2-small").name == "pytorch_model.bin"


def test_neither_file(hub: type[Hub]) -> None:
    hub.file = "README.md"
    with pytest.raises(BackboneError, match=r"holds none of model\.safetensors, pytorch_model\.bin"):
        fetch("dinov2-small")


def test_a_broken_connection_goes_on_where_it_stopped(hub: type[Hub]) -> None:
    hub.drop_after = 40_000
    assert fetch("dinov2-small").read_bytes() == CONTENT
    [resumed] = [request for request in hub.requests if "bytes=" in request]
    assert int(resumed.partition("bytes=")[2].partition("-")[0]) > 0


def test_cancelling_leaves_nothing_half(hub: type[Hub], machine: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done > total // 2:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        fetch("dinov2-small", stop)
    assert location.locate(SMALL) is None
    assert fetch("dinov2-small").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (403, "GatedRepo", "licence has to be accepted .*hf auth login"),
        (404, "RepoNotFound", "the hub does not have them, or not for you"),
        (500, "", "could not be fetched: .*500"),
    ],
)
def test_refusals(hub: type[Hub], status: int, code: str, says: str) -> None:
    hub.status, hub.error_code = status, code
    with pytest.raises(BackboneError, match=says) as caught:
        fetch("dinov2-small")
    assert "pirn backbones import FILE --name dinov2-small" in caught.value.advice


def test_offline_mode_is_honoured(hub: type[Hub], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(BackboneError, match=r"\(88 MB, timm/vit_small.*HF_HUB_OFFLINE is set") as caught:
        fetch("dinov2-small")
    assert "pirn backbones import FILE" in caught.value.advice
    assert hub.requests == ()


def test_an_unreachable_hub(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    closed.server_close()
    point_at(closed.server_port, monkeypatch)
    start = time.monotonic()
    with pytest.raises(BackboneError, match="could not be fetched: ") as caught:
        fetch("dinov2-small")
    assert "Check the connection and the proxy" in caught.value.advice
    assert "pirn backbones import FILE" in caught.value.advice
    assert time.monotonic() - start < 10  # not huggingface_hub's half minute of trying


def test_models_without_weights_on_the_hub(machine: Path) -> None:
    with pytest.raises(BackboneError, match="the hub has no weights of timm:mixer_s16_224"):
        fetch("mixer_s16_224")


def test_a_file_in_the_way_is_a_clear_error(hub: type[Hub], machine: Path) -> None:
    (machine / "hub").write_text("not a folder")
    with pytest.raises(BackboneError, match="could not be fetched"):
        fetch("dinov2-small")
