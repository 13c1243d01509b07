"""Networks that others published: fetched from their authors' repositories, at pinned commits."""

from models.catalogue.entry import CatalogueEntry, ModelFile
from models.label_sets import CITYSCAPES, SEMANTIC_KITTI

_EDGENETS = "https://raw.githubusercontent.com/sacmehta/EdgeNets/2b232d3f7fb60658755dad1ebca0ffc895cc795e"
_MININET = (
    "https://raw.githubusercontent.com/Shathe/3D-MiniNet/21a27838f3a43b3722406ed5a91fdef512f54910"
    "/pytorch_code/lidar-bonnetal/train/tasks/semantic/models/3D-MiniNet-tiny"
)

ESPNETV2_S2_CITYSCAPES = CatalogueEntry(
    name="espnetv2_s2_cityscapes",
    modality="image",
    summary="ESPNetv2, width 2.0, 0.8 million parameters (Mehta et al., CVPR 2019)",
    backend="espnetv2",
    source="github.com/sacmehta/EdgeNets at 2b232d3f7fb60658755dad1ebca0ffc895cc795e",
    files=(
        ModelFile(
            name="espnetv2_s_2.0_city_1024x512.pth",
            url=f"{_EDGENETS}/model/segmentation/model_zoo/espnetv2/espnetv2_s_2.0_city_1024x512.pth",
            sha256="a72d59699801c7ce8e8b89a53af9097eaaa60dc12180ecde86fd700ba1222fe8",
            size=3_376_094,
        ),
    ),
    code_licence="MIT",
    training_data_terms=(
        "Trained on Cityscapes (scientific, non-commercial use; https://www.cityscapes-dataset.com/license/) after "
        "ImageNet-1k (non-commercial research and education). Treat the weights as for non-commercial use."
    ),
    non_commercial=True,
    class_names=CITYSCAPES,
    preprocessing=(
        "8-bit bilinear resize to multiples of 32 (1248x384 for KITTI), ImageNet mean and deviation, RGB; "
        "see models.backends.espnetv2."
    ),
    sensor="Forward-looking colour camera of a car, daylight, European cities.",
)

MININET3D_TINY_SEMANTICKITTI = CatalogueEntry(
    name="mininet3d_tiny_semantickitti",
    modality="cloud",
    summary="3D-MiniNet tiny, 0.45 million parameters (Alonso et al., RA-L 2020)",
    backend="mininet3d",
    source="github.com/Shathe/3D-MiniNet at 21a27838f3a43b3722406ed5a91fdef512f54910",
    files=(
        ModelFile(
            name="backbone",
            url=f"{_MININET}/backbone",
            sha256="e9a36ae69c420a9533addbb17160ec9d3f21a611fa3f7e293f54e37ff3c4a5d1",
            size=1_772_843,
        ),
        ModelFile(
            name="segmentation_decoder",
            url=f"{_MININET}/segmentation_decoder",
            sha256="67f118b5ba9777177bb6e31b48a49021ce4835f8f9189c83d0323b531c74810c",
            size=117_689,
        ),
        ModelFile(
            name="segmentation_head",
            url=f"{_MININET}/segmentation_head",
            sha256="ed5edc184e16d5d1566ac0a0642cea4ea491693008bd577e00e6da48423e4c7c",
            size=35_184,
        ),
    ),
    code_licence="MIT",
    training_data_terms=(
        "Trained on SemanticKITTI, all labelled sequences 00 to 10 (labels CC BY-NC-SA 4.0, KITTI scans "
        "CC BY-NC-SA 3.0: non-commercial). Treat the weights as for non-commercial use."
    ),
    non_commercial=True,
    class_names=SEMANTIC_KITTI,
    preprocessing=(
        "Spherical projection to a 64x2048 range image (+3 to -25 degrees), absolute and block-relative features, "
        "nearest-neighbour vote back to the points; see models.backends.mininet3d."
    ),
    sensor=(
        "Velodyne HDL-64E on a car roof, 1.73 m above the road: full revolutions, x forward, y left, z up, "
        "remission in 0..1. Do not expect it to carry over to another LiDAR or mounting height."
    ),
)

RELEASED = (ESPNETV2_S2_CITYSCAPES, MININET3D_TINY_SEMANTICKITTI)
