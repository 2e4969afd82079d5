"""Writes image_files.txt: small image files that camsweep must refuse, or read exactly as Pillow does.

    pip install 'pillow==12.2.*'
    python make_image_files.py

One file a line: name, its bytes in hexadecimal, and the RGB pixels that Pillow decodes, or "-" where camsweep refuses.
"""

import io
import pathlib
import struct
import zlib

from PIL import Image


def saved(image, form, **options):
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def sized(png, width, height):
    """The PNG with another size in its header, checksum repaired."""
    body = b"IHDR" + struct.pack(">II", width, height) + png[24:29]
    return png[:12] + body + struct.pack(">I", zlib.crc32(body)) + png[33:]


RGB = Image.frombytes("RGB", (4, 3), bytes((37 * i) % 256 for i in range(36)))
JPEG = saved(RGB.resize((64, 48)), "JPEG")
PNG = saved(RGB, "PNG")
FLIPPED = bytearray(PNG)
FLIPPED[PNG.index(b"IDAT") + 6] ^= 0xFF

READ = {
    "rgb.png": PNG,
    "grey.png": saved(RGB.convert("L"), "PNG"),
    "rgb.jpg": saved(RGB, "JPEG", quality=95, subsampling=0),
    "grey.jpg": saved(RGB.convert("L"), "JPEG"),
    "progressive.jpg": saved(RGB, "JPEG", progressive=True),
}
REFUSED = {
    "truncated.jpg": JPEG[: len(JPEG) * 2 // 3],
    "truncated.png": PNG[:-20],
    "flipped.png": bytes(FLIPPED),
    "cmyk.jpg": saved(RGB.convert("CMYK"), "JPEG"),
    "palette.png": saved(RGB.convert("P"), "PNG"),
    "alpha.png": saved(RGB.convert("RGBA"), "PNG"),
    "16bit.png": saved(Image.new("I;16", (4, 3), 40000), "PNG"),
    "huge.png": sized(PNG, 65500, 65500),
    "wider.png": sized(PNG, 65501, 1),
}


def pixels(data):
    return Image.open(io.BytesIO(data)).convert("RGB").tobytes().hex()


if __name__ == "__main__":
    lines = [f"{name} {data.hex()} {pixels(data)}\n" for name, data in READ.items()]
    lines += [f"{name} {data.hex()} -\n" for name, data in REFUSED.items()]
    (pathlib.Path(__file__).parent / "image_files.txt").write_text("".join(lines))
