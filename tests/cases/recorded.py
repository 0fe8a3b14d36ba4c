"""A recorded image that Edge reads (.ser), beside the same image as .npy and about.json: `edge inspect` must see the same
numbers in both, and write the image as a picture."""

import json
import math
import os
import struct

import arrays
from outcome import require

NAME = 'image'


def cases(folder, files, below):
    series = [file for file in files if file.endswith('.ser')]
    if not series or 'image.npy' not in files:
        return []
    return [(os.path.join(folder, file), lambda edge, file=file: _run(edge, folder, file)) for file in series]


def _run(edge, folder, file):
    image = arrays.read(os.path.join(folder, 'image.npy'))
    height, width = image.shape[-2:]
    picture = os.path.join(edge.folder(), 'picture.png')
    seen = edge.run(['inspect', os.path.join(folder, file), '--png', picture, '--json'], seconds=30, megabytes=1000).json()
    require((seen['width'], seen['height']) == (width, height), f"{seen['width']} x {seen['height']} pixels instead of {width} x {height}")
    _compare(seen['statistics'], image)
    with open(picture, 'rb') as png:
        start = png.read(24)
    require(start[:8] == b'\x89PNG\r\n\x1a\n' and struct.unpack('>II', start[16:]) == (width, height), 'the picture is no PNG of that size')
    pixel = _calibration(os.path.join(folder, 'about.json'), seen)
    _compare(edge.run(['inspect', os.path.join(folder, 'image.npy'), '--json'], seconds=30, megabytes=1000).json()['statistics'], image)
    return f'{width} x {height} {seen["element_type"]}: minimum, maximum, sum and mean as in image.npy{pixel}, picture written'


def _compare(statistics, image):
    exact = {'minimum': min(image.values), 'maximum': max(image.values), 'sum': math.fsum(image.values)}
    for name, value in exact.items():
        require(statistics[name] == value, f'{name} {statistics[name]} instead of {value}')
    mean = exact['sum'] / len(image.values)
    require(math.isclose(statistics['mean'], mean, rel_tol=1e-12), f"mean {statistics['mean']} instead of {mean}")


def _calibration(about, seen):
    header = {}
    if os.path.exists(about):
        with open(about, encoding='utf-8') as text:
            header = json.load(text).get('header', {})
    known = False
    for axis in 'xy':
        for field in ('offset', 'delta'):
            expected = header.get(f'cal_{axis}_{field}_m')
            if expected is not None:
                known = True
                found = seen[f'calibration_{axis}'][field]
                require(found == expected, f'{field} of {axis} is {found} m instead of {expected} m')
    return ', calibration as in about.json' if known else ''
