"""Makes the vectors that the tests of workers/data compare with, by Pillow 12.2 (`pip install pillow==12.2.*`):

    python tests/workers/data/make_resize_vectors.py [PHOTOS]

writes tests/golden/resize.txt, the image files of tests/workers/data/images/ with their expected pixels, and, given the
folder of five photographs, tests/golden/resize_photos.txt.
"""

import hashlib
import io
import pathlib
import struct
import sys
import zlib

import PIL
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests" / "golden"
IMAGES = pathlib.Path(__file__).resolve().parent / "images"
FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
MASK = 0xFFFFFFFF


def sha256(image):
    return hashlib.sha256(image.tobytes()).hexdigest()


def noise(width, height):
    """The image that resize_test.cc makes by the same formula."""
    pixels = bytearray()
    for y in range(height):
        for x in range(width):
            for c in range(3):
                v = (x * 73856093 ^ y * 19349663 ^ (c + 1) * 83492791) & MASK
                v = ((v ^ v >> 15) * 0x2C1B3C6D) & MASK
                v = ((v ^ v >> 12) * 0x297A2D39) & MASK
                pixels.append((v ^ v >> 15) & 255)
    return Image.frombytes("RGB", (width, height), bytes(pixels))


# width, height, crop (x, y, width, height), to width, to height
CASES = [
    (64, 48, (0, 0, 64, 48), 32, 24),
    (64, 48, (0, 0, 64, 48), 96, 96),
    (64, 48, (0, 0, 64, 48), 64, 20),
    (64, 48, (0, 0, 64, 48), 17, 48),
    (64, 48, (0, 0, 64, 48), 64, 48),
    (37, 111, (0, 0, 37, 111), 24, 24),
    (75, 100, (0, 0, 75, 100), 51, 51),
    (259, 3, (0, 0, 259, 3), 7, 50),
    (1, 1, (0, 0, 1, 1), 5, 9),
    (1, 40, (0, 0, 1, 40), 3, 6),
    (50, 33, (0, 0, 50, 33), 1, 1),
    (120, 90, (13, 7, 60, 55), 48, 48),
    (120, 90, (0, 35, 119, 1), 48, 16),
    (120, 90, (100, 70, 20, 20), 96, 96),
    (200, 160, (3, 5, 187, 151), 96, 96),
    (333, 217, (0, 0, 333, 217), 224, 224),
]


def write_resize_vectors():
    lines = ["# image: width height; crop: x y width height; result: width height; filter; SHA-256 of the RGB bytes"]
    for width, height, (x, y, w, h), to_width, to_height in CASES:
        crop = noise(width, height).crop((x, y, x + w, y + h))
        for name, how in FILTERS.items():
            digest = sha256(crop.resize((to_width, to_height), how))
            lines.append(f"{width} {height} {x} {y} {w} {h} {to_width} {to_height} {name} {digest}")
    (GOLDEN / "resize.txt").write_text("\n".join(lines) + "\n")


def write_photo_vectors(folder):
    lines = ["# photograph; side; filter (none: as decoded); SHA-256 of the RGB bytes"]
    for file in sorted(pathlib.Path(folder).rglob("*.jpg")):
        image = Image.open(file).convert("RGB")
        lines.append(f"{file.name} 0 none {sha256(image)}")
        for side in (96, 224, 384):
            for name, how in FILTERS.items():
                lines.append(f"{file.name} {side} {name} {sha256(image.resize((side, side), how))}")
    (GOLDEN / "resize_photos.txt").write_text("\n".join(lines) + "\n")


def encoded(image, form, **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def png_with_gamma(image):
    """A gAMA chunk of 1.0 after the header: Pillow and this project leave the pixels as stored."""
    data = encoded(image, "PNG")
    chunk = b"gAMA" + struct.pack(">I", 100000)
    return data[:33] + struct.pack(">I", 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[33:]


def write_images():
    smooth = noise(9, 7).resize((40, 30), Image.Resampling.BICUBIC)
    alpha = smooth.copy()
    alpha.putalpha(noise(40, 30).getchannel(0))
    keyed = smooth.quantize(8)
    keyed.info["transparency"] = 3
    grey_alpha = alpha.convert("LA")
    files = {
        "baseline.jpg": encoded(smooth, "JPEG", quality=85),
        "full_chroma.jpg": encoded(smooth, "JPEG", quality=95, subsampling=0),
        "progressive.jpg": encoded(smooth, "JPEG", quality=85, progressive=True),
        "grey.jpg": encoded(smooth.convert("L"), "JPEG", quality=85),
        "cmyk.jpg": encoded(smooth.convert("CMYK"), "JPEG", quality=85),
        "rgb.png": encoded(smooth, "PNG"),
        "gamma.png": png_with_gamma(smooth),
        "grey.png": encoded(smooth.convert("L"), "PNG"),
        "bilevel.png": encoded(smooth.convert("1"), "PNG"),
        "palette.png": encoded(smooth.quantize(8), "PNG"),
        "palette_key.png": encoded(keyed, "PNG", transparency=3),
        "alpha.png": encoded(alpha, "PNG"),
        "grey_alpha.png": encoded(grey_alpha, "PNG"),
        "grey_16.png": encoded(Image.new("I;16", (5, 4), 40000), "PNG"),
    }
    lines = ["# file; mode; SHA-256 of what Pillow decodes in that mode"]
    for name, data in files.items():
        (IMAGES / name).write_bytes(data)
        mode = "RGBA" if name in ("palette_key.png", "alpha.png", "grey_alpha.png") else "RGB"
        lines.append(f"{name} {mode} {sha256(Image.open(io.BytesIO(data)).convert(mode))}")
    (IMAGES / "expected.txt").write_text("\n".join(lines) + "\n")


def main():
    assert PIL.__version__.startswith("12.2."), PIL.__version__
    GOLDEN.mkdir(exist_ok=True)
    IMAGES.mkdir(exist_ok=True)
    write_resize_vectors()
    write_images()
    if len(sys.argv) > 1:
        write_photo_vectors(sys.argv[1])


main()
