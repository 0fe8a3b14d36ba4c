"""A model folder: one .onnx, inputs.npy, outputs*.npy and about.json. The network is compiled, every backend must compute
the same integers, and those must be the expected values.

Expected are, in this order of trust, outputs_f64.npy (float64 arithmetic) and outputs.npy (float32); where the model ends in
a softmax also outputs_before_softmax_f64.npy or outputs_before_softmax.npy. A quantized network must meet every row exactly:
the expected value lies nearer to our integer than half a step. A float network is quantized after training with its ordinary
inputs, and must meet those within 2^-8 of full scale; the extreme ones are compared between backends only."""

import array
import json
import os
import re
import shutil

import arrays
from outcome import Failed, Skipped, require

NAME = 'model'

ORDINARY = 256            # rows, where about.json does not say
FLOAT_TOLERANCE = 2 ** -8
SOFTMAX_TOLERANCE = 4e-6  # probabilities, for somebody else's float32 softmax
SIMULATED_ADDERS = 5000   # networks up to this size are also simulated
ICARUS_ROWS = 12
MEGABYTES = 4000
FULL_SIZE_MEGABYTES = 12000  # for all elements of an image at once, as ONNX Runtime takes it
FULL_SIZE_STEPS = 64      # in which the integer inputs of full_size/ count

# What this version must read; refusing one of these as unknown is a failure, never a skip.
_OURS = {'Gemm', 'MatMul', 'Add', 'Sub', 'Mul', 'Div', 'BatchNormalization', 'Relu', 'Clip', 'Quant', 'BipolarQuant', 'QuantizeLinear',
         'DequantizeLinear', 'Flatten', 'Reshape', 'Transpose', 'Squeeze', 'Unsqueeze', 'Identity', 'Dropout', 'Constant', 'Softmax', 'ArgMax'}
_UNKNOWN = re.compile(r'\d+ node\(s\) use operators that are not supported: (.*)\. Supported are ')

_TOO_LARGE = re.compile(r'unrolled, it would need about \d+ adders; at most \d+ are allowed')


def cases(folder, files, below):
    models = [file for file in files if file.endswith('.onnx')]
    if not models or 'inputs.npy' not in files or not any(re.fullmatch(r'outputs.*\.npy', file) for file in files):
        return []
    return [(folder, lambda edge: _run(edge, folder, models))]


def compile_model(edge, path, options, target):
    """report.json of `edge compile`; Skipped where the model has operators of later issues, NeedsCalibration for a float model."""
    answer = edge.run(['compile', path, '-o', target, '--json', *options], seconds=120, megabytes=MEGABYTES, allowed=(0, 2))
    if answer.code == 2:
        require(not os.path.exists(target), f'refused, but left {os.path.basename(target)}')
        unknown = _UNKNOWN.search(answer.message)
        if unknown:
            names = sorted({node.split()[0] for node in unknown[1].split(', ')})
            require(not _OURS.intersection(names), f'refuses what it must read: {answer.message}')
            raise Skipped(f"operators of later issues: {', '.join(names)}")
        if '--calibrate' in answer.message:
            raise NeedsCalibration(answer.message)
        if _TOO_LARGE.search(answer.message):
            raise TooLarge(answer.message)
        raise Failed(f'refused: {answer.message}')
    left = sorted(os.listdir(target))
    require(left == ['network.onnx', 'report.json', 'rtl'] and os.listdir(os.path.join(target, 'rtl')), f'compile left {left}')
    with open(os.path.join(target, 'report.json'), encoding='utf-8') as text:
        return json.load(text)


class NeedsCalibration(Failed):
    """The model has float weights; the message asks for --calibrate."""


class TooLarge(Failed):
    """The network cannot be unrolled; its integers can be computed all the same."""


def decoding(report):
    """(scales, offsets) of the output, one or one per element."""
    def number(text):
        return 2.0 ** int(text[2:]) if text.startswith('2^') else float(text)
    return [number(text) for text in report['output']['scale']], [number(text) for text in report['output']['offset']]


def can_simulate(report, backend):
    tools = {'verilator': ['verilator', 'g++', 'make'], 'icarus': ['iverilog']}[backend]
    return report['hardware']['adders'] <= SIMULATED_ADDERS and all(shutil.which(tool) for tool in tools)


def _run(edge, folder, models):
    about = _about(folder)
    name = about.get('model') or models[0]
    require(name in models and ('model' in about or len(models) == 1), f'which of {models} is the model?')
    case = _Case(edge, folder, os.path.join(folder, name), about)
    return case.check()


def _about(folder):
    path = os.path.join(folder, 'about.json')
    if not os.path.exists(path):
        return {}
    with open(path, encoding='utf-8') as text:
        return json.load(text)


class _Case:
    def __init__(self, edge, folder, path, about):
        self.edge = edge
        self.folder = folder
        self.path = path
        self.work = edge.folder()
        self.inputs = os.path.join(folder, 'inputs.npy')
        self.rows = arrays.read(self.inputs)
        golden = about.get('golden') or {}
        said = re.search(r'first (\d+) ordinary', str((golden.get('files') or {}).get('inputs.npy', '')))
        self.ordinary = min(int(said[1]) if said else ORDINARY, self.rows.rows)
        shape = golden.get('input_shape_used')
        self.options = ['--input-shape', ','.join(map(str, shape))] if shape else []

    def check(self):
        self.float = False
        try:
            self.report = self._compile()
        except TooLarge:
            return self._integers_alone()
        except NeedsCalibration:
            self.float = True
            self.options += ['--calibrate', self._write('ordinary.npy', self.rows.first(self.ordinary))]
            self.report = self._compile()
        self._hold_inputs()
        softmax = self.report['output']['softmax_on_host']
        wanted = [(self._expected('outputs'), [])]
        if softmax and self._expected('outputs_before_softmax'):
            wanted.insert(0, (self._expected('outputs_before_softmax'), ['--before-softmax']))
        said = []
        for file, more in wanted:
            require(file, 'there is no outputs.npy')
            said.append(self._against(file, more))
            self._predict(file, more, softmax and not more)
        said.append(self._hardware())
        return '; '.join(said)

    def _integers_alone(self):
        """A quantized network that is too large for the fabric: every row on reference and ONNX Runtime, as expected."""
        expected = self._expected('outputs')
        require(expected, 'there is no outputs.npy')
        return self._against(expected, []) + '; too large to unroll: no RTL' + self._full_size()

    def _full_size(self):
        """Where full_size/ stands beside them: the same model at the input size it was made for. Its inputs.npy holds integers
        that count 64ths."""
        folder = os.path.join(self.folder, 'full_size')
        if not os.path.isdir(folder):
            return ''
        inputs = arrays.read(os.path.join(folder, 'inputs.npy'))
        if inputs.values.typecode not in 'fd':
            inputs = arrays.Array(inputs.shape, array.array('f', [value / FULL_SIZE_STEPS for value in inputs.values]))
        self.options = ['--input-shape', ','.join(map(str, (1, *inputs.shape[1:])))]
        result = self._verify(self._write('full_size.npy', inputs), ['reference', 'onnxruntime'],
                              ['--expect', os.path.join(folder, 'outputs.npy')], megabytes=FULL_SIZE_MEGABYTES)
        require(result['expected']['rows'] == inputs.rows, f"{result['expected']['rows']} of {inputs.rows} rows compared at full size")
        return f"; {inputs.rows} of shape {'x'.join(map(str, inputs.shape[1:]))} as full_size/outputs.npy"

    def _compile(self):
        return compile_model(self.edge, self.path, self.options, os.path.join(self.edge.folder(), 'compiled'))

    def _hold_inputs(self):
        """A network without an input quantizer gets a format that holds the ordinary inputs exactly, if the default does not."""
        if self.float or 'no input quantizer' not in self.report['input']['encoding']:
            return
        width, integer = arrays.fixed_point(self.rows.first(self.ordinary).values) or (0, 0)
        require(width, 'it has no input quantizer, and no fixed-point format of up to 44 bits holds its inputs: nothing exact can be compared')
        if width - integer > 10 or integer > 6:
            self.options += ['--input-format', f'fixed<{width},{integer}>']
            self.report = self._compile()

    def _expected(self, stem):
        return next((file for file in (f'{stem}_f64.npy', f'{stem}.npy') if os.path.exists(os.path.join(self.folder, file))), None)

    def _write(self, name, data):
        path = os.path.join(self.work, name)
        arrays.write(path, data)
        return path

    def _verify(self, inputs, backends, more=(), megabytes=MEGABYTES):
        answer = self.edge.run(['verify', self.path, '--input', inputs, '--on', ','.join(backends), '--json', *self.options, *more],
                               seconds=300, megabytes=megabytes, allowed=(0, 1))
        result = answer.json()
        require('error' not in result, f"verify: {result.get('error')}")
        pairs = len(backends) * (len(backends) - 1) // 2
        require(len(result['comparisons']) == pairs, f"{len(result['comparisons'])} comparisons instead of {pairs}")
        for pair in result['comparisons']:
            require(pair['mismatches'] == 0, f"{pair['left']} and {pair['right']} differ in {pair['mismatches']} of {pair['rows']} rows: {pair['first']}")
            require(pair['rows'] == result['rows'], f"only {pair['rows']} of {result['rows']} rows compared")
        expected = result['expected']
        require(not expected or expected['mismatches'] == 0, f"{expected and expected['mismatches']} rows are not as expected: {expected and expected['first']}")
        require(answer.code == 0 and result['passed'], 'verify says FAILED without saying where')
        return result

    def _against(self, file, more):
        """All rows between reference and ONNX Runtime, and those that count against the expected values."""
        expected = os.path.join(self.folder, file)
        inputs = self.inputs
        if self.float:
            self._verify(inputs, ['reference', 'onnxruntime'], more)
            inputs = self._write('ordinary.npy', self.rows.first(self.ordinary))
            expected = self._write('expected.npy', arrays.read(expected).first(self.ordinary))
        result = self._verify(inputs, ['reference', 'onnxruntime'], [*more, '--expect', expected])
        outside = result['rows_outside']
        counted = result['expected']['rows']
        require(counted == result['rows'] - len(outside), f"{counted} rows compared with {file}, {len(outside)} outside, of {result['rows']}")
        require(not [row for row in outside if row < self.ordinary], f'{len(outside)} rows lie outside the input format, ordinary ones among them')
        unit = {'step': 'a step'}.get(result['expected']['unit'], result['expected']['unit'])
        distance = f"{result['expected']['largest_distance']:.2g} of {unit}"
        return f"{counted} rows as {file} (within {distance})"

    def _predict(self, file, more, probabilities):
        """The same once more from the file that predict writes, compared here."""
        output = os.path.join(self.work, 'results.npy')
        answer = self.edge.run(['predict', self.path, '--input', self.inputs, '--output', output, '--json', *self.options, *more], seconds=120, megabytes=MEGABYTES)
        found, wanted = arrays.read(output), arrays.read(os.path.join(self.folder, file))
        require(len(found.values) == len(wanted.values), f'predict wrote {found.shape}, expected are {wanted.shape}')
        outside = set(answer.json()['rows_outside_input_format'])
        length = found.row_length
        compared = [row for row in range(self.ordinary if self.float else found.rows) if row not in outside]
        full_scale = max((abs(wanted.values[row * length + i]) for row in compared for i in range(length)), default=0.0)
        scales, _ = decoding(self.report)
        for row in compared:
            for i in range(length):
                allowed = (FLOAT_TOLERANCE * full_scale if self.float else SOFTMAX_TOLERANCE if probabilities
                           else abs(scales[i % len(scales)]) / 2)
                distance = abs(found.values[row * length + i] - wanted.values[row * length + i])
                require(distance <= allowed, f'predict: row {row}, output {i}: {found.values[row * length + i]} instead of {wanted.values[row * length + i]}')

    def _hardware(self):
        adders = self.report['hardware']['adders']
        if adders > SIMULATED_ADDERS:
            return f'{adders} adders: RTL not simulated'
        said = []
        if can_simulate(self.report, 'verilator'):
            rows = self._verify(self.inputs, ['reference', 'verilator'])['rows']
            said.append(f'{rows} rows on Verilator')
        if can_simulate(self.report, 'icarus'):
            few = min(ICARUS_ROWS, self.rows.rows)
            self._verify(self._write('few.npy', self.rows.first(few)), ['reference', 'icarus'])
            said.append(f'{few} on Icarus')
        return ', '.join(said) or 'no simulator installed'
