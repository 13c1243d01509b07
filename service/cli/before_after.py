"""The picture of a demonstration: the points over the image before the calibration, and below it after."""

import io

from PIL import Image, ImageDraw, ImageFont

_CAPTION_HEIGHT_PX = 34
_CAPTION_SIZE_PX = 20
_MAX_WIDTH_PX = 1600


def before_after_jpeg(before_png: bytes, after_png: bytes, captions: tuple[str, str]) -> bytes:
    """Stack two overlays of one image under their captions.

    Args:
        before_png: overlay at the initial extrinsic, PNG.
        after_png: overlay at the returned one, PNG.
        captions: what to write above each.

    Returns:
        A JPEG file, at most 1600 pixels wide: small enough to send around.
    """
    before, after = (_at_most_wide(Image.open(io.BytesIO(png))) for png in (before_png, after_png))
    row_height = before.height + _CAPTION_HEIGHT_PX
    canvas = Image.new("RGB", (before.width, 2 * row_height), "white")
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(_CAPTION_SIZE_PX)
    for row, (picture, caption) in enumerate(zip((before, after), captions, strict=True)):
        top = row * row_height
        draw.text((8, top + _CAPTION_HEIGHT_PX / 2), caption, fill="black", font=font, anchor="lm")
        canvas.paste(picture, (0, top + _CAPTION_HEIGHT_PX))
    buffer = io.BytesIO()
    canvas.save(buffer, format="JPEG", quality=85, optimize=True)
    return buffer.getvalue()


def _at_most_wide(picture: Image.Image) -> Image.Image:
    if picture.width > _MAX_WIDTH_PX:
        picture = picture.resize((_MAX_WIDTH_PX, round(picture.height * _MAX_WIDTH_PX / picture.width)))
    return picture.convert("RGB")
