"""Progress on a terminal and elsewhere, and words for durations."""

import io

import pytest
from rich.console import Console

from pirn_core.cli import track as module
from pirn_core.cli.track import Track, as_time


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (83, "1:23"), (3723, "1:02:03")])
def test_durations(seconds, text):
    assert as_time(seconds) == text


def test_a_terminal_gets_a_bar_with_share_time_left_and_what_is_done():
    stream = io.StringIO()
    with Track(Console(file=stream, force_terminal=True, width=120, color_system=None)) as track:
        track.begin("Training")
        track.show(0.25, "fold 1 of 3", remaining=75.0)
        track._bars.refresh()
    text = stream.getvalue()
    assert "Training" in text and "25%" in text and "1:15 left" in text and "fold 1 of 3" in text
    assert "100%" in text and "took 0:00" in text


def test_a_failed_stage_is_not_shown_as_done():
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=120, color_system=None)
    with pytest.raises(ValueError, match="odd"), Track(console) as track:
        track.begin("Reading")
        track.count(1, 4)
        raise ValueError("odd")
    assert "25%" in stream.getvalue() and "100%" not in stream.getvalue()


def test_elsewhere_there_are_lines_but_not_too_many(monkeypatch):
    stream = io.StringIO()
    with Track(Console(file=stream)) as track:
        track.begin("Reading")
        for done in range(100):
            track.count(done, 100)
        monkeypatch.setattr(module, "_EVERY", -1.0)
        track.bytes(30_000_000, 60_000_000)
    assert stream.getvalue().splitlines()[0] == "Reading ..."
    assert len(stream.getvalue().splitlines()) == 2 and "30.0 of 60.0 MB" in stream.getvalue()


def test_the_time_left_is_estimated_from_what_is_done(monkeypatch):
    monkeypatch.setattr(module, "_EVERY", -1.0)
    stream, now = io.StringIO(), [100.0]
    monkeypatch.setattr(module.time, "perf_counter", lambda: now[0])
    with Track(Console(file=stream)) as track:
        track.begin("Inspecting")
        now[0] = 130.0
        track.count(1, 4)
    assert "25%" in stream.getvalue() and "1:30 left" in stream.getvalue()


def test_without_a_console_nothing_is_shown(capsys):
    with Track(None) as track:
        track.begin("Reading")
        track.count(1, 2)
    assert capsys.readouterr() == ("", "")
