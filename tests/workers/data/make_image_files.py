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

def raw_png(width, height, bits, colour, rows):
    """A PNG of a form that Pillow does not write."""
    chunk = lambda kind, body: struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    lines = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


def with_adobe_transform(jpeg, transform):
    """The JPEG with another colour transform in its Adobe marker: 2 makes CMYK YCCK."""
    end = jpeg.index(b"Adobe") + 11
    return jpeg[:end] + bytes([transform]) + jpeg[end + 1 :]


RGBA = RGB.copy()
RGBA.putalpha(Image.frombytes("L", (4, 3), bytes(range(0, 240, 20))))
CMYK = Image.frombytes("CMYK", (9, 7), bytes((53 * i + i * i) % 256 for i in range(252)))
TURNED = Image.Exif()
TURNED[0x0112] = 6

READ = {
    "rgb.png": PNG,
    "grey.png": saved(RGB.convert("L"), "PNG"),
    "rgb.jpg": saved(RGB, "JPEG", quality=95, subsampling=0),
    "grey.jpg": saved(RGB.convert("L"), "JPEG"),
    "progressive.jpg": saved(RGB, "JPEG", progressive=True),
    "cmyk.jpg": saved(CMYK, "JPEG", quality=95),
    "ycck.jpg": with_adobe_transform(saved(CMYK, "JPEG", quality=95), 2),
    "adobe_rgb.jpg": saved(RGB, "JPEG", quality=95, keep_rgb=True),
    "optimized_422.jpg": saved(RGB.resize((33, 17)), "JPEG", optimize=True, subsampling=1),
    "turned_by_exif.jpg": saved(RGB.resize((16, 8)), "JPEG", exif=TURNED),
    "palette.png": saved(RGB.convert("P", palette=Image.Palette.ADAPTIVE), "PNG"),
    "palette_4_bits.png": saved(RGB.quantize(7), "PNG", bits=4),
    "palette_transparent.png": saved(RGB.quantize(5), "PNG", transparency=2),
    "alpha.png": saved(RGB.convert("RGBA"), "PNG"),
    "alpha_varying.png": saved(RGBA, "PNG"),
    "grey_alpha.png": saved(RGBA.convert("LA"), "PNG"),
    "grey_transparent.png": saved(RGB.convert("L"), "PNG", transparency=100),
    "rgb_transparent.png": saved(RGB, "PNG", transparency=(0, 37, 74)),
    "black_and_white.png": saved(RGB.convert("1"), "PNG"),
    "grey_2_bits.png": raw_png(5, 3, 2, 0, [b"\x1b\x40", b"\xe4\x80", b"\x27\xc0"]),
    "grey_4_bits.png": raw_png(3, 2, 4, 0, [b"\x0f\x70", b"\x8a\x30"]),
    "16bit.png": saved(Image.frombytes("I;16", (4, 3), bytes(range(0, 240, 10))), "PNG"),
    "16bit_small.png": saved(Image.frombytes("I;16", (4, 1), bytes([9, 0, 255, 0, 0, 1, 200, 0])), "PNG"),
    "rgb_16bit.png": raw_png(2, 2, 16, 2, [bytes(range(1, 13)), bytes(range(240, 252))]),
    "rgba_16bit.png": raw_png(1, 2, 16, 6, [bytes(range(1, 9)), bytes(range(240, 248))]),
    "grey_alpha_16bit.png": raw_png(2, 1, 16, 4, [bytes(range(100, 108))]),
    "png_named.jpg": PNG,
    "jpeg_named.png": JPEG,
}
REFUSED = {
    "truncated.jpg": JPEG[: len(JPEG) * 2 // 3],
    "truncated.png": PNG[:-20],
    "flipped.png": bytes(FLIPPED),
    "huge.png": sized(PNG, 65500, 65500),
    "wider.png": sized(PNG, 65501, 1),
}


def pixels(data):
    return Image.open(io.BytesIO(data)).convert("RGB").tobytes().hex()


if __name__ == "__main__":
    lines = [f"{name} {data.hex()} {pixels(data)}\n" for name, data in READ.items()]
    lines += [f"{name} {data.hex()} -\n" for name, data in REFUSED.items()]
    (pathlib.Path(__file__).parent / "image_files.txt").write_text("".join(lines))
