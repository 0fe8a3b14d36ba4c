"""A folder of integer vectors beside one or more .onnx files of the same network, whatever their dialect:

    x_int_s16f10.npy    inputs, signed 16 bit with 10 fraction bits (any width and fraction)
    x_f32.npy           the same as float32
    y_NAME_int_f11.npy  expected outputs before a softmax, in units of 2^-11

`edge predict --integers` must give exactly these, on every file."""

import json
import math
import os
import re

import arrays
import model
from outcome import require

NAME = 'vectors'

_INPUT = re.compile(r'x_int_s(\d+)f(\d+)\.npy')
_EXPECTED = re.compile(r'y_[a-z]+_int_f(\d+)\.npy')


def cases(folder, files, below):
    inputs = [file for file in files if _INPUT.fullmatch(file)]
    expected = [file for file in files if _EXPECTED.fullmatch(file)]
    if len(inputs) != 1 or len(expected) != 1:
        return []
    models = [file for file in files if file.endswith('.onnx')]
    return [(os.path.join(folder, file), lambda edge, file=file, first=file == models[0]: _run(edge, folder, file, inputs[0], expected[0], first))
            for file in models]


def _run(edge, folder, file, inputs, expected, first):
    path = os.path.join(folder, file)
    width, fraction = map(int, _INPUT.fullmatch(inputs).groups())
    options = ['--input-format', f'fixed<{width},{width - fraction}>']
    integers = arrays.read(os.path.join(folder, inputs))
    work = edge.folder()
    real = os.path.join(work, 'inputs.npy')
    arrays.write(real, arrays.Array(integers.shape, arrays.array.array('d', (math.ldexp(value, -fraction) for value in integers.values))))
    if os.path.exists(os.path.join(folder, 'x_f32.npy')):
        given = arrays.read(os.path.join(folder, 'x_f32.npy'))
        require(list(given.values) == list(arrays.read(real).values), f'x_f32.npy is not {inputs} in units of 2^-{fraction}')

    report = model.compile_model(edge, path, options, os.path.join(work, 'compiled'))
    scales, offsets = model.decoding(report)
    require(all(offset == 0 for offset in offsets), f'the output has offsets {offsets}')
    unit = int(_EXPECTED.fullmatch(expected).group(1))
    wanted = arrays.read(os.path.join(folder, expected))
    backends = ['reference', 'onnxruntime']
    if first and model.can_simulate(report, 'verilator'):
        backends.append('verilator')
    for backend in backends:
        output = os.path.join(work, f'{backend}.npy')
        edge.run(['predict', path, '--input', real, '--output', output, '--integers', '--on', backend, *options], seconds=300, megabytes=4000)
        found = arrays.read(output)
        require(found.values.typecode == 'q', f'--integers wrote {found.values.typecode}, not int64')
        require(found.rows == wanted.rows and len(found.values) == len(wanted.values), f'{found.shape} results instead of {wanted.shape}')
        length = found.row_length
        different = {k // length for k, (mine, other) in enumerate(zip(found.values, wanted.values))
                     if mine * scales[k % length % len(scales)] != math.ldexp(other, -unit)}
        require(not different, f'{backend}: {len(different)} of {found.rows} rows differ, the first is row {min(different, default=0)}')
    return f"{wanted.rows} rows, 0 mismatches on {', '.join(backends)}; {expected}"
