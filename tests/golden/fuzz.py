"""Random networks of every form, quantized or (--float) not, through the built program, against executor.py.

    /usr/bin/python3 tests/golden/fuzz.py --edge build/edge [--float] [--count 200] [--seed N] [--keep DIR]

Each is compiled and verified (interpreter, ONNX Runtime, expected values). A refusal is allowed only where the numbers truly
do not fit; those are counted. Prints its seed; exit code 1 on any difference."""

import argparse
import collections
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

import executor
import numpy as np
import onnx
from graph import BREVITAS, FINN, QONNX, Graph

_TOO_LARGE = re.compile('no common unit that fits|no multiple of their step|too different to be compared|more than 63 bits|reproduces its \\d+ levels')
_MODES = ['ROUND', 'CEIL', 'FLOOR', 'UP', 'DOWN', 'HALF_UP', 'HALF_DOWN', 'ROUND_TO_ZERO', 'HALF_EVEN']


class Random:
    """One random network; every choice comes from the graph's generator."""

    def __init__(self, seed, real):
        random = np.random.default_rng(seed)
        self.real = real
        self.pick = lambda *values: values[random.integers(len(values))]
        self.chance = lambda p: random.random() < p
        self.shape = self.pick([1, int(random.integers(1, 9))], [1, 2, 3], [1, 1, 2, 2])
        self.g = Graph(self.shape, seed, opset=self.pick(11, 13, 13, 17))
        self.width = int(np.prod(self.shape[1:]))
        self.new_axes = self.g.opset >= 13

    def scale(self, around):
        return np.float32(self.pick(2.0 ** np.round(np.log2(around)), around * self.g.random.uniform(0.7, 1.4)))

    def scales(self, count, around):
        return np.array([self.scale(around) for _ in range(count)], dtype=np.float32)

    def model(self):
        g, x = self.g, 'x'
        if self.chance(0.3):
            x = self.arithmetic(x)
        if len(self.shape) > 2:
            if self.chance(0.5):
                x = g.node('Transpose', x, perm=[0, *self.g.random.permutation(np.arange(1, len(self.shape))).tolist()])
            quantized = self.chance(0.5)
            x = self.quantizer(x, 0.1) if quantized else x
            x = g.node('Flatten', x) if self.chance(0.5) else g.node('Reshape', x, [self.pick(0, 1, -1), self.width])
            x = x if quantized else self.quantizer(x, 0.1)
        elif self.chance(0.8):
            x = self.quantizer(x, 0.1)
        for _ in range(self.pick(1, 2, 2, 3)):
            x = self.layer(x)
        end = self.pick('', '', 'Softmax', '' if self.real else 'ArgMax', 'arithmetic', 'quantizer')
        if end == 'Softmax':
            x = g.node('Softmax', x, axis=self.pick(1, -1))
        elif end == 'ArgMax':
            x = g.node('ArgMax', x, axis=self.pick(1, -1), keepdims=self.pick(0, 1))
        elif end:
            x = self.arithmetic(x) if end == 'arithmetic' else self.quantizer(x, 0.2)
        if x == 'x':
            x = g.node('Identity', x)
        return g.model(x, output_type=7 if end == 'ArgMax' else 1), end

    def arithmetic(self, x):
        g = self.g
        constant = self.pick(np.float32(1.5), g.normal(1, self.width).round(2) + np.float32(0.005), g.normal(1))
        if len(self.shape) > 2 and constant.size > 1:
            constant = np.float32(0.75)
        match self.pick('2x-1', 'Add', 'Sub', 'Mul', 'Div', 'Neg', 'BN', 'Identity'):
            case '2x-1':
                return g.node('Sub', g.node('Mul', x, np.float32(2)), np.float32(1))
            case 'Add' | 'Mul' | 'Sub' as operator:
                return g.node(operator, *((x, constant) if self.chance(0.5) else (constant, x)))
            case 'Div':
                return g.node('Div', x, np.float32(self.pick(2, 3, 0.7)))
            case 'Neg':
                return g.node('Neg', x)
            case 'BN' if len(self.shape) == 2:
                return g.normalize(x, self.width, signs=self.chance(0.5))
        return g.node('Identity', x)

    def quantizer(self, x, around):
        g = self.g
        if self.real:
            return g.node('Identity', x)
        kind = self.pick('Quant', 'Quant', 'Quant', 'channel', 'Bipolar', 'bit', 'uint8', 'int8')
        if kind == 'Bipolar':
            return g.node('BipolarQuant', x, self.scale(0.5), domain=self.pick(QONNX, FINN, BREVITAS))
        if kind == 'bit':
            return g.quant(x, self.scale(0.5), 1, zero=self.pick(0, 0, 1), narrow=self.pick(0, 1))
        if kind in ('uint8', 'int8'):
            low, high, kind = (0, 255, np.uint8) if kind == 'uint8' else (-128, 127, np.int8)
            return g.qdq(x, self.scale(around / 2), kind(self.g.random.integers(low, high + 1)))
        signed = self.pick(0, 1)
        scale = self.scale(around)
        if kind == 'channel' and len(self.shape) == 2:
            scale = self.scales(self.width, around)[None, :]
        return g.quant(x, scale, self.pick(2, 3, 4, 5, 8), zero=self.pick(0, 0, 0, 1, -3), domain=self.pick(QONNX, FINN, BREVITAS), signed=signed,
                       narrow=self.pick(0, 1), rounding_mode=self.pick(*_MODES))

    def weights(self, *shape, channel):
        """Quantized weights; `channel` is the axis of the outputs."""
        g, kind = self.g, self.pick('Quant', 'Quant', 'channel', 'Bipolar', 'bit', 'int8', 'int8 channel')
        values = g.normal(*shape, scale=0.5)
        if self.chance(0.1):
            values[:, 0] = 0
        along = [-1 if axis == channel else 1 for axis in range(2)]
        if self.real:
            uneven = self.scales(shape[channel], 1).reshape(along) if self.chance(0.3) else np.float32(1)
            return g.constant(values * np.float32(self.pick(1, 1, 0.01, 20)) * uneven)
        count = shape[channel]
        if kind == 'Bipolar':
            return g.node('BipolarQuant', values, self.scale(0.3), domain=QONNX)
        if kind == 'bit':
            return g.quant(values, self.scale(0.3), 1)
        if kind.startswith('int8'):
            each = kind != 'int8'
            zero = np.int8(self.pick(0, 3)) if not each else g.integers(-3, 3, count)
            return g.dequantized(g.integers(-128, 127, *shape), self.scales(count, 0.01) if each else self.scale(0.01), zero, axis=channel)
        scale = self.scales(count, 0.2).reshape(along) if kind == 'channel' else self.scale(0.2)
        return g.quant(values, scale, self.pick(2, 3, 4, 6), zero=self.pick(0, 0, 1), narrow=self.pick(0, 1))

    def bias(self, count):
        values = self.g.normal(count, scale=0.5)
        return self.pick(values, values[None, :], values if self.real else self.g.quant(values, self.scale(0.05), 8, narrow=0))

    def layer(self, x):
        g, before, after = self.g, self.width, int(self.g.random.integers(1, 9))
        kind = self.pick('MatMul', 'Gemm', 'Gemm transB', 'left', 'Gemm left')
        if kind == 'MatMul':
            x = g.node('MatMul', x, self.weights(before, after, channel=1))
            x = g.node('Add', *((x, self.bias(after)) if self.chance(0.5) else (self.bias(after), x))) if self.chance(0.7) else x
        elif kind == 'left':
            x = g.node('Transpose', g.node('MatMul', self.weights(after, before, channel=0), g.node('Transpose', x, perm=[1, 0])))
        elif kind == 'Gemm left':
            x = g.node('Transpose', g.node('Gemm', self.weights(after, before, channel=0), x, transB=1, alpha=self.pick(1.0, 0.5)))
        else:
            transposed = kind == 'Gemm transB'
            weights = self.weights(*((after, before) if transposed else (before, after)), channel=0 if transposed else 1)
            more = [self.bias(after)] if self.chance(0.8) else []
            x = g.node('Gemm', x, weights, *more, transB=int(transposed), alpha=self.pick(1.0, 1.0, 0.75, -1.0), beta=self.pick(1.0, 1.0, 2.0))
        self.width, self.shape = after, [1, after]
        if self.chance(0.3):
            x = g.normalize(x, after, signs=self.chance(0.5))
        if self.chance(0.2):
            x = g.node('Squeeze', g.node('Unsqueeze', x, [1]), [1]) if self.new_axes else g.node('Squeeze', g.node('Unsqueeze', x, axes=[1]), axes=[1])
        x = self.pick(lambda: g.node('Relu', x), lambda: g.node('Clip', x, np.float32(self.pick(0, -1)), np.float32(self.pick(1, 6))), lambda: x)()
        if self.chance(0.2):
            x = self.arithmetic(x)
        if self.chance(0.85):
            x = self.quantizer(x, 0.2)
            if self.chance(0.15):
                x = g.node('Add', x, self.quantizer(x, 0.5))
        return x


def trial(seed, edge, folder, real):
    """(word, detail)"""
    model, end = Random(seed, real).model()
    path = os.path.join(folder, f'{seed}.onnx')
    onnx.save(model, path)
    random = np.random.default_rng(seed)
    shape = [dimension.dim_value for dimension in model.graph.input[0].type.tensor_type.shape.dim]
    rows = np.round(random.standard_normal([24, *shape[1:]]) * random.choice([8, 256, 1024])) / 1024 * random.choice([1, 4])
    if real:
        rows *= random.choice([1e-3, 1, 1, 100])
    else:
        rows[0], rows[1], rows[2] = 0, 1e4, -0.0
    outputs, keep = [], []
    for row in rows.astype(np.float32):
        values, margin = executor.run(model, row[None])
        last = values[model.graph.node[-1].input[0]].ravel()
        spread = np.sort(last)[::-1]
        clear = end != 'ArgMax' or spread.size == 1 or not 0 < spread[0] - spread[1] < 1e-9
        if margin > executor.DECISION_MARGIN and clear:
            keep.append(row)
            outputs.append(values['y'].ravel())
    if not keep:
        return 'near', ''
    np.save(f'{path}.x.npy', np.array(keep, dtype=np.float32))
    np.save(f'{path}.y.npy', np.array(outputs, dtype=np.float64))
    calibrate = ['--calibrate', f'{path}.x.npy'] if real else []
    run = subprocess.run([edge, 'verify', path, '--input', f'{path}.x.npy', '--expect', f'{path}.y.npy', '--on', 'reference,onnxruntime', *calibrate],
                         capture_output=True, text=True, timeout=300)
    said = ' '.join((run.stderr.splitlines() or [''])[-1].split())
    if run.returncode == 0:
        return 'passed', ''
    if run.returncode == 2 and _TOO_LARGE.search(said):
        return 'too large', said
    if run.returncode == 2 and '--calibrate' in said:
        return 'float', said
    return 'FAILED', f'exit code {run.returncode}: {said} {run.stdout}'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--edge', required=True)
    parser.add_argument('--float', action='store_true', help='networks without quantizers')
    parser.add_argument('--count', type=int, default=200)
    parser.add_argument('--seed', type=int, default=int.from_bytes(os.urandom(4), 'little'))
    parser.add_argument('--keep', help='leave the files here')
    options = parser.parse_args()
    print(f'seed {options.seed}')
    folder = options.keep or tempfile.mkdtemp(prefix='edge-fuzz-')
    os.makedirs(folder, exist_ok=True)
    counts = collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        seeds = range(options.seed, options.seed + options.count)
        for seed, (word, detail) in zip(seeds, pool.map(lambda seed: trial(seed, os.path.abspath(options.edge), folder, options.float), seeds)):
            counts[word] += 1
            if word in ('FAILED', 'too large'):
                print(f'{word}: seed {seed}: {detail}', flush=True)
    print(', '.join(f'{count} {word}' for word, count in sorted(counts.items())))
    return 1 if counts['FAILED'] else 0


if __name__ == '__main__':
    sys.exit(main())
