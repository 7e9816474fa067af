"""The style sheet as a template; names after `$` are filled in by `pirn_app.style`.

Properties that widgets may set: `primary` on buttons; `role` on labels (`title`, `heading`, `muted`, `figure`);
`badge` on labels (`OK`, `NG`, `unsure`, `neutral`, `accent`); `flat` on tool buttons without a frame.
"""

from string import Template

SHEET = Template(
    """
QToolTip { background: $raised; color: $text; border: 1px solid $border; padding: $half; }

/* Words */
QLabel[role="title"] { font-size: $title; font-weight: 600; }
QLabel[role="heading"] { font-size: $large; font-weight: 600; }
QLabel[role="muted"] { color: $muted; }
QLabel[role="figure"] { font-size: $large; }
QLabel[badge] { border-radius: 3px; padding: 1px 6px; background: $raised; color: $text; }
QLabel[badge="accent"] { background: $tint; }
QLabel[badge="OK"] { background: $wash_ok; color: $ok; font-weight: 600; }
QLabel[badge="NG"] { background: $wash_ng; color: $ng; font-weight: 600; }
QLabel[badge="unsure"] { background: $wash_unsure; color: $unsure; font-weight: 600; }

/* Buttons */
QPushButton { background: $raised; color: $text; border: 1px solid $border; border-radius: 4px;
    padding: 4px 12px; min-height: 18px; }
QPushButton:hover { background: $hover; }
QPushButton:pressed, QPushButton:checked { background: $pressed; }
QPushButton:focus { border-color: $accent; }
QPushButton:disabled { color: $disabled; background: $panel; }
QPushButton[primary="true"], QToolButton[primary="true"] { background: $accent; color: $on_accent;
    border: 1px solid $accent; font-weight: 600; }
QPushButton[primary="true"]:hover, QToolButton[primary="true"]:hover { background: $accent_hover; }
QPushButton[primary="true"]:focus { border-color: $text; }
QPushButton[primary="true"]:disabled, QToolButton[primary="true"]:disabled { background: $raised;
    color: $disabled; border-color: $border; }
QToolButton { background: transparent; color: $text; border: 1px solid transparent; border-radius: 4px; padding: 3px; }
QToolButton:hover { background: $hover; }
QToolButton:pressed { background: $pressed; }
QToolButton:checked { background: $tint; }
QToolButton:focus { border-color: $accent; }
QToolButton:disabled { color: $disabled; }
QToolButton[workflow="true"] { font-size: $large; padding: 4px 12px; border-radius: 0;
    border: none; border-bottom: 2px solid transparent; color: $muted; }
QToolButton[workflow="true"]:hover { background: transparent; color: $text; }
QToolButton[workflow="true"]:checked { background: transparent; color: $text; font-weight: 600;
    border-bottom: 2px solid $accent; }
QToolButton[workflow="true"]:disabled { color: $disabled; }
QToolButton[popupMode="1"] { padding-right: 16px; }
QToolButton::menu-button { border: none; width: 14px; }
QToolButton::menu-indicator { image: none; }

/* Fields */
QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox, QComboBox { background: $panel; color: $text;
    border: 1px solid $border; border-radius: 4px; selection-background-color: $accent;
    selection-color: $on_accent; }
QLineEdit, QComboBox { padding: 3px 6px; min-height: 18px; }
QAbstractSpinBox { padding: 2px 0 3px 0; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QAbstractSpinBox:focus, QComboBox:focus,
QComboBox:on { border-color: $accent; }
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled { color: $disabled; background: $window; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox::down-arrow { image: url("$down"); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: $raised; border: 1px solid $border; outline: none;
    selection-background-color: $accent; selection-color: $on_accent; padding: 2px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { border: none; background: transparent; width: 18px; }
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover { background: $hover; }
QAbstractSpinBox::up-arrow { image: url("$up"); width: 10px; height: 10px; }
QAbstractSpinBox::down-arrow { image: url("$down"); width: 10px; height: 10px; }
QAbstractSpinBox QLineEdit, QComboBox QLineEdit { border: none; padding: 0 4px; min-height: 0;
    background: transparent; }
QCheckBox, QRadioButton { spacing: 6px; }
QCheckBox:disabled, QRadioButton:disabled { color: $disabled; }
QCheckBox::indicator, QRadioButton::indicator, QGroupBox::indicator,
QAbstractItemView::indicator { width: 14px; height: 14px; background: $panel;
    border: 1px solid $muted; border-radius: 3px; }
QRadioButton::indicator { border-radius: 7px; }
QCheckBox::indicator:hover, QRadioButton::indicator:hover, QCheckBox:focus::indicator,
QRadioButton:focus::indicator, QCheckBox::indicator:focus { border-color: $accent; }
QCheckBox::indicator:checked, QGroupBox::indicator:checked,
QAbstractItemView::indicator:checked { background: $accent; border-color: $accent;
    image: url("$check"); }
QCheckBox::indicator:indeterminate { background: $accent; border-color: $accent; image: url("$dash"); }
QRadioButton::indicator:checked { border: 4px solid $accent; width: 8px; height: 8px; }
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled { border-color: $border; background: $window; }
QCheckBox::indicator:checked:disabled { background: $muted; }
QSlider::groove:horizontal { height: 4px; background: $border; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; }
QSlider::handle:horizontal { background: $text; border: 2px solid $panel; width: 12px; height: 12px; margin: -6px 0;
    border-radius: 8px; }
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus { background: $accent_hover; }
QSlider::sub-page:horizontal:disabled { background: $border; }
QSlider::handle:horizontal:disabled { background: $disabled; }
QProgressBar { background: $border; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
QGroupBox { border: none; margin-top: 20px; font-weight: 600; }
QGroupBox::title { subcontrol-origin: margin; left: 0; top: 2px; }

/* Lists and tables */
QAbstractItemView { background: $panel; alternate-background-color: $row; border: 1px solid $border; outline: none;
    selection-background-color: $tint; selection-color: $text; gridline-color: $border; }
QAbstractItemView:focus { border-color: $accent; }
QAbstractItemView::item:hover { background: $row; }
QAbstractItemView::item:selected { background: $tint; color: $text; }
QTreeView::branch { background: transparent; }
QTreeView::branch:has-children:closed { image: url("$right"); }
QTreeView::branch:has-children:open { image: url("$down"); }
QHeaderView { background: $raised; border: none; }
QHeaderView::section { background: $raised; color: $muted; border: none; border-right: 1px solid $border;
    border-bottom: 1px solid $border; padding: 3px 6px; }
QHeaderView::section:hover { color: $text; }
QHeaderView::down-arrow { image: url("$down"); width: 10px; }
QHeaderView::up-arrow { image: url("$up"); width: 10px; }
QTableCornerButton::section { background: $raised; border: none; }

/* Scrolling */
QScrollArea { border: none; background: transparent; }
QScrollArea > QWidget > QWidget[scrolled="true"] { background: transparent; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; border: none; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; border: none; }
QScrollBar::handle { background: $thumb; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 24px; }
QScrollBar::handle:horizontal { min-width: 24px; }
QScrollBar::handle:hover { background: $thumb_hover; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

/* The window */
QMainWindow::separator { background: $window; width: 5px; height: 5px; }
QMainWindow::separator:hover { background: $accent; }
QSplitter::handle { background: $window; }
QSplitter::handle:hover { background: $accent; }
QDockWidget { color: $text; }
QWidget#dock-title, QWidget#cell-title { background: $raised; }
QWidget#dock-title QLabel, QWidget#cell-title QLabel { color: $muted; font-weight: 600; }
QWidget#dock-title QToolButton, QWidget#cell-title QToolButton { padding: 1px; }
QWidget#cell-title QToolButton[word="true"] { padding: 2px 5px; }
QToolBar#readout-strip { padding: 0; }
QTableView#parts-table, QTableView#parts-table:focus { border: none; }
QLabel#parts-footer { font-size: $small; }
QTreeWidget#shortcuts-list::item { padding: 3px 0; }
QMenuBar { background: $window; color: $text; padding: 1px 4px; }
QMenuBar::item { background: transparent; padding: 4px 8px; border-radius: 4px; }
QMenuBar::item:selected { background: $hover; }
QMenu { background: $raised; color: $text; border: 1px solid $border; padding: 4px; }
QMenu::item { padding: 4px 24px 4px 8px; border-radius: 3px; }
QMenu::item:selected { background: $accent; color: $on_accent; }
QMenu::item:disabled { color: $disabled; background: transparent; }
QMenu::icon { padding-left: 4px; }
QMenu::separator { height: 1px; background: $border; margin: 4px 8px; }
QMenu::indicator { width: 14px; height: 14px; left: 4px; }
QMenu::indicator:checked { image: url("$check_menu"); }
QMenu::right-arrow { image: url("$right"); width: 10px; height: 10px; }
QToolBar { background: $window; border: none; spacing: 2px; padding: 0 $step 3px $step; }
QToolBar::separator { background: $border; width: 1px; margin: 6px 5px; }
QToolBar#notice-bar { padding: 0; }
QStatusBar { background: $window; color: $muted; border: none; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: $muted; }
QTabBar { background: transparent; }
QTabBar::tab { background: transparent; color: $muted; border: none; border-bottom: 2px solid transparent;
    padding: 4px 12px; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; }
QTabBar::tab:disabled { color: $disabled; }
QTabWidget::pane { border: none; border-top: 1px solid $border; }

/* Parts of the shell */
QWidget#notice { background: $raised; border: none; border-left: 4px solid $accent; }
QWidget#notice[level="error"] { background: $wash_ng; border-left-color: $ng; }
QWidget#notice[level="warning"] { background: $wash_unsure; border-left-color: $unsure; }
QLabel#start-name { font-size: 28px; font-weight: 300; }
QLabel#start-sentence { font-size: $large; color: $muted; }
QPushButton[choice="true"] { text-align: left; padding: 0; background: $panel; border-radius: 6px; }
QPushButton[choice="true"]:hover { background: $raised; border-color: $accent; }
QPushButton[choice="true"]:focus { border-color: $accent; }
QPushButton[choice="true"] QLabel { background: transparent; }
QWidget#drop-veil { background: $tint; border: 2px dashed $accent; }
QListWidget#start-recent { border: none; background: transparent; }
QDialog { background: $window; }
"""
)
