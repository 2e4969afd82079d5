"""Writes resize_vectors.txt and, given a wsol folder of photographs, photo_vectors.txt: SHA-256 sums of what Pillow makes.

    pip install 'pillow==12.2.*'
    python make_resize_vectors.py [FOLDER]

Pillow 13 resizes some portraits in another order of passes; camsweep follows 12.
"""

import hashlib
import pathlib
import sys

import PIL
from PIL import Image

HERE = pathlib.Path(__file__).parent
FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}

# Source size, then sizes of the result: up, down, one axis unchanged, extreme ratios, portraits and landscapes.
SIZES = [
    ((37, 53), [(24, 24), (37, 20), (96, 53), (37, 53), (150, 200), (1, 1), (10, 200)]),
    ((160, 120), [(96, 96), (224, 224), (40, 30)]),
    ((375, 500), [(256, 256), (224, 96)]),
    ((1, 64), [(7, 9)]),
    ((259, 2), [(31, 5)]),
]
# A crop of 160 x 120: x, y, width, height, then the result's size.
CROPS = [((11, 7, 97, 83), (64, 64)), ((0, 0, 64, 64), (64, 64)), ((100, 20, 60, 100), (96, 50))]


def pixel(x, y, c):
    """The same formula as in resize_test.cc: frequencies from slow to Nyquist, all 256 values."""
    return (7 * x * x + 13 * y * y + 3 * x * y + 31 * x + 17 * y + 85 * c) % 256


def picture(width, height):
    rows = bytes(pixel(x, y, c) for y in range(height) for x in range(width) for c in range(3))
    return Image.frombytes("RGB", (width, height), rows)


def digest(image):
    return hashlib.sha256(image.tobytes()).hexdigest()


def resize_lines():
    for name, resampling in FILTERS.items():
        for size, results in SIZES:
            for to in results:
                yield (*size, 0, 0, *size, name, *to, digest(picture(*size).resize(to, resampling)))
        for (x, y, width, height), to in CROPS:
            part = picture(160, 120).crop((x, y, x + width, y + height))
            yield (160, 120, x, y, width, height, name, *to, digest(part.resize(to, resampling)))


def photo_lines(folder):
    for path in sorted((folder / "images").glob("*/*.jpg")):
        image = Image.open(path).convert("RGB")
        small = image.resize((224, 224), FILTERS["bilinear"])
        smaller = image.resize((96, 96), FILTERS["bicubic"])
        yield (path.relative_to(folder / "images"), *image.size, digest(image), digest(small), digest(smaller))


def write(name, lines):
    (HERE / name).write_text("".join(" ".join(map(str, line)) + "\n" for line in lines))


if __name__ == "__main__":
    assert PIL.__version__.startswith("12.2."), PIL.__version__
    write("resize_vectors.txt", resize_lines())
    if len(sys.argv) > 1:
        write("photo_vectors.txt", photo_lines(pathlib.Path(sys.argv[1])))
