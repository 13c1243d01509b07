"""Augmentation: what lies between a rendered image and a photograph, drawn at random and exaggerated.

Geometry first (scale, place, mirror), then light (cast shadows, uneven light), then the camera (exposure, contrast,
colour, blur, sharpening, noise, JPEG).
"""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from models.training.folders import LabelledImage

Floats = npt.NDArray[np.float32]


def augment(example: LabelledImage, crop: tuple[int, int], rng: np.random.Generator) -> LabelledImage:
    """Return a random crop (height, width) of an example, changed as another camera and another day would."""
    cut = _crop(example, crop, rng)
    pixels = cut.image.astype(np.float32) / np.float32(255)
    pixels = _light(pixels, rng)
    pixels = _expose(pixels, rng)
    return LabelledImage(_record(pixels, rng), cut.labels)


def _crop(example: LabelledImage, crop: tuple[int, int], rng: np.random.Generator) -> LabelledImage:
    """Cut out a window of random size and place, and bring it to the size of the crop."""
    height, width = example.labels.shape
    largest = min(height / crop[0], width / crop[1])
    scale = min(largest, float(np.exp(rng.uniform(np.log(0.55), np.log(1.6)))))
    window = np.array(crop) * scale
    top, left = rng.uniform(0, (height, width) - window)
    box = (left, top, left + window[1], top + window[0])
    size = (crop[1], crop[0])
    image = Image.fromarray(example.image).resize(size, Image.Resampling.BILINEAR, box=box)
    labels = Image.fromarray(example.labels).resize(size, Image.Resampling.NEAREST, box=box)
    step = -1 if rng.random() < 0.5 else 1
    return LabelledImage(np.asarray(image)[:, ::step], np.asarray(labels)[:, ::step])


def _light(pixels: Floats, rng: np.random.Generator) -> Floats:
    """Cast sharp shadows of things out of the picture, and let the light fall unevenly."""
    height, width, _ = pixels.shape
    if rng.random() < 0.5:
        mask = Image.new("L", (width, height), 255)
        for _ in range(int(rng.integers(1, 5))):
            corners = rng.uniform(-0.3, 1.3, 2) + rng.normal(0.0, 0.35, (int(rng.integers(3, 7)), 2))
            ImageDraw.Draw(mask).polygon([(x * width, y * height) for x, y in corners], fill=int(rng.uniform(40, 170)))
        mask = mask.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 3.0))))
        light: Floats = np.asarray(mask, np.float32)[..., None] / np.float32(255)
        pixels = pixels * light ** np.float32(rng.uniform(0.6, 1.4))
    if rng.random() < 0.5:
        coarse = rng.normal(0.0, 0.35, (int(rng.integers(2, 6)), int(rng.integers(2, 10)))).astype(np.float32)
        field = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        pixels = pixels * np.exp(np.asarray(field, np.float32))[..., None]
    return pixels


def _expose(pixels: Floats, rng: np.random.Generator) -> Floats:
    """Change exposure, tone curve, contrast and colours; what leaves the range is cut off as in a real sensor."""
    pixels = pixels * np.float32(2.0 ** rng.normal(-0.1, 0.4))
    middle, contrast = float(rng.uniform(0.3, 0.6)), float(np.exp(rng.normal(0.15, 0.3)))
    pixels = np.clip(middle + contrast * (pixels - middle), 0.0, 1.0)
    pixels = pixels ** np.float32(np.exp(rng.normal(0.0, 0.3)))
    grey = pixels.mean(axis=2, keepdims=True)
    saturation = 0.0 if rng.random() < 0.1 else float(rng.uniform(0.2, 1.6))
    pixels = grey + np.float32(saturation) * (pixels - grey)
    cast = np.exp(rng.normal(0.0, 0.07, 3)).astype(np.float32)
    return np.clip(pixels * cast, 0.0, 1.0)


def _record(pixels: Floats, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Blur or sharpen, add noise, and store as a camera would, (H, W, 3) uint8."""
    image = Image.fromarray((255 * pixels).astype(np.uint8))
    kind = rng.random()
    if kind < 0.3:
        image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 1.2))))
    elif kind < 0.6:
        image = image.filter(ImageFilter.UnsharpMask(float(rng.uniform(0.5, 2.0)), int(rng.uniform(50, 250)), 0))
    values = np.asarray(image, np.float32) + rng.normal(0.0, rng.uniform(0.0, 10.0), pixels.shape)
    image = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
    if rng.random() < 0.3:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=int(rng.uniform(25, 90)))
        image = Image.open(file)
    return np.asarray(image)
