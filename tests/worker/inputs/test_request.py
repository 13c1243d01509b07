"""The JSON part of a calibration request: what it may say, and every problem told."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from worker.inputs import InputError
from worker.inputs.request import CalibrationRequest, check_is_calibration, check_label_sources, parse_request

EXAMPLE = CalibrationRequest.model_config["json_schema_extra"]["examples"][0]


def changed(**fields: object) -> str:
    return json.dumps(EXAMPLE | fields)


def test_documented_example_is_valid():
    """The example of the OpenAPI schema is a request, and survives being written and read again."""
    request = parse_request(json.dumps(EXAMPLE))
    assert request.camera.K[0][0] == 718.856
    assert request.initial.matrix()[2, 3] == -0.29
    assert (request.prior.rotation_deg, request.prior.translation_m) == (10, 0.05)
    assert request.image_model == "espnetv2_s2_cityscapes"
    assert parse_request(request.model_dump_json().encode()) == request


def test_defaults_are_the_papers():
    """N = 5000, M = 8000, step 1e-3, 1000 iterations, car, road and sidewalk."""
    request = parse_request(json.dumps({"camera": EXAMPLE["camera"], "initial": EXAMPLE["initial"]}))
    assert request.profile == "robust"
    assert request.seed == 0
    assert request.options.model_dump() == {
        "classes": ("car", "road", "sidewalk"),
        "num_samples": 5000,
        "min_points_in_view": 8000,
        "learning_rate": 1e-3,
        "num_iterations": 1000,
        "hold_translation": False,
        "tracking": False,
    }
    assert (request.prior.rotation_deg, request.prior.translation_m) == (10, 0.2)


def test_label_maps_are_keyed_by_id():
    """JSON writes ids as strings; they come back as numbers."""
    request = parse_request(changed(image_label_map={"7": "road", "26": " car "}, point_label_map={"40": "road"}))
    assert request.image_label_map == {7: "road", 26: "car"}
    assert request.point_label_map == {40: "road"}


def test_requests_do_not_change():
    """A request is a value."""
    request = parse_request(json.dumps(EXAMPLE))
    with pytest.raises(ValidationError):
        request.seed = 1


@pytest.mark.parametrize(
    ("fields", "code", "match"),
    [
        ({"colour": 1}, "unknown-field", "colour: this field is unknown"),
        ({"options": {"samples": 1}}, "unknown-field", r"options\.samples"),
        ({"camera": None}, "invalid-request", "camera"),
        ({"prior": {"rotation_deg": 181}}, "invalid-request", r"prior\.rotation_deg"),
        ({"prior": {"translation_m": -0.1}}, "invalid-request", r"prior\.translation_m"),
        ({"profile": "fast"}, "invalid-request", "profile"),
        ({"seed": -1}, "invalid-request", "seed"),
        ({"seed": 2**53}, "invalid-request", "seed"),
        ({"seed": 1.5}, "invalid-request", "seed"),
        ({"seed": True}, "invalid-request", "seed"),
        ({"image_model": "../weights"}, "invalid-request", "image_model"),
        ({"image_model": ""}, "invalid-request", "image_model"),
        ({"cloud_model": "a/b"}, "invalid-request", "cloud_model"),
        ({"image_label_map": {}}, "invalid-request", "image_label_map"),
        ({"image_label_map": {"road": "7"}}, "invalid-request", r"image_label_map\.road"),
        ({"image_label_map": {"65536": "road"}}, "invalid-request", r"image_label_map\.65536"),
        ({"image_label_map": {"7": ""}}, "invalid-request", r"image_label_map\.7"),
        ({"options": {"classes": []}}, "invalid-request", r"options\.classes"),
        ({"options": {"classes": ["car", "car"]}}, "invalid-request", "once only"),
        ({"options": {"num_samples": 0}}, "invalid-request", r"options\.num_samples"),
        ({"options": {"num_samples": 10**6}}, "invalid-request", r"options\.num_samples"),
        ({"options": {"min_points_in_view": 0}}, "invalid-request", r"options\.min_points_in_view"),
        ({"options": {"learning_rate": 0}}, "invalid-request", r"options\.learning_rate"),
        ({"options": {"learning_rate": float("nan")}}, "invalid-request", r"options\.learning_rate"),
        ({"options": {"num_iterations": 10**6}}, "invalid-request", r"options\.num_iterations"),
        ({"options": {"hold_translation": "yes"}}, "invalid-request", r"options\.hold_translation"),
        ({"options": {"tracking": 1}}, "invalid-request", r"options\.tracking"),
    ],
)
def test_wrong_fields_are_named(fields, code, match):
    """Each with the path of the field."""
    with pytest.raises(InputError, match=match) as caught:
        parse_request(changed(**fields))
    assert caught.value.code == code


def test_every_problem_is_told_at_once():
    """Three mistakes, three sentences; the code is the general one."""
    broken = copy.deepcopy(EXAMPLE)
    broken["camera"]["K"][0][0] = 0
    del broken["initial"]
    broken["sead"] = 1
    with pytest.raises(InputError) as caught:
        parse_request(json.dumps(broken))
    assert caught.value.code == "invalid-request"
    for part in ("camera: The focal lengths", "initial: this value is missing", "sead: this field is unknown"):
        assert part in caught.value.message


def test_a_flood_of_problems_is_cut():
    """A thousand mistakes make a readable message."""
    with pytest.raises(InputError, match="And 990 more") as caught:
        parse_request(changed(**{f"x{i}": i for i in range(1000)}))
    assert len(caught.value.message) < 2000


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, b"\xff\xfe", "\ud800", '{"camera": }'])
def test_what_is_no_json_is_refused(text):
    """Cut, nested too deep, not UTF-8."""
    with pytest.raises(InputError) as caught:
        parse_request(text)
    assert caught.value.code == "invalid-json"


def test_request_of_megabytes_is_refused():
    """A request is a few kilobytes."""
    with pytest.raises(InputError) as caught:
        parse_request(" " * 5_000_000)
    assert caught.value.code == "file-too-large"


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from([*CalibrationRequest.model_fields, "K", "T_cam_lidar"]), inner, max_size=4
            )
        ),
    )
)
def test_any_json_is_a_request_or_an_input_error(value):
    """Nothing else is ever raised."""
    try:
        parse_request(json.dumps(value))
    except InputError as error:
        assert error.message.endswith(".")


def test_a_calibration_is_not_tracked():
    """The sentence says where that can be asked for."""
    check_is_calibration(parse_request(changed()))
    with pytest.raises(InputError, match="POST /evaluate") as caught:
        check_is_calibration(parse_request(changed(options={"tracking": True})))
    assert caught.value.code == "tracking-without-evaluation"


MAP = {"7": "road"}


@pytest.mark.parametrize(
    ("fields", "has_labels", "code"),
    [
        ({"image_model": None}, True, "missing-label-map"),
        ({"image_label_map": MAP}, True, "ambiguous-segmentation"),
        ({"image_label_map": MAP}, False, "unused-label-map"),
        ({"image_model": None, "image_label_map": MAP}, False, "unused-label-map"),
    ],
)
def test_classes_come_from_one_place(fields, has_labels, code):
    """For each modality a network or uploaded labels with their map, and not both."""
    with pytest.raises(InputError, match="image_") as caught:
        check_label_sources(parse_request(changed(**fields)), has_image_labels=has_labels, has_point_labels=False)
    assert caught.value.code == code


def test_both_modalities_are_checked():
    """A network for one and labels for the other is fine; the message names the field that is missing."""
    mixed = parse_request(changed(cloud_model=None, point_label_map=MAP))
    check_label_sources(mixed, has_image_labels=False, has_point_labels=True)
    with pytest.raises(InputError, match="point_label_map is given without point_labels"):
        check_label_sources(mixed, has_image_labels=False, has_point_labels=False)


def test_nothing_need_be_named():
    """Without a network and without labels the choice is left to semalign."""
    unnamed = parse_request(changed(image_model=None, cloud_model=None))
    check_label_sources(unnamed, has_image_labels=False, has_point_labels=False)
