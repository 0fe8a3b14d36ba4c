"""Reads and writes NumPy .npy files without NumPy (format 1.0 to 3.0, NEP 1), so that the cases need Python alone."""

import array
import ast
import math
import struct
import sys
from dataclasses import dataclass

# NumPy type -> type code of the standard library's array module.
_CODES = {'f4': 'f', 'f8': 'd', 'i1': 'b', 'u1': 'B', 'b1': 'B', 'i2': 'h', 'u2': 'H', 'i4': 'i', 'u4': 'I', 'i8': 'q', 'u8': 'Q'}


@dataclass(frozen=True)
class Array:
    """shape (rows, ...) and the values as one flat array.array, row-major."""

    shape: tuple
    values: array.array

    @property
    def rows(self):
        return self.shape[0] if self.shape else 1

    @property
    def row_length(self):
        return len(self.values) // self.rows if self.rows else 0

    def first(self, rows):
        return Array((rows, *self.shape[1:]), self.values[:rows * self.row_length])


def read(path):
    """The array of a .npy file, little-endian and in C order."""
    with open(path, 'rb') as file:
        start = file.read(8)
        if start[:6] != b'\x93NUMPY':
            raise ValueError(f'{path}: not a .npy file')
        size, = struct.unpack('<H', file.read(2)) if start[6] == 1 else struct.unpack('<I', file.read(4))
        header = ast.literal_eval(file.read(size).decode('latin-1'))
        kind = header['descr'].lstrip('<|=')
        if kind not in _CODES or header['fortran_order']:
            raise ValueError(f"{path}: {header['descr']} in this order is not read here")
        values = array.array(_CODES[kind])
        values.frombytes(file.read())
    if sys.byteorder == 'big':
        values.byteswap()
    if len(values) != math.prod(header['shape']):
        raise ValueError(f"{path}: {len(values)} values for shape {header['shape']}")
    return Array(tuple(header['shape']), values)


def write(path, data):
    """Writes an Array as .npy, version 1.0."""
    kind = next(name for name, code in _CODES.items() if code == data.values.typecode)
    header = repr({'descr': ('|' if kind[1] == '1' else '<') + kind, 'fortran_order': False, 'shape': data.shape})
    header = header.ljust((10 + len(header) + 64) // 64 * 64 - 11) + '\n'
    with open(path, 'wb') as file:
        file.write(b'\x93NUMPY\x01\x00' + struct.pack('<H', len(header)) + header.encode('latin-1'))
        file.write(data.values.tobytes())


def fixed_point(values, largest_width=44):
    """(width, integer bits) of the narrowest signed fixed-point format that holds every value exactly, or None."""
    fraction = 0
    for value in values:
        if not math.isfinite(value):
            return None
        fraction = max(fraction, float(value).as_integer_ratio()[1].bit_length() - 1)
    high = max((math.floor(math.ldexp(value, fraction)) for value in values), default=0)
    low = min((math.floor(math.ldexp(value, fraction)) for value in values), default=0)
    width = 1 + max(max(high, 0).bit_length(), (~min(low, 0)).bit_length() if low < 0 else 0)
    return (width, width - fraction) if width <= largest_width else None
