"""The points in VTK: an offscreen window whose pixels are read back, so that it works on every platform of Qt."""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pirn_app.render.cloud import Cloud
from pirn_app.views.cloud.camera import ANGLE, Pose
from pirn_core.data.sample import ByteArray
from pirn_core.errors import PirnError

Rgb = tuple[float, float, float]


class NoOpenGLError(PirnError):
    """Nothing can be drawn in 3D on this machine."""


class Scene:
    """One cloud, drawn with OpenGL.

    Raises:
        NoOpenGLError: VTK cannot be loaded, or finds no OpenGL.
    """

    def __init__(self) -> None:
        self._window: Any = _window()
        from vtkmodules.vtkRenderingCore import vtkRenderer

        self._renderer: Any = vtkRenderer()
        self._window.AddRenderer(self._renderer)
        self._renderer.SetAutomaticLightCreation(False)
        # All points, and the prefix of them that is drawn while the camera moves: switching uploads nothing.
        self._all, self._few = _Points(), _Points()
        for drawn in (self._all, self._few):
            self._renderer.AddActor(drawn.actor)
        self._cloud: Cloud | None = None
        self._pixels: Any = None

    def show(self, cloud: Cloud) -> None:
        """Other points; `colour` has to follow."""
        self._cloud = cloud
        self._all.take(cloud, len(cloud))
        self._few.take(cloud, cloud.moving if cloud.moving < len(cloud) else 0)

    def colour(self, colours: ByteArray) -> None:
        """Colours of all points, (N, 3)."""
        self._all.colour(colours)
        self._few.colour(colours)

    def render(
        self, pose: Pose, size: tuple[int, int], background: Rgb, point_size: float, exaggeration: float, few: bool
    ) -> ByteArray:
        """Draws.

        Args:
            pose: Camera.
            size: Width and height in device pixels.
            background: Components 0 to 1.
            point_size: Device pixels.
            exaggeration: Of heights.
            few: Only the points for a moving camera, drawn larger to fill the gaps.

        Returns:
            RGBA (H, W, 4), top row first.
        """
        assert self._cloud is not None, "show() comes first"
        few = few and self._cloud.moving < len(self._cloud)
        if few:
            point_size *= (len(self._cloud) / self._cloud.moving) ** 0.5
        for drawn, visible in ((self._all, not few), (self._few, few)):
            drawn.place(visible, point_size, exaggeration, self._cloud.level)
        self._renderer.SetBackground(*background)
        self._aim(pose)
        self._window.SetSize(*size)
        self._window.Render()
        return self._read(size)

    def _aim(self, pose: Pose) -> None:
        camera = self._renderer.GetActiveCamera()
        camera.SetViewAngle(ANGLE)
        camera.SetPosition(*pose.position)
        camera.SetFocalPoint(*pose.focal)
        camera.SetViewUp(*pose.up)
        self._renderer.ResetCameraClippingRange()

    def _read(self, size: tuple[int, int]) -> ByteArray:
        from vtkmodules.util.numpy_support import vtk_to_numpy
        from vtkmodules.vtkCommonCore import vtkUnsignedCharArray

        if self._pixels is None:
            self._pixels = vtkUnsignedCharArray()
        width, height = size
        self._window.GetRGBACharPixelData(0, 0, width - 1, height - 1, 0, self._pixels)
        rows: ByteArray = vtk_to_numpy(self._pixels).reshape(height, width, 4)
        return np.ascontiguousarray(rows[::-1])

    def close(self) -> None:
        """Gives the window and the card's memory back."""
        self._renderer.RemoveAllViewProps()
        self._window.RemoveRenderer(self._renderer)
        self._window.Finalize()
        self._cloud, self._pixels = None, None


class _Points:
    """A run of points and its colours; VTK reads the arrays in place, so they are held here."""

    def __init__(self) -> None:
        from vtkmodules.vtkCommonDataModel import vtkPolyData
        from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

        self._data: Any = vtkPolyData()
        self._mapper: Any = vtkPolyDataMapper()
        self._mapper.SetInputData(self._data)
        self._mapper.SetColorModeToDirectScalars()
        self.actor: Any = vtkActor()
        self.actor.SetMapper(self._mapper)
        self.actor.GetProperty().LightingOff()
        self._held: list[NDArray[Any]] = []
        self._colours: ByteArray = np.empty((0, 3), np.uint8)

    def take(self, cloud: Cloud, count: int) -> None:
        from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray
        from vtkmodules.vtkCommonCore import vtkPoints
        from vtkmodules.vtkCommonDataModel import vtkCellArray

        coordinates = cloud.points[:count]
        offsets = np.array([0, count] if count else [0], np.int64)
        ids = np.arange(count, dtype=np.int64)
        self._colours = np.zeros((count, 3), np.uint8)
        points, cells = vtkPoints(), vtkCellArray()
        points.SetData(numpy_to_vtk(coordinates))
        # One cell of all points: much faster than a cell each.
        cells.SetData(numpy_to_vtkIdTypeArray(offsets), numpy_to_vtkIdTypeArray(ids))
        self._data.SetPoints(points)
        self._data.SetVerts(cells)
        self._data.GetPointData().SetScalars(numpy_to_vtk(self._colours))
        self._held = [coordinates, offsets, ids]

    def colour(self, colours: ByteArray) -> None:
        self._colours[:] = colours[: len(self._colours)]
        self._data.GetPointData().GetScalars().Modified()

    def place(self, visible: bool, point_size: float, exaggeration: float, level: float) -> None:
        self.actor.SetVisibility(visible)
        self.actor.GetProperty().SetPointSize(point_size)
        self.actor.SetOrigin(0, 0, level)
        self.actor.SetScale(1, 1, exaggeration)


def _window() -> Any:
    """An offscreen window that can draw."""
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        # VTK comes to it by itself, but only after a warning about the X server.
        os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
    try:
        import vtkmodules.vtkRenderingOpenGL2  # noqa: F401 - registers what draws
        from vtkmodules.vtkRenderingCore import vtkRenderWindow
    except ImportError as error:
        raise NoOpenGLError(f"3D view is off: VTK cannot be loaded ({error}).", _ADVICE) from error
    window = vtkRenderWindow()
    window.SetOffScreenRendering(True)
    window.SetShowWindow(False)
    window.SetMultiSamples(0)
    window.SetSize(64, 64)
    # Asked before anything is drawn: without a driver, drawing ends the whole program.
    window.Initialize()
    if window.IsA("vtkOpenGLRenderWindow") and not window.GetInitialized():
        raise NoOpenGLError("3D view is off: no OpenGL driver was found.", _ADVICE)
    return window


_ADVICE = (
    "Install libegl1 (Debian, Ubuntu) or a graphics driver and start again. Everything else works without it."
    if sys.platform.startswith("linux")
    else "Install a graphics driver with OpenGL 3.2 and start again. Everything else works without it."
)
