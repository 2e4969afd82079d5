"""Builds every backbone of the catalog from its source: torchvision, timm, or a clone of its authors' repository in a
folder that the user names. Used by make_reference_numbers.py and by bench/compare_sources.py.

Needs torch, torchvision, timm and numpy. Clones are read, never changed: what they import and is not there any more, or
needs a GPU, is stood in for in memory."""
import contextlib
import importlib.util
import io
import math
import os
import sys
import types
import warnings

import numpy
import torch
import torch.nn as nn
import torchvision

# Repositories by the name of their folder.
REPOSITORIES = ["ConvNeXt", "RepLKNet-pytorch", "SLaK", "HorNet", "wsolevaluation", "CAM-Back-Again"]

warnings.filterwarnings("ignore")


class Missing(Exception):
    """The clone that a network comes from is not there."""


class Source:
    """One network as its source builds it.

    rename: a key of the source -> the key we use (identity where they agree)
    features: the module whose output is the last feature map, or a function of (network, hooks)
    """

    def __init__(self, network, features, rename=lambda key: key, logits=lambda out: out, classifier=None):
        self.network = network.eval()
        self.features = features
        self.rename = rename
        self.logits = logits
        self.classifier = classifier  # the linear layer on the pooled map; None: fully connected
        self._map = None

    def run(self, images):
        """(N, 3, S, S) -> feature map, logits."""
        def keep(_module, _inputs, output):
            self._map = output
        handle = self.features.register_forward_hook(keep)
        with torch.no_grad():
            logits = self.logits(self.network(images))
        handle.remove()
        return self._map.clone(), logits


def load_module(root, repository, path, name):
    folder = os.path.join(root, repository)
    if not os.path.isfile(os.path.join(folder, path)):
        raise Missing(f"{repository}/{path}")
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, os.path.join(folder, path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def quietly(build):
    with contextlib.redirect_stdout(io.StringIO()):
        return build()


# --- torchvision ---------------------------------------------------------------------------------------------------

def resnet(name, classes):
    base, _, form = name.partition("_wsol_")
    network = getattr(torchvision.models, base)(num_classes=classes)
    stages = {"": [], "14": [network.layer4], "28": [network.layer3, network.layer4]}[form]
    for stage in stages:
        for module in stage[0].modules():
            if isinstance(module, nn.Conv2d):
                module.stride = (1, 1)
    return Source(network, network.layer4, classifier=network.fc)


def densenet(name, classes):
    network = getattr(torchvision.models, name)(num_classes=classes)
    source = Source(network, network.features, classifier=network.classifier)
    run = source.run
    source.run = lambda images: (lambda m, l: (torch.relu(m), l))(*run(images))
    return source


def vgg(name, classes):
    network = getattr(torchvision.models, name)(num_classes=classes)
    return Source(network, network.features)


class CamTail(nn.Module):
    """A trunk, a 3x3 convolution, ReLU, average pooling, one linear layer."""

    def __init__(self, trunk, channels, groups, classes):
        super().__init__()
        for key, module in trunk.items():
            setattr(self, key, module)
        self.trunk = list(trunk)
        self.conv6 = nn.Conv2d(channels, 1024, 3, padding=1, groups=groups)
        self.relu6 = nn.ReLU()
        self.fc = nn.Linear(1024, classes)

    def forward(self, x):
        for key in self.trunk:
            x = getattr(self, key)(x)
        return self.fc(self.relu6(self.conv6(x)).mean((2, 3)))


def alexnet(name, classes):
    network = torchvision.models.alexnet(num_classes=classes)
    if name == "alexnet":
        return Source(network, network.features)
    cut = CamTail({"features": network.features[:-1]}, 256, 1, classes)
    return Source(cut, cut.relu6, classifier=cut.fc)


def googlenet(name, classes):
    network = torchvision.models.googlenet(num_classes=classes, aux_logits=name.endswith("_aux"), init_weights=False)
    if name in ("googlenet", "googlenet_aux"):
        return Source(network, network.inception5b, classifier=network.fc)
    layers = ["conv1", "maxpool1", "conv2", "conv3", "maxpool2", "inception3a", "inception3b", "maxpool3",
              "inception4a", "inception4b", "inception4c", "inception4d", "inception4e"]
    cut = CamTail({key: getattr(network, key) for key in layers}, 832, 2 if name.endswith("_cam") else 1, classes)
    return Source(cut, cut.relu6, classifier=cut.fc)


def inception(name, classes):
    network = torchvision.models.inception_v3(num_classes=classes, aux_logits=name.endswith("_aux"), init_weights=False)
    return Source(network, network.Mixed_7c, classifier=network.fc)


# --- wsolevaluation ------------------------------------------------------------------------------------------------

def wsolevaluation(root):
    folder = os.path.join(root, "wsolevaluation")
    if not os.path.isdir(os.path.join(folder, "wsol")):
        raise Missing("wsolevaluation/wsol")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    import wsol.inception, wsol.resnet, wsol.vgg
    return wsol


def wsol_resnet50(name, classes, root):
    module = wsolevaluation(root).resnet
    network = module.ResNetCam(module.Bottleneck, [3, 4, 6, 3], num_classes=classes,
                               large_feature_map=name.endswith("28"))
    return Source(network, network.layer4, logits=lambda out: out["logits"], classifier=network.fc)


def wsol_vgg(name, classes, root):
    module = wsolevaluation(root).vgg
    config = module.configs_dict["cam"]["28x28" if name.endswith("28") else "14x14"]
    network = module.VggCam(module.make_layers(config), num_classes=classes)
    if "_cam" in name:  # the CAM paper's: two groups
        network.conv6 = nn.Conv2d(512, 1024, kernel_size=3, padding=1, groups=2)
    return Source(network, network.relu, logits=lambda out: out["logits"], classifier=network.fc)


def wsol_inception(name, classes, root):
    network = wsolevaluation(root).inception.InceptionCam(num_classes=classes, large_feature_map=name.endswith("28"))
    return Source(network, network.SPG_A3_2b, logits=lambda out: out["logits"], classifier=network.SPG_A4)


# --- ConvNeXt and what is built on it ------------------------------------------------------------------------------

def timm_name(key):
    """timm's names of a ConvNeXt in those of the official implementation."""
    parts = key.split(".")
    if parts[0] == "stem":
        return ".".join(["downsample_layers", "0"] + parts[1:])
    if parts[0] == "stages" and parts[2] == "downsample":
        return ".".join(["downsample_layers", parts[1]] + parts[3:])
    for theirs, ours in [("stages.", "stages."), (".blocks.", "."), ("conv_dw", "dwconv"), ("mlp.fc1", "pwconv1"),
                         ("mlp.fc2", "pwconv2"), ("head.norm.", "norm."), ("norm_pre.", "norm."), ("head.fc.", "head.")]:
        key = key.replace(theirs, ours)
    return key


def timm_convnext(name, classes):
    import timm
    network = timm.create_model(name, num_classes=classes)
    hnf = name.endswith("_hnf")
    return Source(network, network.norm_pre if hnf else network.stages, rename=timm_name, classifier=network.head.fc)


def convnext(name, classes, root):
    module = load_module(root, "ConvNeXt", "models/convnext.py", "official_convnext")
    network = getattr(module, name)(num_classes=classes)
    return Source(network, network.stages[3], classifier=network.head)


def replknet(name, classes, root):
    module = load_module(root, "RepLKNet-pytorch", "replknet.py", "official_replknet")
    build = {"replknet_31b": "create_RepLKNet31B", "replknet_31l": "create_RepLKNet31L",
             "replknet_xl": "create_RepLKNetXL"}[name]
    network = quietly(lambda: getattr(module, build)(num_classes=classes, use_checkpoint=False))
    return Source(network, network.stages[3], classifier=network.head)


def slak(name, classes, root):
    """The extension's convolution pads by k // 2 on both axes itself."""
    def large(channels, kernel, bias=False):
        kernel = (kernel, kernel) if isinstance(kernel, int) else kernel
        padding = (kernel[0] // 2, kernel[1] // 2)
        return nn.Conv2d(channels, channels, kernel, padding=padding, groups=channels, bias=bias)
    stand_in = types.ModuleType("depthwise_conv2d_implicit_gemm")
    stand_in.DepthWiseConv2dImplicitGEMM = large
    sys.modules["depthwise_conv2d_implicit_gemm"] = stand_in
    module = load_module(root, "SLaK", "models/SLaK.py", "official_slak")
    module.use_sync_bn = False
    size, largest = name.removeprefix("slak_").split("_")
    kernels = {"51": [51, 49, 47, 13, 5], "31": [31, 29, 27, 13, 5], "61": [61, 59, 57, 13, 5]}[largest]
    network = quietly(lambda: getattr(module, "SLaK_" + size)(num_classes=classes, kernel_size=kernels,
                                                              width_factor=1.3, Decom=True))
    return Source(network, network.stages[3], classifier=network.head)


def hornet(name, classes, root):
    module = load_module(root, "HorNet", "hornet.py", "official_hornet")
    network = quietly(lambda: getattr(module, name)(num_classes=classes))
    last_block = network.stages[3][-1]  # the source calls the blocks, never the stage
    return Source(network, last_block, classifier=network.head)


# --- CAM Back Again ------------------------------------------------------------------------------------------------

# Its networks by the catalog's names; their feature maps are 12 x 12, so their images have 384 px.
CAM_BACK_AGAIN = ["convnext_base", "replknet_31b"]
CAM_BACK_AGAIN_SIDE = 384


def cam_back_again(name, root, classes=200):
    if name == "replknet_31b":
        module = load_module(root, "CAM-Back-Again", "replknet_func.py", "cam_back_again_replknet")
        network = quietly(lambda: module.create_RepLKNet31B(num_classes=classes, use_checkpoint=False))
        return Source(network, network.stages[3], classifier=network.head)
    from timm.models.convnext import convnext_base  # its registry may hold the official one by now
    module = load_module(root, "CAM-Back-Again", "convnext_func.py", "cam_back_again_convnext")
    body = nn.Sequential(*list(convnext_base().children())[:-2])
    network = nn.Sequential(body, module.Net2Head(classes, 1024, 12))
    logits = []  # before the softmax that its head ends with
    network[1].fc.register_forward_hook(lambda _module, _inputs, output: logits.append(output))
    return Source(network, body, logits=lambda _: logits[-1], classifier=network[1].fc)


def build(name, root, classes=1000):
    """The source of a catalog name. Raises Missing, or KeyError for a name without a source (ours)."""
    if name in ("resnet50_wsol_14", "resnet50_wsol_28"):
        return wsol_resnet50(name, classes, root)
    if name.startswith("inception_v3_wsol"):
        return wsol_inception(name, classes, root)
    if name.startswith(("vgg16_gap", "vgg16_cam")):
        return wsol_vgg(name, classes, root)
    if name in ("convnext_atto", "convnext_femto", "convnext_pico", "convnext_nano", "convnext_tiny_hnf"):
        return timm_convnext(name, classes)
    for prefix, source in [("resnet", resnet), ("densenet", densenet), ("vgg", vgg), ("alexnet", alexnet),
                           ("googlenet", googlenet), ("inception", inception)]:
        if name.startswith(prefix):
            return source(name, classes)
    for prefix, source in [("convnext", convnext), ("slak", slak), ("hornet", hornet)]:
        if name.startswith(prefix):
            return source(name, classes, root)
    if name in ("replknet_31b", "replknet_31l", "replknet_xl"):
        return replknet(name, classes, root)
    raise KeyError(name)


# --- the fixture of exactly reproducible weights -------------------------------------------------------------------

def fixture_values(name, shape):
    """2u - 1 and u of every element, float32: a hash of the tensor's name and the element's number."""
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = ((state ^ byte) * 0x100000001B3) % 2**64
    size = int(numpy.prod(shape, dtype=numpy.int64))
    with numpy.errstate(over="ignore"):
        z = numpy.uint64(state) + numpy.arange(1, size + 1, dtype=numpy.uint64) * numpy.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        z = z ^ (z >> numpy.uint64(31))
    u = (z >> numpy.uint64(40)).astype(numpy.float32) * numpy.float32(2**-24)
    return (numpy.float32(2) * u - numpy.float32(1)).reshape(shape), u.reshape(shape)


def fixture_tensor(name, tensor):
    shape = tuple(tensor.shape)
    if name.endswith("num_batches_tracked"):
        return torch.zeros_like(tensor)
    v, u = fixture_values(name, shape)
    last = name.rsplit(".", 1)[-1]
    if name.endswith("running_var"):
        values = numpy.float32(0.5) + u
    elif len(shape) >= 2:
        values = v * numpy.float32(math.sqrt(3 / numpy.prod(shape[1:], dtype=numpy.float64)))
    elif name.endswith(("running_mean", "bias")):
        values = numpy.float32(0.1) * v
    else:
        values = numpy.float32(0.3 if "gamma" in last else 0.7) + numpy.float32(0.1) * v
    return torch.from_numpy(numpy.ascontiguousarray(values, dtype=numpy.float32))


def fill_fixture(source):
    """Under our keys, so that both sides draw the same values."""
    state = source.network.state_dict()
    source.network.load_state_dict({key: fixture_tensor(source.rename(key), value) for key, value in state.items()})


def fixture_input(side, batch=1):
    return torch.from_numpy(fixture_values("input", (batch, 3, side, side))[0].copy())
