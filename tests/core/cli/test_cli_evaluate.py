"""`pirn evaluate`: the protocol's table, its file, and what is refused before the first run."""

import csv

import pytest

LINE = ("--variants", "untrained,memory-bank", "--shots", "2", "--draws", "2")


@pytest.fixture(scope="module")
def evaluated(pirn, sample_set, small, tmp_path_factory):
    path = tmp_path_factory.mktemp("evaluation") / "results.csv"
    return path, pirn("evaluate", sample_set, *LINE, "--confirm", "0,2", "--out", path, "--json", *small)


def test_there_is_a_row_per_run_and_a_summary_per_variant(evaluated):
    path, done = evaluated
    assert done.code == 0, done.err
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 2 * 2 * 2 == len(done.json["runs"])
    assert {(row["variant"], row["draw"], row["confirmed"]) for row in rows} == {
        (variant, draw, confirmed) for variant in ("untrained", "memory-bank") for draw in "01" for confirmed in "02"
    }
    assert len(done.json["summary"]) == 4 and all(entry["draws"] == 2 for entry in done.json["summary"])


def test_the_summary_is_the_mean_of_the_runs(evaluated):
    _, done = evaluated
    (entry,) = [e for e in done.json["summary"] if (e["variant"], e["confirmed"]) == ("untrained", 0)]
    runs = [r["I-AUROC"] for r in done.json["runs"] if (r["variant"], r["confirmed"]) == ("untrained", 0)]
    assert entry["values"]["I-AUROC"]["mean"] == pytest.approx(sum(runs) / 2, abs=1e-6)


def test_controls_stand_beside_the_table_and_foreign_published_rows_do_not(pirn, sample_set, small):
    done = pirn("evaluate", sample_set, "--variants", "untrained", "--shots", "2", "--draws", "1", *small)
    assert done.code == 0
    assert "blurred part mask" in done.out and "I-AUROC of brightness" in done.out
    assert "Published" not in done.out, "a drawn flange is no category of a published data set"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["--variants", "best"], "there is no variant 'best'"),
        (["--shots", "5"], "there are 4 good training parts"),
        (["--shots", "few"], "are no numbers"),
        (["--shots", "0"], "0 is too small"),
        (["--confirm", "-1"], "-1 is too small"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_before_the_first_run(pirn, sample_set, line, message):
    done = pirn("evaluate", sample_set, "--shots", "2", *line)
    assert done.code == 1 and message in done.err


def test_all_means_every_good_training_part(pirn):
    from pirn_core.cli.evaluate import _shot_counts

    assert _shot_counts("2,all", 4) == (2, 4)


def test_published_rows_belong_to_real_categories_only():
    from pirn_core.evaluation.summary import comparable

    methods = {(row.method, row.shots) for row in comparable("mvtec3d", "cable_gland", (5,))}
    assert ("PIRN (paper)", 5) in methods and ("PIRN (paper)", "all") in methods
    assert comparable("mvtec3d", "flange", (5,)) == () == comparable("plain", "cable_gland", (5,))


def test_a_mean_over_draws_with_one_missing_is_missing():
    from pirn_core.evaluation.parts import Unavailable
    from pirn_core.evaluation.summary import spread

    assert str(spread([0.25, 0.75])) == "0.500 ± 0.354" and str(spread([0.25])) == "0.250"
    assert spread([0.5, Unavailable("needs masks")]) == Unavailable("needs masks")
