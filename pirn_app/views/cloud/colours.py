"""In which colours the points of a part are shown, and what has to be said about it."""

from __future__ import annotations

from pirn_app.context import Context
from pirn_app.messages.events import Picture
from pirn_app.render.cloud import Cloud, heat_colours, normal_colours, picture_colours, shaded_colours
from pirn_app.render.colormap import shown_range
from pirn_core.data.sample import ByteArray, FloatArray

Notes = tuple[str, ...]


def coloured(cloud: Cloud, picture: Picture, context: Context) -> tuple[ByteArray, Notes]:
    """Colours (N, 3) for the look in force; where they cannot be had, the nearest thing and a sentence why."""
    look = context.display.look
    if look.cloud == "anomaly":
        return _anomaly(cloud, picture, context)
    if look.cloud == "sn" and picture.normals is not None:
        return normal_colours(cloud, picture.normals), ()
    if picture.rgb is not None:
        return picture_colours(cloud, picture.rgb), ()
    return shaded_colours(cloud, picture.normals), ("This part has no colour image: its shape is shown.",)


def _anomaly(cloud: Cloud, picture: Picture, context: Context) -> tuple[ByteArray, Notes]:
    look, model = context.display.look, context.workspace.model
    on_picture = look.base == "rgb" and picture.rgb is not None
    base = picture_colours(cloud, picture.rgb) if on_picture else shaded_colours(cloud, picture.normals)  # type: ignore[arg-type]
    values = _map(picture, context)
    if isinstance(values, str) or model is None:
        return base, (str(values),)
    layer = context.display.layer
    score_range = shown_range(model.colour_range if layer is None else layer.span, values, look.per_image)
    notes = ("Colours: range of this image.",) if look.per_image else ()
    if layer is not None:
        notes = (f"Colours: {layer.title}.", *notes)
    return heat_colours(cloud, base, values, score_range, look.colour_map, look.opacity), notes


def _map(picture: Picture, context: Context) -> FloatArray | str:
    """The chosen map of the part, or why there is none."""
    workspace, source = context.workspace, context.display.look.source
    if workspace.model is None:
        return "No model yet: the points are shown without anomalies."
    result = workspace.result(picture.ref.id)
    if result is None:
        known = workspace.results.get(picture.ref.id)
        return (
            f"Not inspected: {known.error}" if known is not None and known.error else "This part is not inspected yet."
        )
    if result.map.shape != picture.shape:
        return "The map has another size than the picture. Inspect this part again."
    if (layer := context.display.layer) is not None:
        fits = layer.part == picture.ref.id and layer.values.shape == picture.shape
        return layer.values if fits else f"{layer.title}: not there for this part yet."
    found = result.map if source == "fused" else result.maps.get(source)
    return "This part has no such map." if found is None else found
