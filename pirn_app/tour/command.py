"""The command line of the tour."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str]) -> int:
    """Runs the tour.

    Returns:
        0 when all steps were taken; 1 when one of them failed or took too long, which is said on stderr.
    """
    options = _options(arguments)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(
            f"{options.out}: no folder for pictures: {error.strerror or error}. Choose another --out.", file=sys.stderr
        )
        return 1
    if not _has_display():
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="pirn-tour-") as folder:
        # The tour leaves the user's own settings and models alone.
        os.environ["PIRN_CONFIG"] = str(Path(folder) / "config")
        os.environ["PIRN_DATA"] = str(Path(folder) / "data")
        return _run(options)


def _run(options: argparse.Namespace) -> int:
    from PySide6.QtCore import qInstallMessageHandler
    from PySide6.QtWidgets import QApplication

    from pirn_app.compose import compose
    from pirn_app.tour.guide import Guide
    from pirn_app.tour.story import Story

    qInstallMessageHandler(_tell)
    qt = QApplication.instance() or QApplication(sys.argv[:1])
    app = compose()
    app.context.theme.choose(options.theme)
    width, height = options.size
    app.window.resize(width, height)
    app.window.show()
    app.plan.choose(preset=options.preset)
    story = Story(app, options.folder, options.category, options.shots, options.seed, options.demo)
    guide = Guide(app.window, story.steps(), options.out, options.last)
    guide.finished.connect(qt.exit)
    guide.start()
    code = int(qt.exec())
    app.close()
    return code


def _tell(_kind: object, _context: object, message: str) -> None:
    """Qt's messages, without the one that the offscreen platform repeats for every window."""
    if "propagateSizeHints" not in message:
        print(message, file=sys.stderr)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="pirn-app tour", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="folder of parts; left out: the sample parts")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the pictures go")
    parser.add_argument("--category", help="of a data set with several")
    parser.add_argument("--shots", type=int, default=5, metavar="K", help="good parts to train on (default 5)")
    parser.add_argument("--seed", type=int, default=0, help="of their draw")
    parser.add_argument("--preset", default="default", help="of training, as in `pirn train`")
    parser.add_argument("--last", default="", metavar="STEP", help="stop after the picture of this name, e.g. shots")
    parser.add_argument("--size", type=_size, default=(1280, 800), metavar="WxH", help="of the window")
    parser.add_argument("--theme", choices=("dark", "light"), default="dark")
    parser.add_argument("--demo", type=Path, default=Path("demo"), metavar="DIR", help="where the sample parts are")
    return parser.parse_args(list(arguments))


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    try:
        return int(width), int(height)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no size such as 1280x800") from None


def _has_display() -> bool:
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
