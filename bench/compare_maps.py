#!/usr/bin/env python3
"""Compares score maps with pytorch-grad-cam's and with the released CAM-Back-Again code, on one photograph.

  bench/compare_maps.py --photo bird.jpg [--cam-back-again DIR]

A torchvision ResNet-50 with random weights is saved, `camsweep localize` reads it and writes each method's map at the
layer's own size, scaled by its maximum; the library computes the same from its own hooks. With a clone of
snskysk/CAM-Back-Again, its CAM and its PC1 map are compared as well, from the same feature maps. Run it with a Python
that has torch, torchvision, grad-cam, scikit-learn and Pillow (bench/README.md). Exit code 1 if a map deviates."""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import types

import numpy
import PIL.Image
import pytorch_grad_cam
import sklearn.decomposition
import torch
import torchvision

SIDE = 224
CLASS = 17
TOLERANCE = 2e-4  # of the map's maximum: float32 gradients in another order of sums
# Our name: the library's class.
METHODS = {
    "gradcam": pytorch_grad_cam.GradCAM,
    "hirescam": pytorch_grad_cam.HiResCAM,
    "xgradcam": pytorch_grad_cam.XGradCAM,
    "gradcam_pp": pytorch_grad_cam.GradCAMPlusPlus,
    "layercam": pytorch_grad_cam.LayerCAM,
    "eigencam": pytorch_grad_cam.EigenCAM,
    "eigengradcam": pytorch_grad_cam.EigenGradCAM,
}
LAYERS = {"stage2": ("layer2", 28), "stage3": ("layer3", 14), "last": ("layer4", 7)}


def network():
    torch.manual_seed(0)
    model = torchvision.models.resnet50(weights=None).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.1, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    return model


def photograph(file, normalization):
    picture = PIL.Image.open(file).convert("RGB").resize((SIDE, SIDE), PIL.Image.BILINEAR)
    values = torch.from_numpy(numpy.asarray(picture).copy()).permute(2, 0, 1).float() / 255
    mean, std = (torch.tensor(normalization[key]).view(3, 1, 1) for key in ("mean", "std"))
    return ((values - mean) / std).unsqueeze(0)


def scaled(values):
    positive = numpy.maximum(values.astype(numpy.float64), 0)
    return positive / positive.max() if positive.max() > 0 else positive


def library_map(kind, model, layer, image):
    """Before the library's own scaling and resizing."""
    target = [pytorch_grad_cam.utils.model_targets.ClassifierOutputTarget(CLASS)]
    with kind(model=model, target_layers=[layer]) as cam:
        cam(input_tensor=image.clone().requires_grad_(True), targets=target)
        activations = cam.activations_and_grads.activations[-1].cpu().numpy()
        gradients = cam.activations_and_grads.gradients
        gradients = gradients[-1].cpu().numpy() if gradients else None
        return cam.get_cam_image(image, layer, target, activations, gradients, False)[0]


def run(arguments, weights, folder, layer, side, options=()):
    command = [arguments.camsweep, "localize", "--backbone", "resnet50", "--weights", weights, "--size", str(SIDE),
               "--class", str(CLASS), "--side", str(side), "--heatmap", "max", "--out", folder, "--layers", layer,
               "--gradcam-pp-eps", "library", "--json", *options, arguments.photo]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr.strip())


def report(name, layer, side, found):
    deviates = not found <= TOLERANCE  # NaN, too
    print(f"{name:<14} {layer:<9} {side:>3} x {side:<3} {found:.1e}{'  TOO LARGE' if deviates else ''}", flush=True)
    return int(deviates)


def compare_library(arguments, model, weights, image, folder):
    wrong = 0
    for layer, (module, side) in LAYERS.items():
        out = f"{folder}/{layer}"
        run(arguments, weights, out, layer, side, ["--method", ",".join(METHODS)])
        for name, kind in METHODS.items():
            ours = numpy.load(f"{out}/{name}-{CLASS}/{pathlib.Path(arguments.photo).name}.npy")
            raw = library_map(kind, model, getattr(model, module)[-1], image)
            candidates = [raw, -raw] if name.startswith("eigen") else [raw]  # a component's sign is arbitrary
            found = min(numpy.abs(ours - scaled(candidate)).max() for candidate in candidates)
            wrong += report(name, layer, side, found)
    return wrong


def compare_released_code(arguments, model, weights, image, folder):
    """CAM and PC1 of snskysk/CAM-Back-Again's own functions, from the network's last feature map."""
    sys.path.insert(0, arguments.cam_back_again)
    import utils
    trunk = torch.nn.Sequential(*list(model.children())[:-2])
    wrapped = types.SimpleNamespace(module=[trunk, types.SimpleNamespace(fc=model.fc)])
    out = f"{folder}/released"
    run(arguments, weights, out, "last", 7, ["--method", "cam,pc1"])
    wrong = 0
    for name in ("cam", "pc1"):
        with torch.no_grad():
            maps = utils.get_feature_maps("convnext", image, CLASS, wrapped)
        if name == "pc1":  # which fails on constant channels, and skips none
            maps = maps[:, (maps.amax((2, 3)) > maps.amin((2, 3)))[0]]
        theirs = utils.get_heatmap_from_features(name, maps, {"size": 7, "unit_n": maps.shape[1]}).astype(numpy.float64)
        if name == "pc1":
            theirs = (theirs - theirs.min()) / (theirs.max() - theirs.min())
        ours = numpy.load(f"{out}/{name}-{CLASS}/{pathlib.Path(arguments.photo).name}.npy")
        wrong += report(name, "released", 7, numpy.abs(ours - theirs).max())
    return wrong


def time_components():
    """scikit-learn's cost for 1024 maps of 12 x 12, beside which bench/maps prints ours. CPU time of one thread."""
    random = numpy.random.default_rng(0)
    rows = (random.random((1024, 6)) ** 2 @ random.random((6, 144)) + 0.3 * random.random((1024, 144))).astype("f4")
    for label, options in (("PCA(30)", {"n_components": 30}),
                           ("PCA(30), covariance_eigh", {"n_components": 30, "svd_solver": "covariance_eigh"})):
        times = []
        for _ in range(15):
            start = time.process_time()
            sklearn.decomposition.PCA(**options).fit(rows)
            times.append(1e3 * (time.process_time() - start))
        print(f"scikit-learn {label}: {min(times):.2f} / {sorted(times)[7]:.2f} ms (min / median of 15)")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photo", required=True, help="a JPEG or PNG file")
    parser.add_argument("--cam-back-again", help="a clone of snskysk/CAM-Back-Again")
    parser.add_argument("--camsweep", default="build/release/bin/camsweep")
    arguments = parser.parse_args()
    model = network()
    with tempfile.TemporaryDirectory() as folder:
        weights = f"{folder}/resnet50.pth"
        torch.save(model.state_dict(), weights)
        forward = subprocess.run([arguments.camsweep, "forward", "--backbone", "resnet50", "--size", str(SIDE), "--weights",
                                  weights, "--input", arguments.photo, "--json"], check=True, stdout=subprocess.PIPE)
        image = photograph(arguments.photo, json.loads(forward.stdout)["normalization"])
        wrong = compare_library(arguments, model, weights, image, folder)
        if arguments.cam_back_again:
            wrong += compare_released_code(arguments, model, weights, image, folder)
    time_components()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
