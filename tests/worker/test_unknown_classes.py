"""Networks whose class names match nothing: where the objective learns the confusions, no map is needed."""

import json

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from models.taxonomy import common_class
from worker.bench.accuracy import pose_error
from worker.inputs.cloud import clean_cloud
from worker.inputs.request import parse_request
from worker.pipeline import PipelineInputs, run
from worker.scenes import CameraConfig, LidarConfig, RenderedFrame, SceneConfig, generate, render
from worker.scenes.semantics import image_class_names, point_class_names
from worker.segmentation import InputFrame, ModelCache


@pytest.fixture(scope="module")
def street() -> RenderedFrame:
    """Return a rendered street with exact labels of both modalities."""
    return render(
        generate(0, 0, SceneConfig(camera=CameraConfig().scaled_to(620), lidar=LidarConfig(azimuth_step_deg=0.35)))
    )


def test_classes_of_no_known_name_calibrate(street):
    """With names that neither the taxonomy nor the other modality knows, eight degrees of error shrink below one."""
    image_names = {int(label): f"glorp {name[::-1]}" for label, name in image_class_names().items()}
    point_names = {int(label): f"wibble {label}" for label in point_class_names()}
    assert not any(map(common_class, [*image_names.values(), *point_names.values()]))
    error = np.eye(4)
    error[:3, :3] = Rotation.from_euler("xyz", [5, -6, 4], degrees=True).as_matrix()
    request = parse_request(
        json.dumps(
            {
                "camera": {"model": "pinhole", "K": street.K.tolist(), "distortion": []},
                "initial": {"T_cam_lidar": (error @ street.T_cam_lidar).tolist()},
                "prior": {"rotation_deg": 10},
                "image_label_map": image_names,
                "point_label_map": point_names,
            }
        )
    )
    cloud = clean_cloud(street.points, street.intensity)
    frame = InputFrame(street.image, cloud, street.image_labels, street.point_labels.astype(np.uint16))
    result = run(PipelineInputs(request, [frame]), ModelCache(), lambda _: None).result
    angle, _ = pose_error(np.array(result["T_cam_lidar"]), street.T_cam_lidar)
    assert angle < 1.0
    assert result["alignment_loss"]["ratio"] is None, "Eq. 1 counts classes that both know by name: here none"
    assert result["verdict"] in {"high", "low"}
