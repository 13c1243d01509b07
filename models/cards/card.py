"""A card: everything needed to run somebody's network, and what a user has to know about it."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from models.cards.tensors import CardPart, NetworkInput, NetworkOutput

FileName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
ClassName = Annotated[str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True)]
CommitId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]


class ExportedNetwork(CardPart):
    """A network in one file that needs no code of its authors.

    Attributes:
        format: `onnx` or `torchscript`. A TorchScript file holds code that runs when it is loaded: take it from people
            you trust only.
        file: its path, from the card's folder on.
        input: what it takes.
        output: what it gives.
    """

    format: Literal["onnx", "torchscript"]
    file: FileName
    input: NetworkInput
    output: NetworkOutput = NetworkOutput()


class HuggingFaceNetwork(CardPart):
    """A checkpoint of `transformers` for semantic segmentation: SegFormer, Mask2Former, OneFormer or EoMT.

    Attributes:
        format: `huggingface`.
        folder: folder that `save_pretrained` wrote, model and image processor, from the card's folder on.
        hub: repository of the hub that `semalign models pull` fetches into `folder`.
        revision: commit of that repository; a branch could change under us.
        resize: bring images to the size that the checkpoint's processor asks for. Without it they keep their own size
            and aspect, which all families but EoMT take.
    """

    format: Literal["huggingface"]
    folder: FileName
    hub: Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$")] | None = None
    revision: CommitId | None = None
    resize: bool = True


class PythonNetwork(CardPart):
    """A network run by a Python object of your own; see `models.backends.protocols`.

    Attributes:
        format: `python`.
        file: Python file that holds it, from the card's folder on. It is run: whoever may write it owns the worker.
        object: name of a class in it, called with the card's folder and the device; what it makes is called with an
            image or with points.
    """

    format: Literal["python"]
    file: FileName
    object: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*$")]


Network = Annotated[ExportedNetwork | HuggingFaceNetwork | PythonNetwork, Field(discriminator="format")]


class Card(CardPart):
    """How to run a network, and what to know about it.

    Attributes:
        segments: `image` or `cloud`.
        summary: what it is, in a line.
        network: where it lies and how to run it.
        classes: names of the network's outputs, from output 0 on, or by output; outputs without a name are ignored.
            Hugging Face checkpoints bring their own.
        source: where it comes from.
        licence: of its code and weights.
        terms: what the owners of the training data allow.
        non_commercial: whether either rules out commercial use; such networks are not fetched before somebody accepts.
        sensor: what recorded the training data.
        how_to_get: what to do where its files are missing.
    """

    segments: Literal["image", "cloud"]
    summary: str = ""
    network: Network
    classes: Annotated[tuple[ClassName, ...], Field(min_length=1)] | dict[int, ClassName] | None = None
    source: str = ""
    licence: str = "not stated"
    terms: str = ""
    non_commercial: bool = False
    sensor: str = ""
    how_to_get: str = ""

    @field_validator("classes")
    @classmethod
    def _ids_are_outputs(
        cls, classes: tuple[str, ...] | dict[int, str] | None
    ) -> tuple[str, ...] | dict[int, str] | None:
        if isinstance(classes, dict) and (not classes or min(classes) < 0 or max(classes) > 65535):
            raise ValueError("classes by output need at least one, with outputs from 0 to 65535")
        return classes

    @model_validator(mode="after")
    def _parts_belong_together(self) -> "Card":
        network = self.network
        if isinstance(network, HuggingFaceNetwork):
            if self.segments != "image":
                raise ValueError("checkpoints of Hugging Face segment images: write `segments: image`")
        elif self.classes is None:
            raise ValueError("classes are missing: list the class names in the order of the network's outputs")
        if isinstance(network, ExportedNetwork) and (network.input.kind == "image") != (self.segments == "image"):
            raise ValueError(f"a network that segments a {self.segments} does not take `kind: {network.input.kind}`")
        return self

    @property
    def class_names(self) -> Mapping[int, str] | None:
        """Name of each output that has one; None where the checkpoint brings them."""
        if self.classes is None:
            return None
        return dict(self.classes) if isinstance(self.classes, dict) else dict(enumerate(self.classes))
