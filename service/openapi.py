"""The parts of the OpenAPI description that the code cannot state by itself."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from worker.inputs.request import CalibrationRequest

_SCHEMAS = "#/components/schemas/"


def _files(description: str) -> dict[str, Any]:
    return {
        "type": "array",
        "items": {"type": "string", "format": "binary"},
        "minItems": 1,
        "description": f"{description} Repeat the part for further frames.",
    }


CALIBRATE_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["image", "point_cloud", "request"],
                "additionalProperties": False,
                "properties": {
                    "image": _files("PNG or JPEG."),
                    "point_cloud": _files("`.bin`, `.pcd.bin`, `.pcd`, `.ply`, `.las`, `.laz`, `.npy` or `.csv`."),
                    "request": {"$ref": f"{_SCHEMAS}CalibrationRequest"},
                    "image_labels": _files("PNG of class ids, as large as the image; in place of `image_model`."),
                    "point_labels": _files("One class id a point, `.label` or `.npy`; in place of `cloud_model`."),
                },
            },
            "encoding": {
                "request": {"contentType": "application/json"},
                "image": {"contentType": "image/png, image/jpeg"},
                "image_labels": {"contentType": "image/png"},
                "point_cloud": {"contentType": "application/octet-stream"},
                "point_labels": {"contentType": "application/octet-stream"},
            },
        }
    },
}


# One event of `GET /jobs/{id}/events`, in the terms of OpenAPI 3.2.
EVENT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "event": {"enum": ["progress", "end", "gone"]},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "description": "The fields of a job in a list, but for `links`; of `gone`, its `id` only.",
        },
        "id": {"type": "string", "description": "What to send as `Last-Event-ID` to go on after this event."},
        "retry": {"type": "integer", "description": "Milliseconds after which to come again."},
    },
}

# Where to go on from the answer of `POST /calibrate`.
JOB_LINKS: dict[str, Any] = {
    name: {"operationId": name, "parameters": {"job_id": "$response.body#/id"}}
    for name in ("job_status", "job_event_stream", "job_overlay", "delete_job")
}


def install_openapi(app: FastAPI, *, asks_for_keys: bool) -> None:
    """Add the schema of the JSON part, which FastAPI does not see; leave keys out where the server asks for none."""
    generate = _with_request_schema(app.openapi)
    app.openapi = generate if asks_for_keys else _without_keys(generate)  # type: ignore[method-assign]


def _with_request_schema(generate: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    def generate_with_request() -> dict[str, Any]:
        description = generate()
        schema = CalibrationRequest.model_json_schema(ref_template=f"{_SCHEMAS}{{model}}")
        schemas = description.setdefault("components", {}).setdefault("schemas", {})
        schemas.update(schema.pop("$defs", {}))
        schemas["CalibrationRequest"] = schema
        return description

    return generate_with_request


def _without_keys(generate: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    def generate_without_keys() -> dict[str, Any]:
        description = generate()
        description["components"].pop("securitySchemes", None)
        for methods in description["paths"].values():
            for endpoint in methods.values():
                endpoint.pop("security", None)
                endpoint["responses"].pop("401", None)
        return description

    return generate_without_keys
