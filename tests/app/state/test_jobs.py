"""The board of running jobs and the log; what can be asked for."""

from pathlib import Path

from pirn_app.messages import events, jobs
from pirn_app.state.jobs import JobBoard
from pirn_app.state.requests import Requests


def test_a_job_comes_goes_on_and_leaves():
    board = JobBoard()
    board.started(events.JobStarted(4, "Train", "Training on 5 shots"))
    board.progressed(events.JobProgress(4, 0.5, 7.0, "fold 1"))
    job = board.of_kind("InspectPart", "Train")
    assert job is not None
    assert (job.number, job.title, job.fraction, job.remaining, job.text) == (
        4,
        "Training on 5 shots",
        0.5,
        7.0,
        "fold 1",
    )
    board.ended(events.JobEnded(4, "Train", "done"))
    assert board.of_kind("Train") is None
    assert board.running == {}


def test_late_news_of_a_job_that_is_over_changes_nothing():
    board = JobBoard()
    board.progressed(events.JobProgress(9, 0.5, None, "late"))
    board.ended(events.JobEnded(9, "Train", "cancelled"))
    assert board.running == {}


def test_the_status_bar_shows_no_short_jobs():
    board = JobBoard()
    board.started(events.JobStarted(1, "LoadPart", "Reading"))
    assert board.shown is None
    board.started(events.JobStarted(2, "InspectParts", "Inspecting"))
    assert board.shown is not None
    assert board.shown.number == 2


def test_the_log_is_bounded_and_keeps_the_latest():
    board = JobBoard()
    lines = [board.note("info", str(k)) for k in range(5100)]
    assert len(board.log) == 5000
    assert board.log[-1] is lines[-1]
    assert board.log[0].text == "100"
    assert lines[0].time <= lines[-1].time


def test_requests_pass_jobs_and_cancels_on():
    requests, asked, cancelled = Requests(), [], []
    requests.asked.connect(asked.append)
    requests.cancel_asked.connect(cancelled.append)
    job = jobs.OpenModel(Path("m.pirn"))
    requests.ask(job)
    requests.cancel()
    requests.cancel(3)
    assert asked == [job]
    assert cancelled == [0, 3]
