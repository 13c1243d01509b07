"""What can be wrong with the body of `POST /calibrate`, before any part of it is read."""

from service.problems.refusal import Refusal


class MalformedMultipart(Refusal):
    """The body cannot be taken apart."""

    type_, title, status = "malformed-multipart", "Malformed multipart body", 400
    sentence = "The body is not valid multipart/form-data: let your HTTP client write the boundary."


class BodyTooLarge(Refusal):
    """The body exceeds the limit."""

    type_, title, status = "body-too-large", "Body too large", 413
    sentence = "The body is larger than this server takes: send fewer frames or smaller files."


class NotMultipart(Refusal):
    """The body has another media type."""

    type_, title, status = "not-multipart", "Not a multipart body", 415
    sentence = "Send multipart/form-data with the parts image, point_cloud and request."


class MissingPart(Refusal):
    """A part is not there."""

    type_, title, status = "missing-part", "Missing part", 422
    sentence = "Send the parts image, point_cloud and request."


class UnknownPart(Refusal):
    """There is a part that means nothing here."""

    type_, title, status = "unknown-part", "Unknown part", 422
    sentence = "The parts are image, point_cloud, request, image_labels and point_labels: remove any other."


class PartNotAFile(Refusal):
    """A file came as a text field."""

    type_, title, status = "part-not-a-file", "Part is not a file", 422
    sentence = "Send this part as a file, with a file name."


class PartCount(Refusal):
    """Repeated parts do not pair up into frames."""

    type_, title, status = "part-count", "Parts do not pair up", 422
    sentence = (
        "Each frame is one image and one point cloud, in the same order: send as many of the one as of the other."
    )


class TooManyFrames(Refusal):
    """The job has more frames than allowed."""

    type_, title, status = "too-many-frames", "Too many frames", 422
    sentence = "The job has more frames than this server takes: send fewer."


class ImageSizesDiffer(Refusal):
    """The images of one job differ in size."""

    type_, title, status = "image-sizes-differ", "Images differ in size", 422
    sentence = "All images of one job come from one camera: send images of one size."
