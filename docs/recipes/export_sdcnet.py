"""Export DeepLabV3+ on WideResNet38 (Zhu et al., CVPR 2019) from its published checkpoint to ONNX.

    python export_sdcnet.py CHECKOUT cityscapes_best_wideresnet38.pth sdcnet_cityscapes.onnx

needs torch, onnx and a checkout of github.com/NVIDIA/semantic-segmentation, branch sdcnet (CC BY-NC-SA 4.0:
non-commercial). The exported network takes images of any size whose sides are multiples of 8.
"""

import sys
from types import ModuleType

import torch
from torch import nn

NUM_CLASSES = 19


def without_apex() -> None:
    """Stand in for apex, which the authors' code imports for training in mixed precision."""
    apex, amp = ModuleType("apex"), ModuleType("apex.amp")
    amp.float_function = lambda function: function
    apex.amp = amp
    sys.modules |= {"apex": apex, "apex.amp": amp}


def load(checkout: str, checkpoint: str) -> nn.Module:
    """Return the authors' network with its weights; a weight that is missing is an error."""
    without_apex()
    sys.path.insert(0, checkout)
    from config import cfg  # noqa: PLC0415 - the authors' modules

    cfg.MODEL.BNFUNC = nn.BatchNorm2d
    from network.deepv3 import DeepWV3Plus  # noqa: PLC0415

    network = DeepWV3Plus(NUM_CLASSES)
    # The authors' own file, which holds more than tensors.
    saved = torch.load(checkpoint, map_location="cpu", weights_only=False)
    weights = saved.get("state_dict", saved)
    network.load_state_dict({name.removeprefix("module."): value for name, value in weights.items()})
    return network.eval()


def main(checkout: str, checkpoint: str, output: str) -> None:
    """Write the network with rows and columns left free."""
    torch.onnx.export(
        load(checkout, checkpoint),
        (torch.zeros(1, 3, 64, 128),),
        output,
        input_names=["image"],
        output_names=["logits"],
        dynamic_axes={"image": {2: "height", 3: "width"}, "logits": {2: "height", 3: "width"}},
        opset_version=17,
        dynamo=False,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
