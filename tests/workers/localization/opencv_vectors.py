#!/usr/bin/env python3
"""Writes opencv_vectors.txt: the contours OpenCV finds in small maps, one map a block.

Needs numpy and opencv-python-headless (made with 4.6.0). Lines: `map H W T` and H rows of levels; then `single x y w h`
(largest contourArea, first of ties) and one `box x y w h` per contour of the foreground {level > T}.
"""
import sys

import cv2
import numpy as np


def maps(count):
    random = np.random.default_rng(20240312)
    for i in range(count):
        height, width = random.integers(3, 22, 2)
        kind = i % 6
        if kind == 0:
            levels = random.integers(0, 256, (height, width))
        elif kind == 1:
            levels = random.integers(0, 4, (height, width)) * 80
        elif kind == 2:
            levels = (random.random((height, width)) < 0.6) * 255
        elif kind == 3:
            coarse = random.random((4, 4))
            fine = cv2.resize(coarse, (int(width), int(height)), interpolation=cv2.INTER_CUBIC)
            levels = (255 * (fine - fine.min()) / (fine.max() - fine.min())).astype(int)
        elif kind == 4:
            levels = (random.random((height, width)) < 0.82) * 200 + (random.random((height, width)) < 0.3) * 40
        else:
            levels = np.full((height, width), random.integers(0, 256))
        yield levels.astype(np.uint8), int(random.integers(0, max(1, int(levels.max()) + 1)))


def find(levels, threshold):
    mask = (levels > threshold).astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
    single = cv2.boundingRect(max(contours, key=cv2.contourArea)) if contours else None
    return single, [cv2.boundingRect(contour) for contour in contours]


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 240
    for levels, threshold in maps(count):
        single, boxes = find(levels, threshold)
        print("map", *levels.shape, threshold)
        for row in levels:
            print(*row)
        if single:
            print("single", *single)
        for box in boxes:
            print("box", *box)


if __name__ == "__main__":
    main()
