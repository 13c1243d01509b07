"""Accepting a job: inputs stored, record written, id published; or nothing of it."""

import uuid

from service.backend import Backend
from service.uploads import FrameUpload, Upload, cloud_suffix, content
from worker.jobs.record import FrameKeys, JobInputs
from worker.storage import BlobStore, input_key


def submit(upload: Upload, backend: Backend) -> str:
    """Store a checked upload, queue it, and return the id of the job.

    Raises:
        RedisError, BrokerUnavailable, StorageUnavailable: Nothing was accepted and nothing stays behind.
    """
    job_id = uuid.uuid4().hex
    try:
        inputs = _store(upload, job_id, backend.blobs)
        backend.jobs.create(job_id, inputs)
        backend.dispatcher.publish(job_id)
    except Exception:
        _take_back(job_id, backend)
        raise
    return job_id


def _take_back(job_id: str, backend: Backend) -> None:
    try:
        backend.blobs.delete_job(job_id)
    finally:
        backend.jobs.remove(job_id)


def _store(upload: Upload, job_id: str, blobs: BlobStore) -> JobInputs:
    request = input_key(job_id, "request.json")
    blobs.put(request, upload.request)
    frames = tuple(_store_frame(frame, index, job_id, blobs) for index, frame in enumerate(upload.frames))
    return JobInputs(request=request, frames=frames)


def _store_frame(frame: FrameUpload, index: int, job_id: str, blobs: BlobStore) -> FrameKeys:
    keys = {
        "image": input_key(job_id, f"image-{index}"),
        "point_cloud": input_key(job_id, f"point_cloud-{index}{cloud_suffix(frame.point_cloud)}"),
    }
    if frame.image_labels is not None:
        keys["image_labels"] = input_key(job_id, f"image_labels-{index}")
    if frame.point_labels is not None:
        keys["point_labels"] = input_key(job_id, f"point_labels-{index}{cloud_suffix(frame.point_labels)}")
    for part, key in keys.items():
        blobs.put(key, content(getattr(frame, part)))
    return FrameKeys(**keys)
