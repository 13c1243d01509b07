"""What can be chosen about a rendered scene: sensors, rig, look, contents and label noise."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from worker.inputs.camera_model import CameraModelName


@dataclass(frozen=True)
class CameraConfig:
    """A camera; the defaults are those of KITTI's left colour camera, a pinhole without distortion.

    Attributes:
        width: image width in pixels.
        height: image height in pixels.
        focal_px: focal length in pixels, the same for both axes.
        principal_point_px: (u, v); the centre of the top-left pixel is (0, 0).
        antialias: cast four more rays for each pixel on an edge. Labels are those of pixel centres either way.
        sensor_noise: standard deviation of the photon noise, as a share of full scale.
        model: `pinhole` or another camera model of a request, which must reach every pixel of the image.
        distortion: its coefficients.
        xi: its shift of the sphere, where it has one.
        alpha: its shift of the pinhole, where it has one.
    """

    width: int = 1241
    height: int = 376
    focal_px: float = 718.856
    principal_point_px: tuple[float, float] = (607.1928, 185.2157)
    antialias: bool = True
    sensor_noise: float = 0.008
    model: CameraModelName = "pinhole"
    distortion: tuple[float, ...] = ()
    xi: float | None = None
    alpha: float | None = None

    def scaled_to(self, width: int) -> CameraConfig:
        """Return the same camera with an image of this width, in pixels, and the same field of view."""
        scale = width / self.width
        u, v = (pixel * scale + 0.5 * (scale - 1.0) for pixel in self.principal_point_px)
        return replace(
            self,
            width=width,
            height=round(self.height * scale),
            focal_px=self.focal_px * scale,
            principal_point_px=(u, v),
        )


@dataclass(frozen=True)
class LidarConfig:
    """A spinning LiDAR; the defaults resemble the Velodyne HDL-64E of KITTI.

    Attributes:
        num_beams: beams, evenly spread between the two elevations.
        elevation_top_deg: elevation of the highest beam.
        elevation_bottom_deg: elevation of the lowest beam.
        azimuth_step_deg: angle between two firings of one beam.
        height_m: height of the sensor above the road.
        min_range_m: nearer returns are discarded.
        max_range_m: farther returns are discarded.
        range_noise_m: standard deviation of a range measurement.
        dropout: share of returns lost at random, besides those lost on glass and at long range.
    """

    num_beams: int = 64
    elevation_top_deg: float = 2.0
    elevation_bottom_deg: float = -24.8
    azimuth_step_deg: float = 0.17
    height_m: float = 1.73
    min_range_m: float = 2.5
    max_range_m: float = 80.0
    range_noise_m: float = 0.02
    dropout: float = 0.02


@dataclass(frozen=True)
class RigConfig:
    """How the camera is mounted relative to the LiDAR.

    Attributes:
        baseline_m: distance between the two sensors; the camera sits in front of and below the LiDAR.
        mounting_rotation_deg: roll, pitch and yaw deviate from straight ahead by up to this much.
        varies: every frame has a rig of its own instead of one that all frames of a seed share.
    """

    baseline_m: float = 0.3
    mounting_rotation_deg: float = 1.5
    varies: bool = False


@dataclass(frozen=True)
class LookConfig:
    """Light and textures; each frame draws its own values from these ranges.

    Attributes:
        sun_elevation_deg: range of the sun's elevation.
        cloudiness: range of the share of the sky under cloud; near 1 the sun casts no shadows.
        haze_per_m: range of the extinction by haze.
        exposure_stops: range of the exposure error.
        texture_contrast: factor on the contrast of every procedural texture.
        sun_strength: factor on the direct light; the larger, the darker shadows are beside it.
        repaint: how far every finish departs from its designed colours and pattern; 0 leaves them, see
            `worker.scenes.repaint`.
    """

    sun_elevation_deg: tuple[float, float] = (22.0, 55.0)
    cloudiness: tuple[float, float] = (0.1, 0.65)
    haze_per_m: tuple[float, float] = (0.0003, 0.0014)
    exposure_stops: tuple[float, float] = (-0.2, 0.2)
    texture_contrast: float = 1.0
    sun_strength: float = 1.0
    repaint: float = 0.0


@dataclass(frozen=True)
class ContentConfig:
    """What stands along the street.

    Attributes:
        parked_cars: share of the kerbside places that are taken.
        driving_cars: largest number of cars on the carriageway.
        trees: share of the places for street trees that are taken.
        pedestrians: largest number of people on the sidewalks.
        curvature_per_m: largest curvature of the road.
        grade: largest slope of the road, as a ratio.
        crossing: probability of a side street.
        houses: share of the plots that are built on.
        greenery: factor on the number of bushes and of trees off the street.
        bush_height_m: range of the heights of bushes.
    """

    parked_cars: float = 0.5
    driving_cars: int = 3
    trees: float = 0.7
    pedestrians: int = 4
    curvature_per_m: float = 0.006
    grade: float = 0.04
    crossing: float = 0.4
    houses: float = 0.93
    greenery: float = 1.0
    bush_height_m: tuple[float, float] = (0.6, 1.7)


@dataclass(frozen=True)
class SceneConfig:
    """Everything that, together with a seed and an index, determines a frame.

    Attributes:
        camera: the camera.
        lidar: the LiDAR.
        rig: where the camera sits.
        look: light and textures.
        content: what stands along the street.
        label_noise: share of the labels, of pixels and of points alike, that are made wrong; 0 keeps them exact.
    """

    camera: CameraConfig = field(default_factory=CameraConfig)
    lidar: LidarConfig = field(default_factory=LidarConfig)
    rig: RigConfig = field(default_factory=RigConfig)
    look: LookConfig = field(default_factory=LookConfig)
    content: ContentConfig = field(default_factory=ContentConfig)
    label_noise: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.label_noise <= 0.5:
            raise ValueError(f"label_noise is {self.label_noise}; choose a share between 0 and 0.5")
        if self.lidar.num_beams < 2:
            raise ValueError(f"num_beams is {self.lidar.num_beams}; a spinning LiDAR needs at least 2")
