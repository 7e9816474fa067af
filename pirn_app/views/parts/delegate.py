"""How a row of the list is painted: one painter for all cells, no widgets."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from pirn_app import icons
from pirn_app.context import Context
from pirn_app.style import tabular
from pirn_app.theme import ICONS, LARGE, STEP, TEXT, Palette
from pirn_app.views.parts.model import PART_ROLE, Column, PartsModel
from pirn_core.data.sample import PartRef

Index = QModelIndex | QPersistentModelIndex

THUMBNAIL = 40
ROW_HEIGHT = THUMBNAIL + STEP
_ICON = 14
_SMALL = 10
_BAR = 3


class PartDelegate(QStyledItemDelegate):
    """Paints cells from the model and the thumbnails.

    Attributes:
        below: Hidden columns; of them, the class stands below the name, shot beside it, the score below the verdict.
    """

    def __init__(self, context: Context, model: PartsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._model = model
        self.below: frozenset[Column] = frozenset()
        self._fonts: dict[tuple[int, bool], QFont] = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 - Qt's name
        """All rows alike."""
        return QSize(THUMBNAIL, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Background by the style, content by hand."""
        style = option.widget.style() if option.widget is not None else QApplication.style()
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget)
        painter.save()
        rect: QRect = option.rect
        ref = self._context.workspace.ref(index.data(PART_ROLE))
        if ref is not None:
            if index.column() == Column.PART:
                self._paint_part(painter, rect, ref, str(index.data()))
            else:
                self._paint_word(painter, rect, ref, index.column(), str(index.data()))
        painter.restore()

    def _paint_part(self, painter: QPainter, rect: QRect, ref: PartRef, name: str) -> None:
        palette = self._context.theme.palette
        if ref.id == self._context.cursor.place.part:
            painter.fillRect(rect.left(), rect.top(), _BAR, rect.height(), QColor(palette.accent))
        box = QRect(rect.left() + STEP, rect.top() + STEP // 2, THUMBNAIL, THUMBNAIL)
        self._paint_picture(painter, box, ref)
        left = box.right() + 1 + STEP
        words = QRect(left, rect.top(), max(0, rect.right() - left - STEP // 2), rect.height())
        note = self._note(ref)
        at = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        upper, lower = (words, QRect()) if not note else _halves(words)
        if Column.SHOT in self.below and self._model.is_shot(ref.id):
            upper.setRight(self._paint_badge(painter, upper, name, palette) - STEP // 2)
        self._text(painter, upper, name, palette.text, self._font(LARGE), at)
        if note:
            self._text(painter, lower, note, palette.muted, self._font(TEXT - 1), at)

    def _paint_badge(self, painter: QPainter, line: QRect, name: str, palette: Palette) -> int:
        """The word `shot` right of the name, at the line's end at the latest; where it begins."""
        painter.setFont(self._font(LARGE))
        after = line.left() + painter.fontMetrics().horizontalAdvance(name) + STEP
        painter.setFont(self._font(_SMALL, bold=True))
        wide = painter.fontMetrics().horizontalAdvance("shot") + STEP
        left = min(after, line.right() - wide)
        box = QRect(left, line.center().y() - 6, wide, 14)
        painter.setPen(QColor(palette.accent))
        painter.drawRoundedRect(box.adjusted(0, 0, -1, -1), 3, 3)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), "shot")
        return left

    def _paint_picture(self, painter: QPainter, box: QRect, ref: PartRef) -> None:
        palette, thumbnails = self._context.theme.palette, self._context.thumbnails
        painter.fillRect(box, QColor(palette.image))
        device = painter.device()
        ratio = device.devicePixelRatioF() if device is not None else 1.0
        if (picture := thumbnails.pixmap(ref, THUMBNAIL, ratio)) is not None:
            painter.drawPixmap(box.topLeft(), picture)
        elif thumbnails.failed(ref):
            painter.setFont(self._font(_SMALL))
            painter.setPen(QColor(palette.on_image))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), "no\npicture")

    def _note(self, ref: PartRef) -> str:
        split = " / ".join(word for word in (ref.split, ref.label) if word)
        words = [split] if Column.CLASS in self.below else []
        words += ["3D only"] if ref.rgb is None else ["colour only"] if ref.xyz is None else []
        if label := self._model.label(ref.id):
            words.append(f"you: {label}")
        return " · ".join(word for word in words if word)

    def _paint_word(self, painter: QPainter, rect: QRect, ref: PartRef, column: int, word: str) -> None:
        if not word:
            return
        palette = self._context.theme.palette
        inner = rect.adjusted(6, 0, -6, 0)
        font, colour = self._font(TEXT), palette.text
        side = Qt.AlignmentFlag.AlignLeft
        if column == Column.CLASS:
            colour = palette.muted
        elif column == Column.SHOT:
            font, colour = self._font(TEXT, bold=True), palette.accent
        elif column == Column.SCORE:
            side = Qt.AlignmentFlag.AlignRight
        elif column == Column.VERDICT:
            font, colour = self._font(TEXT, bold=True), self._verdict_colour(ref, palette)
            inner = self._paint_score(painter, rect.adjusted(4, 0, -2, 0), ref, palette)
            inner = self._paint_icon(painter, inner, ref, colour)
        elif column == Column.FIRED:
            inner = self._paint_swatch(painter, inner, palette.rgb if word == "Colour" else palette.sn)
        self._text(painter, inner, word, colour, font, side | Qt.AlignmentFlag.AlignVCenter)

    def _paint_score(self, painter: QPainter, rect: QRect, ref: PartRef, palette: Palette) -> QRect:
        """The score below the verdict, where it has no column of its own; the room that is left."""
        score = self._model.score(ref.id) if Column.SCORE in self.below else ""
        if not score:
            return rect
        upper, lower = _halves(rect)
        at = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        lower.setLeft(lower.left() + _ICON + STEP // 2)
        self._text(painter, lower, score, palette.text, self._font(TEXT), at)
        return upper

    def _verdict_colour(self, ref: PartRef, palette: Palette) -> str:
        verdict = self._model.verdict(ref.id)
        return palette.text if verdict is None else palette.verdict(verdict)

    def _paint_icon(self, painter: QPainter, rect: QRect, ref: PartRef, colour: str) -> QRect:
        verdict = self._model.verdict(ref.id)
        if verdict is None:
            return rect
        box = QRect(rect.left(), rect.center().y() - _ICON // 2 + 1, _ICON, _ICON)
        icons.icon(ICONS[verdict], colour).paint(painter, box)
        return rect.adjusted(_ICON + STEP // 2, 0, 0, 0)

    def _paint_swatch(self, painter: QPainter, rect: QRect, colour: str) -> QRect:
        side = STEP
        painter.fillRect(rect.left(), rect.center().y() - side // 2 + 1, side, side, QColor(colour))
        return rect.adjusted(side + STEP // 2, 0, 0, 0)

    def _font(self, pixels: int, *, bold: bool = False) -> QFont:
        key = (pixels, bold)
        if key not in self._fonts:
            font = tabular(QApplication.font())
            font.setPixelSize(pixels)
            font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
            self._fonts[key] = font
        return self._fonts[key]

    def _text(
        self,
        painter: QPainter,
        rect: QRect,
        text: str,
        colour: str,
        font: QFont,
        at: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
    ) -> None:
        painter.setFont(font)
        painter.setPen(QColor(colour))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, int(at), shown)


def _halves(rect: QRect) -> tuple[QRect, QRect]:
    """Two lines of text about the middle."""
    upper, lower = QRect(rect), QRect(rect)
    upper.setTop(rect.center().y() - 17)
    upper.setBottom(rect.center().y())
    lower.setTop(rect.center().y() + 1)
    lower.setBottom(rect.center().y() + 17)
    return upper, lower
