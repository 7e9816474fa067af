"""From a sample to the network's input, in three steps.

`fit_recipe` looks once at the shots. `make_planes` does for each part what is costly and independent of the
pose; its result is worth keeping. `make_view` cuts one input from it, `map_to_image` lays a map back.
"""

from pirn_core.data.augmentation import Pose, poses
from pirn_core.data.fitting import FittedRecipe, fit_recipe
from pirn_core.data.planes import Planes, make_planes
from pirn_core.data.views import View, make_view, map_to_image

__all__ = [
    "FittedRecipe",
    "Planes",
    "Pose",
    "View",
    "fit_recipe",
    "make_planes",
    "make_view",
    "map_to_image",
    "poses",
]
