"""Networks whose weights come with this package, in `models/embedded/NAME/FILE`.

A network is registered by an entry in EMBEDDED, whose files have no address, and by the code that runs it, named in
`models.backends.registry`.
"""

from models.catalogue.entry import CatalogueEntry, ModelFile
from models.label_sets import RENDERED_STREETS

STREET_UNET_RENDERED = CatalogueEntry(
    name="street_unet_rendered",
    modality="image",
    summary="U-Net, 0.83 million parameters, learned from rendered streets; for the sample and for trying things out",
    backend="street_unet",
    source="this package, models/embedded/street_unet_rendered; trained by models.training",
    files=(
        ModelFile(
            name="street_unet.safetensors",
            url=None,
            sha256="028e5e6c36fb8cec7b2dd53be42dfff7f0b83fe2654e7a6f2cf392e1e307e399",
            size=1_669_926,
        ),
    ),
    code_licence="Apache-2.0",
    training_data_terms="Trained on frames of this package's own renderer only; Apache-2.0, any use.",
    non_commercial=False,
    class_names=RENDERED_STREETS,
    preprocessing=(
        "Smoothed bilinear resize to about 640x256 pixels where the image is larger, sides multiples of 16, RGB in "
        "0..1; see models.backends.street_unet."
    ),
    sensor="Rendered images of streets by day; photographs are read roughly, so prefer a pretrained network for them.",
)

EMBEDDED: tuple[CatalogueEntry, ...] = (STREET_UNET_RENDERED,)
