"""The list of parts, as a user meets it."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QLabel, QPushButton, QStyleOptionViewItem

from pirn_app.actions import Action
from pirn_app.messages import events
from pirn_app.state.results import PartResult
from pirn_app.views.parts import PartsView
from pirn_app.views.parts.delegate import ROW_HEIGHT
from pirn_app.views.parts.footer import footer
from pirn_app.views.parts.model import Column, short_name
from pirn_app.views.parts.proxy import Filter
from pirn_core.data.layouts import Listing, PartSet
from pirn_core.data.sample import PartRef

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture(autouse=True)
def _cache(monkeypatch, tmp_path):
    monkeypatch.setenv("PIRN_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def ran(context):
    """Names of the actions that ran."""
    names: list[str] = []
    ids = ("open-folder", "make-samples", "label-good", "label-defective", "label-none", "inspect-part", "toggle-shot")
    context.actions.add([Action(name, name.title(), "Parts", lambda n=name: names.append(n)) for name in ids])
    return names


@pytest.fixture
def view(qtbot, context, ran):
    made = PartsView(context)
    qtbot.addWidget(made)
    made.resize(640, 620)
    made.show()
    yield made
    made.release()


@pytest.fixture
def opened(view, context, make_parts):
    """Six good training parts, three good and three bent test parts."""
    context.workspace.apply(events.PartsOpened(make_parts()))
    return view


@pytest.fixture
def judged(opened, context, make_model, make_result):
    """OK 0.5, unsure 1.2, NG 2.0 among the good test parts; one bent part failed, the others were not inspected."""
    context.workspace.apply(events.ModelReady(make_model()))
    for part, score in (("test/good/000", 0.5), ("test/good/001", 1.2), ("test/good/002", 2.0)):
        context.workspace.apply(events.PartInspected(make_result(context.workspace.ref(part), score), shot=False))
    context.workspace.apply(events.PartFailed("test/bent/000", "000.tiff: damaged.", "Copy it again."))
    return opened


def centre(view, part, column=Column.PART):
    index = view.proxy.mapFromSource(view.model.index(view.model.row(part), column))
    assert index.isValid(), f"{part} is not shown"
    view.table.scrollTo(index)
    return view.table.visualRect(index).center()


def click(qtbot, view, part, modifiers=Qt.KeyboardModifier.NoModifier, button=LEFT):
    qtbot.mouseClick(view.table.viewport(), button, modifiers, centre(view, part))


def click_head(qtbot, view, column):
    head = view.table.horizontalHeader()
    at = QPoint(head.sectionViewportPosition(column) + head.sectionSize(column) // 2, head.height() // 2)
    qtbot.mouseClick(head.viewport(), LEFT, pos=at)


def word(view, part, column):
    return view.model.data(view.model.index(view.model.row(part), column))


def tip(view, part):
    return view.model.data(view.model.index(view.model.row(part), 0), int(Qt.ItemDataRole.ToolTipRole))


# Nothing there --------------------------------------------------------------------------------------------------------


def test_nothing_open_offers_both_ways_in(qtbot, view, ran):
    assert "Open a folder of parts, or try the sample parts." in [label.text() for label in view.findChildren(QLabel)]
    for name in ("Open-Folder", "Make-Samples"):
        button = next(b for b in view.findChildren(QPushButton) if b.text() == name and b.isVisible())
        qtbot.mouseClick(button, LEFT)
    assert ran == ["open-folder", "make-samples"]
    assert not view.table.isVisible() and view.selected_parts() == ()
    view.step(1)


def test_works_without_a_table_of_actions(qtbot, context, make_parts):
    view = PartsView(context)
    qtbot.addWidget(view)
    context.workspace.apply(events.PartsOpened(make_parts()))
    view.show()
    qtbot.keyClick(view.table, Qt.Key.Key_S)
    assert view.table.isVisible()


def test_a_filter_without_parts_says_so_and_shows_all_again(qtbot, opened):
    qtbot.keyClicks(opened.search, "nothing like it")
    assert not opened.table.isVisible()
    qtbot.mouseClick(opened.findChild(QPushButton, "parts-show-all"), LEFT)
    assert opened.table.isVisible() and len(opened.shown_parts()) == 12
    assert opened.search.text() == "" and opened.proxy.filter == Filter()


# What stands there ----------------------------------------------------------------------------------------------------


def test_cells(judged, context):
    context.workspace.set_shots(["train/good/001"])
    assert word(judged, "train/good/001", Column.PART) == "001"
    assert word(judged, "train/good/001", Column.CLASS) == "train / good"
    assert word(judged, "train/good/001", Column.SHOT) == "shot"
    assert word(judged, "train/good/000", Column.SHOT) == ""
    assert word(judged, "train/good/000", Column.VERDICT) == ""
    verdicts = [word(judged, f"test/good/00{k}", Column.VERDICT) for k in range(3)]
    assert verdicts == ["OK", "unsure", "NG"]
    assert word(judged, "test/good/001", Column.SCORE) == "1.200"
    assert [word(judged, f"test/good/00{k}", Column.FIRED) for k in (0, 2)] == ["", "Surface"]


def test_a_failed_part_says_why(judged):
    assert word(judged, "test/bent/000", Column.VERDICT) == "! failed"
    assert word(judged, "test/bent/000", Column.SCORE) == ""
    assert "000.tiff: damaged. Copy it again." in tip(judged, "test/bent/000")


def test_a_moved_threshold_changes_verdicts_and_what_fired(judged, context):
    changed = []
    judged.model.dataChanged.connect(lambda top, bottom, _roles: changed.append((top.row(), bottom.row())))
    context.workspace.set_threshold(2.5)
    assert word(judged, "test/good/002", Column.VERDICT) == "unsure"
    assert changed == [(8, 8)]  # only the part whose verdict is another
    context.workspace.set_threshold(0.4)
    assert [word(judged, f"test/good/00{k}", Column.VERDICT) for k in range(3)] == ["NG"] * 3


def test_another_model_takes_the_results_away(judged, context, make_model):
    context.workspace.apply(events.ModelReady(make_model(name="other")))
    assert word(judged, "test/good/002", Column.VERDICT) == ""
    assert word(judged, "test/good/002", Column.SCORE) == ""


def test_one_result_repaints_one_row(judged, context, make_result):
    changed = []
    judged.model.dataChanged.connect(lambda top, bottom, _roles: changed.append((top.row(), bottom.row())))
    context.workspace.apply(events.PartInspected(make_result(context.workspace.ref("test/bent/002"), 3.0), shot=False))
    assert changed == [(11, 11)]


def test_labels_of_the_user_and_missing_modalities_are_told(opened, context, tmp_path):
    context.workspace.set_label(["train/good/000"], "good")
    ref = context.workspace.ref("train/good/000")
    note = opened.table.itemDelegate()._note
    assert note(ref) == "colour only · you: good"
    assert note(replace(ref, rgb=None, xyz=tmp_path / "a.tiff")) == "3D only · you: good"
    assert note(replace(ref, id="x", xyz=tmp_path / "a.tiff")) == ""
    assert "You labelled it good." in tip(opened, "train/good/000")


def test_footer_counts(qtbot, judged, context):
    context.workspace.set_shots(["train/good/000", "train/good/001"])
    qtbot.waitUntil(lambda: judged.footer.text() == "2 shots · 12 parts · 1 NG, 1 unsure, 1 OK, 1 failed", timeout=2000)
    judged.show_only(Filter("NG"))
    assert judged.footer.text().startswith("2 shots · 1 of 12 parts · ")


def test_footer_words():
    assert footer(10, 25, 25, {"NG": 4, "unsure": 1, "OK": 12}) == "10 shots · 25 parts · 4 NG, 1 unsure, 12 OK"
    assert footer(1, 1, 1, {}) == "1 shot · 1 part"
    assert footer(0, 10_000, 3, {}) == "0 shots · 3 of 10,000 parts"


def test_names_leave_out_what_the_class_column_shows():
    assert short_name(PartRef("test/bent/003", "test", "bent")) == "003"
    assert short_name(PartRef("left/003")) == "left/003"


def test_a_narrow_list_leaves_columns_out_and_tells_below_the_name(qtbot, opened, context):
    ref = context.workspace.ref("train/good/000")
    hidden = [c for c in Column if opened.table.isColumnHidden(c)]
    assert hidden == []
    opened.resize(400, 500)
    qtbot.waitUntil(lambda: opened.table.isColumnHidden(Column.CLASS))
    assert not opened.table.isColumnHidden(Column.VERDICT) and not opened.table.isColumnHidden(Column.SCORE)
    assert opened.table.itemDelegate()._note(ref) == "train / good · colour only"
    opened.resize(264, 500)
    qtbot.waitUntil(lambda: opened.table.isColumnHidden(Column.SCORE))
    assert not opened.table.isColumnHidden(Column.VERDICT)
    opened.resize(640, 500)
    qtbot.waitUntil(lambda: not opened.table.isColumnHidden(Column.FIRED))


class Words(QPainter):
    """Also notes what is written; a word that was shortened ends in dots."""

    def __init__(self, device):
        super().__init__(device)
        self.written = []

    def drawText(self, *args):
        self.written.append(args[-1])
        super().drawText(*args)


def written(view, part):
    """All words of a row, as the delegate paints them at the present widths."""
    picture = QImage(view.table.width(), ROW_HEIGHT, QImage.Format.Format_RGB32)
    painter = Words(picture)
    row = view.proxy.mapFromSource(view.model.index(view.model.row(part), 0)).row()
    for column in Column:
        if not view.table.isColumnHidden(column):
            option = QStyleOptionViewItem()
            option.rect = view.table.visualRect(view.proxy.index(row, column))
            option.rect.moveTop(0)
            view.table.itemDelegate().paint(painter, option, view.proxy.index(row, column))
    painter.end()
    return painter.written


@pytest.mark.parametrize("width", [264, 304, 420])
def test_nothing_of_a_row_is_shortened_where_the_list_is_narrow(qtbot, judged, context, width):
    context.workspace.set_shots(["test/good/001"])
    judged.resize(width, 500)
    qtbot.waitUntil(lambda: judged.table.isColumnHidden(Column.CLASS))
    words = written(judged, "test/good/001")
    assert {"001", "shot", "unsure", "1.200"} <= set(words)
    # The class is whole; what else is odd about the part may be cut, the tooltip has it.
    assert any(word.startswith("test / good · co") for word in words)
    assert sum("…" in word for word in words) <= 1


def test_pictures_come_into_their_rows(qtbot, view, context, tmp_path):
    image = QImage(40, 40, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    image.save(str(tmp_path / "red.png"))
    refs = (PartRef("red", rgb=tmp_path / "red.png"), PartRef("gone", rgb=tmp_path / "gone.png"))
    context.workspace.apply(events.PartsOpened(PartSet(tmp_path, "plain", "", "x", lambda: Listing(refs))))
    view.grab()

    def red() -> bool:
        return view.table.viewport().grab().toImage().pixelColor(28, 24).red() > 200

    qtbot.waitUntil(red, timeout=4000)
    qtbot.waitUntil(lambda: context.thumbnails.failed(refs[1]), timeout=4000)
    view.grab()


# Order, search, filter ------------------------------------------------------------------------------------------------


def test_part_order_first_and_again_by_a_third_click(qtbot, judged):
    order = judged.shown_parts()
    assert order[0] == "train/good/000" and order[-1] == "test/bent/002"
    click_head(qtbot, judged, Column.PART)
    assert judged.shown_parts()[:3] == ("train/good/000", "test/good/000", "test/bent/000")  # by name
    click_head(qtbot, judged, Column.PART)
    assert judged.shown_parts()[0] == "train/good/005"
    click_head(qtbot, judged, Column.PART)
    assert judged.shown_parts() == order


def test_scores_sort_both_ways_with_missing_ones_last(qtbot, judged):
    scored = ("test/good/000", "test/good/001", "test/good/002")
    click_head(qtbot, judged, Column.SCORE)
    assert judged.shown_parts()[:3] == scored
    click_head(qtbot, judged, Column.SCORE)
    assert judged.shown_parts()[:3] == scored[::-1]
    rest = judged.shown_parts()[3:]
    assert rest[0] == "train/good/000" and rest[-1] == "test/bent/002"  # ties in part order


@pytest.mark.parametrize("column", list(Column))
def test_every_column_sorts_and_loses_nothing(qtbot, judged, context, column):
    context.workspace.set_shots(["train/good/004"])
    everything = sorted(judged.shown_parts())
    for _ in range(2):
        click_head(qtbot, judged, column)
        assert sorted(judged.shown_parts()) == everything
    if column == Column.SHOT:
        assert judged.shown_parts()[-1] == "train/good/004"


def test_a_result_moves_its_row_where_the_list_is_sorted_by_score(qtbot, judged, context, make_result):
    judged.table.sortByColumn(Column.SCORE, Qt.SortOrder.DescendingOrder)
    click(qtbot, judged, "test/good/001")
    context.workspace.apply(events.PartInspected(make_result(context.workspace.ref("test/bent/002"), 9.0), shot=False))
    qtbot.waitUntil(lambda: judged.shown_parts()[0] == "test/bent/002", timeout=2000)
    assert judged.selected_parts() == ("test/good/001",)  # stays with its part
    assert context.cursor.place.part == "test/good/001"


def test_figures_in_names_sort_by_value(qtbot, view, context, tmp_path):
    refs = tuple(PartRef(f"p{k}", rgb=tmp_path / f"p{k}.png") for k in (10, 9, 100))
    context.workspace.apply(events.PartsOpened(PartSet(tmp_path, "plain", "", "x", lambda: Listing(refs))))
    click_head(qtbot, view, Column.PART)
    assert view.shown_parts() == ("p9", "p10", "p100")


def test_search_by_name_and_class_from_the_keyboard(qtbot, opened):
    opened.activateWindow()
    opened.table.setFocus()
    qtbot.keyClick(opened.table, Qt.Key.Key_F, CTRL)
    qtbot.waitUntil(opened.search.hasFocus)
    qtbot.keyClicks(opened.search, "BENT 002")
    assert opened.shown_parts() == ("test/bent/002",)


@pytest.mark.parametrize(
    ("shown", "parts"),
    [
        (Filter("all"), 12),
        (Filter("shots"), 2),
        (Filter("train-good"), 6),
        (Filter("test"), 6),
        (Filter("NG"), 1),
        (Filter("unsure"), 1),
        (Filter("OK"), 1),
        (Filter("not-inspected"), 8),
        (Filter("failed"), 1),
        (Filter("labelled"), 1),
        (Filter("class", "test", "bent"), 3),
    ],
)
def test_filters(judged, context, shown, parts):
    context.workspace.set_shots(["train/good/000", "train/good/001"])
    context.workspace.set_label(["test/bent/001"], "defective")
    judged.show_only(shown)
    assert len(judged.shown_parts()) == parts


def test_the_filter_menu_names_the_classes_and_chooses(qtbot, judged):
    button = judged.filter_button
    button._menu.aboutToShow.emit()
    actions = {a.text(): a for a in button._menu.actions() if a.text()}
    assert actions["All"].isChecked()
    classes = actions["Class"].menu()
    assert [a.text() for a in classes.actions()] == ["train / good", "test / good", "test / bent"]
    actions["NG"].trigger()
    assert judged.shown_parts() == ("test/good/002",)
    assert button.text().startswith("NG")


def test_a_filter_follows_results_and_shots(qtbot, judged, context):
    judged.show_only(Filter("NG"))
    context.workspace.set_threshold(1.1)
    assert judged.shown_parts() == ("test/good/001", "test/good/002")
    judged.show_only(Filter("shots"))
    qtbot.waitUntil(lambda: not judged.table.isVisible())
    context.workspace.set_shots(["train/good/003"])
    qtbot.waitUntil(judged.table.isVisible)
    context.workspace.undo()
    qtbot.waitUntil(lambda: not judged.table.isVisible())


# Cursor and selection -------------------------------------------------------------------------------------------------


def test_a_click_moves_the_cursor_once(qtbot, opened, context):
    moves = []
    context.cursor.changed.connect(lambda new, _old: moves.append(new.part))
    click(qtbot, opened, "train/good/003")
    assert moves == ["train/good/003"]


def test_arrows_move_the_cursor(qtbot, opened, context):
    click(qtbot, opened, "train/good/003")
    qtbot.keyClick(opened.table, Qt.Key.Key_Down)
    assert context.cursor.place.part == "train/good/004"
    qtbot.keyClick(opened.table, Qt.Key.Key_End)
    assert context.cursor.place.part == "test/bent/002"
    qtbot.keyClick(opened.table, Qt.Key.Key_Home)
    assert context.cursor.place.part == "train/good/000"


def test_the_cursor_moves_the_list_and_no_further(qtbot, opened, context):
    moves = []
    context.cursor.changed.connect(lambda new, _old: moves.append(new))
    context.cursor.go(part="test/bent/002", pixel=(3, 4))
    assert opened.selected_parts() == ("test/bent/002",)
    assert opened.table.visualRect(opened.table.currentIndex()).bottom() <= opened.table.viewport().height()
    assert len(moves) == 1 and context.cursor.place.pixel == (3, 4)  # the echo would take the pixel away


def test_filtering_the_current_part_away_leaves_the_cursor(qtbot, opened, context):
    click(qtbot, opened, "train/good/003")
    qtbot.keyClicks(opened.search, "bent")
    assert context.cursor.place.part == "train/good/003"
    opened.show_all()
    assert opened.selected_parts() == ("train/good/003",)


def test_a_shot_that_leaves_the_filter_leaves_the_cursor(qtbot, opened, context):
    context.workspace.set_shots(["train/good/000", "train/good/001", "train/good/002"])
    opened.show_only(Filter("shots"))
    click(qtbot, opened, "train/good/001")
    context.workspace.set_shots(["train/good/000", "train/good/002"])
    qtbot.wait(20)
    assert opened.shown_parts() == ("train/good/000", "train/good/002")
    assert context.cursor.place.part == "train/good/001"


def test_steps_stay_within_filter_and_order(qtbot, judged, context):
    judged.show_only(Filter("class", "test", "good"))
    judged.table.sortByColumn(Column.SCORE, Qt.SortOrder.DescendingOrder)
    context.cursor.go(part="test/good/002")
    seen = []
    for _ in range(4):
        judged.step(1)
        seen.append(context.cursor.place.part[-3:])
    assert seen == ["001", "000", "000", "000"]
    judged.step(-1)
    assert context.cursor.place.part == "test/good/001"


@pytest.mark.parametrize(
    ("start", "by", "end"),
    [
        ("train/good/004", 1, "test/good/000"),
        ("test/bent/000", -1, "test/good/002"),
        ("test/bent/000", 1, "test/good/002"),
        ("", 1, "test/good/000"),
        ("", -1, "test/good/002"),
    ],
)
def test_a_step_from_a_part_that_is_not_shown(opened, context, start, by, end):
    context.cursor.go(part=start)
    opened.show_only(Filter("class", "test", "good"))
    opened.step(by)
    assert context.cursor.place.part == end


def test_many_parts_are_selected_and_told(qtbot, opened):
    told = []
    opened.selection_changed.connect(told.append)
    click(qtbot, opened, "train/good/001")
    click(qtbot, opened, "train/good/003", SHIFT)
    click(qtbot, opened, "train/good/005", CTRL)
    wanted = tuple(f"train/good/00{k}" for k in (1, 2, 3, 5))
    assert opened.selected_parts() == wanted and told[-1] == wanted


# Actions --------------------------------------------------------------------------------------------------------------


def test_double_click_and_s_toggle_a_shot(qtbot, opened, ran, context):
    at = centre(opened, "train/good/002")
    qtbot.mouseClick(opened.table.viewport(), LEFT, pos=at)
    qtbot.mouseDClick(opened.table.viewport(), LEFT, pos=at)
    assert ran == ["toggle-shot"] and opened.selected_parts() == ("train/good/002",)
    qtbot.keyClick(opened.table, Qt.Key.Key_S)
    assert ran == ["toggle-shot"] * 2


def test_other_letters_jump_nowhere(qtbot, opened, context):
    click(qtbot, opened, "train/good/002")
    for key in (Qt.Key.Key_0, Qt.Key.Key_4, Qt.Key.Key_A):
        qtbot.keyClick(opened.table, key)
    assert context.cursor.place.part == "train/good/002"


def test_the_context_menu_acts_on_the_selection(qtbot, opened, ran):
    click(qtbot, opened, "train/good/001")
    menu = opened._menu()
    assert [a.text() for a in menu.actions() if a.text()] == [
        "Toggle-Shot", "Label-Good", "Label-Defective", "Label-None", "Inspect-Part",
    ]  # fmt: skip
    menu.actions()[-1].trigger()
    assert ran == ["inspect-part"]
    opened.table.customContextMenuRequested.emit(centre(opened, "train/good/001"))
    popup = next(m for m in opened.findChildren(type(menu), "parts-menu") if m.isVisible())
    popup.close()


def test_a_refusal_is_told_in_place_and_goes_away(qtbot, opened, monkeypatch):
    opened._forget.setInterval(30)
    opened.tell("test/bent/000: is labelled bent, so it cannot become a shot.")
    label = opened.findChild(QLabel, "parts-message")
    assert label.isVisible() and "bent" in label.text()
    qtbot.waitUntil(lambda: not label.isVisible())


# Life -----------------------------------------------------------------------------------------------------------------


def test_another_folder_starts_anew(qtbot, judged, context, make_parts):
    judged.show_only(Filter("NG"))
    judged.search.setText("00")
    context.workspace.apply(events.PartsOpened(make_parts(train=2, good=0, bent=0)))
    assert judged.shown_parts() == ("train/good/000", "train/good/001")
    assert judged.search.text() == "" and judged.filter_button.text().startswith("All")


def test_the_theme_may_change_and_release_lets_go(qtbot, judged, context, make_parts):
    context.theme.choose("light")
    judged.grab()
    judged.release()
    rows = judged.model.rowCount()
    context.workspace.apply(events.PartsOpened(make_parts(train=1, good=0, bent=0)))
    context.cursor.go(part="train/good/000")
    assert judged.model.rowCount() == rows


def test_ten_thousand_parts(qtbot, view, context, tmp_path):
    """Generous limits, several times what an idle machine needs: they catch work that grows too fast."""
    refs = tuple(PartRef(f"test/bent/{k:05d}", "test", "bent", rgb=Path(tmp_path, f"{k}.png")) for k in range(10_000))
    parts = PartSet(tmp_path, "mvtec3d", "", "x", lambda: Listing(refs))
    assert len(parts.refs) == 10_000
    limits: dict[str, tuple[float, Callable[[], object]]] = {
        "open": (1.5, lambda: (context.workspace.apply(events.PartsOpened(parts)), view.grab())),
        "sort": (1.5, lambda: view.table.sortByColumn(Column.SCORE, Qt.SortOrder.DescendingOrder)),
        "search": (1.5, lambda: view.search.setText("77")),
        "all": (1.5, view.show_all),
        "scroll": (0.5, lambda: (context.cursor.go(part="test/bent/09000"), view.table.viewport().grab())),
        "select": (1.0, view.table.selectAll),
        "result": (0.05, lambda: context.workspace.result_changed.emit("test/bent/00500")),
    }
    context.workspace.results._figures = {
        ref.id: PartResult(ref.id, (k * 7919 % 10_000) / 5000, {}) for k, ref in enumerate(refs)
    }
    for name, (limit, act) in limits.items():
        start = time.perf_counter()
        act()
        assert time.perf_counter() - start < limit, name
    assert len(view.selected_parts()) == 10_000
