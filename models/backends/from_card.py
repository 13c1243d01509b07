"""Make a segmenter from a card."""

from models.backends.exported import load_cloud_network, load_image_network
from models.backends.hugging_face import load_checkpoint
from models.backends.protocols import CloudNetwork, CloudSegmenter, ImageNetwork, ImageSegmenter
from models.backends.python_object import load_python_network
from models.backends.scored import ScoredCloudSegmenter, ScoredImageSegmenter
from models.cards.card import ExportedNetwork, HuggingFaceNetwork, PythonNetwork
from models.cards.folder import CardFile


def image_segmenter(model: CardFile, device: str) -> ImageSegmenter:
    """Return the segmenter of images that a card describes, loaded.

    Raises:
        ModelNotAvailableError: the network's files are not here.
        NetworkFailedError: they cannot be loaded.
    """
    network, place, names = model.card.network, model.require(), model.card.class_names
    run: ImageNetwork
    if isinstance(network, HuggingFaceNetwork):
        checkpoint = load_checkpoint(place, device, resize=network.resize)
        run, names = checkpoint, names or checkpoint.class_names
    elif isinstance(network, PythonNetwork):
        run = load_python_network(place, network.object, device)
    else:
        run = load_image_network(network, place, device)
    assert names is not None  # cards without names are checkpoints, which bring theirs
    return ScoredImageSegmenter(model.name, names, run)


def cloud_segmenter(model: CardFile, device: str) -> CloudSegmenter:
    """Return the segmenter of clouds that a card describes, loaded.

    Raises:
        ModelNotAvailableError: the network's files are not here.
        NetworkFailedError: they cannot be loaded.
    """
    network, place, names = model.card.network, model.require(), model.card.class_names
    run: CloudNetwork
    if isinstance(network, PythonNetwork):
        run = load_python_network(place, network.object, device)
    else:
        assert isinstance(network, ExportedNetwork)  # checkpoints of Hugging Face segment images
        run = load_cloud_network(network, place, device)
    assert names is not None
    return ScoredCloudSegmenter(model.name, names, run)
