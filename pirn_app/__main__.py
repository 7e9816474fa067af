"""`pirn-app [FOLDER|PARTS|MODEL]`: the window first, everything slow afterwards."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

TOUR = "tour"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the application until its window closes.

    Args:
        argv: Arguments without the program's name; None: those of the command line.

    Returns:
        The exit status: 0, or 1 where a path leads nowhere.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == [TOUR]:
        from pirn_app.tour import main as tour

        return tour(arguments[1:])
    options = _parser().parse_args(arguments)
    from pirn_app.opening import jobs_for
    from pirn_core.errors import PirnError

    try:
        jobs_for(options.paths)
    except PirnError as error:
        print(f"pirn-app: {error}", file=sys.stderr)
        return 1
    return _run(options)


def console() -> None:
    """For the installed `pirn-app`."""
    sys.exit(main())


def _parser() -> argparse.ArgumentParser:
    from pirn_app.dialogs.about import own_version

    parser = argparse.ArgumentParser(prog="pirn-app", description="Few-shot inspection of parts in colour and 3D.")
    parser.add_argument("paths", nargs="*", type=Path, metavar="FOLDER|PARTS|MODEL", help="what to open; a model too")
    parser.add_argument("--theme", choices=("system", "dark", "light"), help="colours, remembered")
    parser.add_argument("--log", type=Path, metavar="FILE", help="write the log there")
    parser.add_argument("--version", action="version", version=f"PIRN Inspector {own_version()}")
    return parser


def _run(options: argparse.Namespace) -> int:
    from PySide6.QtWidgets import QApplication

    from pirn_app import logs
    from pirn_app.compose import compose
    from pirn_app.preferences import APP, Preferences

    log = logs.start(options.log)
    qt = QApplication.instance() or QApplication([APP])
    qt.setApplicationName(APP)
    preferences = Preferences()
    if options.theme is not None:
        preferences.theme = options.theme
    faults = logs.Faults()
    logs.watch(faults)
    app = compose(preferences=preferences, faults=faults, log=log)
    if options.paths:
        app.window.painted.connect(lambda: app.open_path(*options.paths))
    app.window.show()
    code = int(qt.exec())
    clean = app.close()
    logs.unwatch()
    logs.stop()
    if not clean:
        # A step of a job goes on in its thread; Python would wait for it, the user would not.
        sys.stdout.flush()
        os._exit(code)
    return code


if __name__ == "__main__":
    console()
