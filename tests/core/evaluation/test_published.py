import pytest

from pirn_core.evaluation.published import published

METHODS = ["BTF", "AST", "M3DM", "CFM", "3D-ADNAS", "INP-Former", "PIRN (paper)"]


@pytest.mark.parametrize("dataset", ["mvtec3d", "eyecandies"])
@pytest.mark.parametrize("shots", [5, 10, 50, "all"])
def test_every_table_is_complete_and_in_order(dataset, shots):
    rows = published(dataset, shots)
    assert [row.method for row in rows] == METHODS
    assert all(row.source and row.dataset == dataset and row.shots == shots for row in rows)
    assert all(0.5 < v <= 1 for row in rows for v in (row.image_auroc, row.pixel_auroc, row.aupro30) if v)
    assert max(rows, key=lambda row: row.image_auroc).method == "PIRN (paper)"


def test_numbers_as_printed():
    last = published("mvtec3d", 10)[-1]
    assert (last.image_auroc, last.pixel_auroc, last.aupro30) == (0.922, 0.991, 0.966)
    assert published("eyecandies", 5)[0].aupro30 == 0.738
    assert published("mvtec3d", "all")[4].pixel_auroc is None


def test_one_category():
    rows = {row.method: row for row in published("mvtec3d/cable_gland", "all")}
    assert (rows["PIRN (paper)"].image_auroc, rows["PIRN (paper)"].aupro30) == (0.973, 0.978)
    assert rows["AST"].aupro30 == 0.947
    assert (rows["3D-ADNAS"].image_auroc, rows["3D-ADNAS"].aupro30) == (1.0, None)
    assert rows["BTF, FPFH only (measured)"].source.startswith("measured")


def test_more_shots_do_not_hurt_the_paper():
    for dataset in ("mvtec3d", "eyecandies"):
        areas = [published(dataset, shots)[-1].image_auroc for shots in (5, 10, 50, "all")]
        assert areas == sorted(areas)


def test_nothing_published_is_no_error():
    assert published("mvtec3d", 7) == ()
    assert published("my parts", "all") == ()
