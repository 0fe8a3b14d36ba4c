"""Runs small ONNX and QONNX graphs in float64 with NumPy: what the golden outputs come from. Written from the ONNX operator
pages and from QONNX's definition of Quant, without a line of Edge, so that an error in one is not an error in both.

Parameters are what the file holds (float32, float16, integers); all arithmetic on them is float64."""

import math
import os

import numpy as np
import windows
from onnx import TensorProto, numpy_helper

DECISION_MARGIN = 1e-9  # a value nearer than this to a rounding decision, and not on it, could round either way


def run(model, inputs, folder=''):
    """(outputs, least margin) of one input with its batch axis. The margin is how near a value came to a rounding decision
    without lying on it, in steps of the quantizer."""
    graph = model.graph
    values = {tensor.name: constant(tensor, folder) for tensor in graph.initializer}
    data = [value.name for value in graph.input if value.name not in values]
    values[data[0]] = np.asarray(inputs, dtype=np.float64)
    opset = next((entry.version for entry in model.opset_import if entry.domain in ('', 'ai.onnx')), 1)
    margins = [np.inf]
    for node in graph.node:
        given = [values[name] if name else None for name in node.input]
        values[node.output[0]] = np.asarray(_apply(node, given, _attributes(node, folder), opset, margins))
    return values, min(margins)


def constant(tensor, folder=''):
    """Integers stay integers (they choose shapes and types); reals become float64."""
    if tensor.data_location == TensorProto.EXTERNAL:
        entry = {item.key: item.value for item in tensor.external_data}
        with open(os.path.join(folder, entry['location']), 'rb') as file:
            file.seek(int(entry.get('offset', 0)))
            data = file.read(int(entry['length']))
        array = np.frombuffer(data, dtype='<f4').reshape(tuple(tensor.dims))
    else:
        array = numpy_helper.to_array(tensor)
    return array if array.dtype.kind in 'iu' else array.astype(np.float64)


def _attributes(node, folder):
    values = {}
    for item in node.attribute:
        values[item.name] = {1: item.f, 2: item.i, 3: item.s, 4: item.t, 6: list(item.floats), 7: list(item.ints)}[item.type]
        if item.type == 3:
            values[item.name] = item.s.decode()
        elif item.type == 4:
            values[item.name] = constant(item.t, folder)
    return values


def _apply(node, given, attributes, opset, margins):
    x = given[0] if given else None
    if node.op_type in _ELEMENTWISE:
        if 'axis' in attributes and attributes.get('broadcast') and given[1].ndim < x.ndim:  # opset 1 to 6
            axis = attributes['axis'] % x.ndim
            given[1] = given[1].reshape(given[1].shape + (1,) * (x.ndim - axis - given[1].ndim))
        return _ELEMENTWISE[node.op_type](*given)
    if node.op_type in _FUNCTIONS:
        return _FUNCTIONS[node.op_type](x, **attributes)
    if node.op_type == 'Quant':
        return _quant(*given[:4], attributes, margins)
    if node.op_type == 'Trunc':
        return windows.trunc(given, attributes, _ROUNDING, lambda scaled, decision: _note(scaled, decision, margins))
    if node.op_type in windows.OPERATORS:
        return windows.apply(node, given, attributes, lambda distance, decision: _note(distance, decision, margins) if node.op_type != 'MultiThreshold' else _near(distance, margins))
    if node.op_type == 'BipolarQuant':
        return np.where(x >= 0, 1.0, -1.0) * given[1]
    if node.op_type in ('QuantizeLinear', 'DequantizeLinear'):
        scale, zero = given[1], given[2] if len(given) > 2 and given[2] is not None else np.zeros((), dtype=np.uint8)
        limits = np.iinfo(zero.dtype)
        scale, zero = (_along(part, x.ndim, attributes.get('axis', 1)) for part in (scale, zero.astype(np.float64)))
        if node.op_type == 'DequantizeLinear':
            return (x.astype(np.float64) - zero) * scale
        _note(x / scale, 0.5, margins)
        return np.clip(np.rint(x / scale) + zero, limits.min, limits.max)
    if node.op_type == 'Gemm':
        a = x.T if attributes.get('transA') else x
        b = given[1].T if attributes.get('transB') else given[1]
        product = attributes.get('alpha', 1.0) * (a @ b)
        return product + attributes.get('beta', 1.0) * given[2] if len(given) > 2 and given[2] is not None else product
    if node.op_type == 'MatMul':
        return x @ given[1]
    if node.op_type == 'BatchNormalization':
        shape = (-1,) if node.domain == windows.CHANNELS_LAST else (-1,) + (1,) * (x.ndim - 2)
        scale, bias, mean, variance = (part.reshape(shape) for part in given[1:5])
        return (x - mean) / np.sqrt(variance + float(np.float32(attributes.get('epsilon', 1e-5)))) * scale + bias
    if node.op_type == 'Clip':
        low = given[1] if len(given) > 1 and given[1] is not None else attributes.get('min', -np.inf)
        high = given[2] if len(given) > 2 and given[2] is not None else attributes.get('max', np.inf)
        return np.minimum(np.maximum(x, low), high)
    if node.op_type == 'Softmax':
        axis = attributes.get('axis', -1 if opset >= 13 else 1)
        flat = x if opset >= 13 else x.reshape(int(np.prod(x.shape[:axis])), -1)
        power = np.exp(flat - flat.max(axis=axis if opset >= 13 else 1, keepdims=True))
        return (power / power.sum(axis=axis if opset >= 13 else 1, keepdims=True)).reshape(x.shape)
    if node.op_type == 'ArgMax':
        return np.argmax(x, axis=attributes.get('axis', 0)) if not attributes.get('keepdims', 1) else np.expand_dims(
            np.argmax(x, axis=attributes.get('axis', 0)), attributes.get('axis', 0))
    return _shape(node, given, attributes)


def _shape(node, given, attributes):
    """Operators that move elements without changing them."""
    x = given[0] if given else None
    axes = given[1].tolist() if len(given) > 1 and node.op_type in ('Squeeze', 'Unsqueeze') else attributes.get('axes')
    match node.op_type:
        case 'Constant':
            return next(np.asarray(attributes[name]) for name in ('value', 'value_float', 'value_floats', 'value_int', 'value_ints') if name in attributes)
        case 'Identity' | 'Dropout' | 'Cast':
            return x
        case 'Shape':
            return np.array(x.shape, dtype=np.int64)
        case 'Reshape':
            target = given[1].tolist() if len(given) > 1 else attributes['shape']
            return x.reshape([x.shape[k] if size == 0 else size for k, size in enumerate(target)])
        case 'Flatten':
            return x.reshape(int(np.prod(x.shape[:attributes.get('axis', 1)])), -1)
        case 'Transpose':
            return x.transpose(attributes.get('perm'))
        case 'Squeeze':
            return x.squeeze(tuple(axes))
        case 'Unsqueeze':
            return np.expand_dims(x, tuple(axes))
        case 'Gather':
            return np.take(x, given[1], axis=attributes.get('axis', 0))
        case 'Concat':
            return np.concatenate(given, axis=attributes['axis'])
        case 'Slice':
            return x[given[1][0]:given[2][0]]
    raise NotImplementedError(node.op_type)


_ELEMENTWISE = {
    'Add': np.add, 'Sub': np.subtract, 'Mul': np.multiply, 'Div': np.divide, 'Neg': np.negative, 'Pow': np.power, 'Sqrt': np.sqrt,
    'Relu': lambda x: np.maximum(x, 0.0),
}

def _elu(x, alpha=1.0):
    return np.where(x >= 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _selu(x, alpha=1.67326319217681884765625, gamma=1.05070102214813232421875):
    return gamma * _elu(x, alpha)


# Functions of one element, as the ONNX operator pages define them.
_FUNCTIONS = {
    'Sigmoid': lambda x: np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x)))),
    'Tanh': np.tanh, 'Exp': np.exp, 'Erf': np.vectorize(math.erf), 'Softplus': lambda x: np.logaddexp(x, 0), 'Softsign': lambda x: x / (1 + np.abs(x)),
    'HardSigmoid': lambda x, alpha=float(np.float32(0.2)), beta=0.5: np.clip(alpha * x + beta, 0, 1), 'HardSwish': lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    'Elu': _elu, 'Selu': _selu, 'Celu': lambda x, alpha=1.0: np.where(x >= 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha)),
    'ThresholdedRelu': lambda x, alpha=1.0: np.where(x > alpha, x, 0.0),
}

# rounding_mode of Quant, and where its decisions lie between two integers.
_ROUNDING = {
    'ROUND': (np.rint, 0.5), 'HALF_EVEN': (np.rint, 0.5), 'CEIL': (np.ceil, 0.0), 'FLOOR': (np.floor, 0.0),
    'DOWN': (np.trunc, 0.0), 'ROUND_TO_ZERO': (np.trunc, 0.0), 'UP': (lambda x: np.sign(x) * np.ceil(np.abs(x)), 0.0),
    'HALF_UP': (lambda x: np.sign(x) * np.floor(np.abs(x) + 0.5), 0.5), 'HALF_DOWN': (lambda x: np.sign(x) * np.ceil(np.abs(x) - 0.5), 0.5),
}


def _quant(x, scale, zero, bits, attributes, margins):
    """QONNX Quant: scale, add the zero point, clamp, round, and back. One signed bit means -1 and +1."""
    signed, narrow, bits = attributes.get('signed', 1), attributes.get('narrow', 1), float(np.ravel(bits)[0])
    integer = x / scale + zero
    if bits == 1 and signed:
        return (np.where(integer >= 0, 1.0, -1.0) - zero) * scale
    high = 2 ** (bits - 1) - 1 if signed else 2 ** bits - 1 - narrow
    low = -high - 1 + narrow if signed else 0
    rounding, decision = _ROUNDING[attributes.get('rounding_mode', 'ROUND').upper()]
    integer = np.clip(integer, low, high)
    _note(integer, decision, margins)
    return (rounding(integer) - zero) * scale


def _note(scaled, decision, margins):
    _near(np.abs(scaled - decision - np.rint(scaled - decision)), margins)


def _near(distance, margins):
    distance = distance[distance > 0]
    margins.append(distance.min() if distance.size else np.inf)


def _along(parameter, rank, axis):
    if parameter.ndim != 1 or parameter.size == 1:
        return parameter.reshape(()) if parameter.size == 1 else parameter
    axis = axis % rank if rank > 1 else 0
    return parameter.reshape([-1 if k == axis else 1 for k in range(rank)])
