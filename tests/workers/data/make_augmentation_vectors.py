"""Writes augmentation_vectors.txt and, given a wsol folder of photographs, photo_augmentation_vectors.txt: beginnings
of SHA-256 sums of what timm, torchvision and Pillow make of an image with given parameters.

    pip install 'pillow==12.2.*' timm==1.0.31 torchvision==0.26.0
    python make_augmentation_vectors.py [FOLDER]

Lines: image (kind width height, or a path), what is done, its parameters, the sum. RandAugment's operations are given
by level and sign, so that the table of their arguments is compared, too.
"""

import hashlib
import pathlib
import random
import sys
from unittest import mock

import PIL
import timm
from PIL import Image
from timm.data import auto_augment
from torchvision.transforms import functional

HERE = pathlib.Path(__file__).parent
FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
FILL = (124, 116, 104)
SIZES = [(96, 96), (53, 37), (1, 9), (2, 2), (224, 160)]
LEVELS = [0.0, 3.3, 7.4, 8.61, 9.0, 9.7, 10.0]

OPERATIONS = {
    "auto_contrast": "AutoContrast", "equalize": "Equalize", "invert": "Invert", "rotate": "Rotate",
    "posterize": "PosterizeIncreasing", "solarize": "SolarizeIncreasing", "solarize_add": "SolarizeAdd",
    "color": "ColorIncreasing", "contrast": "ContrastIncreasing", "brightness": "BrightnessIncreasing",
    "sharpness": "SharpnessIncreasing", "shear_x": "ShearX", "shear_y": "ShearY", "translate_x": "TranslateXRel",
    "translate_y": "TranslateYRel",
}  # fmt: skip
WITHOUT_LEVEL = {"auto_contrast", "equalize", "invert"}
ONE_SIGN = WITHOUT_LEVEL | {"posterize", "solarize", "solarize_add"}
GEOMETRIC = {"rotate", "shear_x", "shear_y", "translate_x", "translate_y"}


def picture(width, height):
    """The same formula as in resize_test.cc."""
    rows = bytes(
        (7 * x * x + 13 * y * y + 3 * x * y + 31 * x + 17 * y + 85 * c) % 256
        for y in range(height) for x in range(width) for c in range(3)
    )  # fmt: skip
    return Image.frombytes("RGB", (width, height), rows)


def dim_picture(width, height):
    """Values from 64 to 127 alone: something to stretch."""
    return picture(width, height).point(lambda v: 64 + v // 4)


def digest(image):
    return hashlib.sha256(image.tobytes()).hexdigest()[:16]


def operate(image, name, level, negative, resampling):
    key = OPERATIONS[name]
    to_arguments = auto_augment.LEVEL_TO_ARG[key]
    with mock.patch.object(random, "random", return_value=1.0 if negative else 0.0):
        arguments = to_arguments(level, {}) if to_arguments else ()
    return auto_augment.NAME_TO_OP[key](image, *arguments, fillcolor=FILL, resample=resampling)


def operation_lines(image, levels):
    for name in OPERATIONS:
        for level in levels if name not in WITHOUT_LEVEL else levels[:1]:
            for negative in (False, True) if name not in ONE_SIGN else (False,):
                for filter_name in FILTERS if name in GEOMETRIC else ("bicubic",):
                    made = operate(image, name, level, negative, FILTERS[filter_name])
                    yield ("distort", name, level, int(negative), filter_name, digest(made))


def other_lines(image):
    for factor in (0.6, 0.93, 1.0, 1.4):
        for name in ("brightness", "contrast", "saturation"):
            yield ("jitter", name, factor, digest(getattr(functional, "adjust_" + name)(image, factor)))
    for side in (32, 75, 224):
        for filter_name, resampling in FILTERS.items():
            short = int(side / 0.875)
            resized = functional.resize(image, short, interpolation=functional.InterpolationMode(filter_name))
            yield ("center", side, filter_name, digest(functional.center_crop(resized, side)))
    for x, y, width, height in ((0, 0, 1, 1), (0, 0, *image.size), (image.width // 3, image.height // 4,
                                max(1, image.width // 2), max(1, image.height // 2))):  # fmt: skip
        for flip in (0, 1):
            part = functional.resized_crop(image, y, x, height, width, [48, 48], functional.InterpolationMode.BICUBIC)
            part = functional.hflip(part) if flip else part
            yield ("crop", x, y, width, height, flip, digest(part))


def write(file, lines):
    text = "".join(" ".join(map(str, line)) + "\n" for line in lines)
    file.write_text(text)
    print(file.name, text.count("\n"), "lines")


def main():
    assert PIL.__version__.startswith("12."), PIL.__version__
    assert timm.__version__ == "1.0.31", timm.__version__
    lines = []
    for size in SIZES:
        for kind, make in (("bright", picture), ("dim", dim_picture)):
            image = make(*size)
            lines += [(kind, *size, *line) for line in operation_lines(image, LEVELS)]
            lines += [(kind, *size, *line) for line in other_lines(image)]
    write(HERE / "augmentation_vectors.txt", lines)
    if len(sys.argv) > 1:
        folder = pathlib.Path(sys.argv[1])
        lines = []
        for path in sorted((folder / "images").glob("*/*.jpg")):
            image = Image.open(path).convert("RGB")
            name = path.relative_to(folder / "images")
            lines += [(name, *line) for line in operation_lines(image, [8.61, 9.4])]
            lines += [(name, *line) for line in other_lines(image)]
        write(HERE / "photo_augmentation_vectors.txt", lines)


if __name__ == "__main__":
    main()
