"""What the sample set says of itself, for whoever finds the folder."""

NAME = "readme.txt"

TEXT = """PIRN Inspector sample parts
===========================

What this is
    Pictures and 3D scans of parts that do not exist: a turned metal flange and a moulded polymer housing,
    drawn and rendered by the program ("pirn demo"). They show what the program does and test an installation.
    They are easier than real parts: do not judge a method by them.

Folders
    <part>/train/good, <part>/validation/good    good parts to learn from
    <part>/test/good, <part>/test/<defect>       parts to inspect, with ground truth in gt
    rgb/NNN.png    colour image, 8 bit
    xyz/NNN.tiff   organised points in metres, float32, camera frame (x right, y down, z away from the
                   camera); a missing point is (0, 0, 0)
    gt/NNN.png     0 where nothing changed, else the number of the defect, see class_ids.json
    calibration/camera_parameters.json
                   pinhole camera: focal length and pixel pitch in metres, centre in pixels
    demo.json      the settings this set was made with
    The layout is that of the data set MVTec 3D-AD; no picture or scan of it is used.

How it was made
    Each part is a height field over a table, seen by a tilted pinhole camera about 500 mm away. The picture
    has shadows, open sky, anisotropic highlights, lens blur and noise. The scan has 0.02 to 0.05 mm of depth
    noise and loses points at steep walls, in the projector's shadow, at edges and at random. Pose, light,
    material, exposure and loss of points are drawn from the same distributions for good and for bad parts.

Defects
    stain, scratch                change the colour only
    dent, bump                    change the geometry only: the picture shows the undamaged part
    crack, chip, contamination    change both
    A pixel is marked where the noise-free picture changed by 8 of 255 or more in a channel, or the true depth
    by 0.1 mm or more. Gaps of up to two pixels are closed, specks of one or two pixels are dropped.

Licence
    Apache License 2.0, as the program: https://www.apache.org/licenses/LICENSE-2.0
"""
