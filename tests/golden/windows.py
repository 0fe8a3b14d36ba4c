"""Convolutions, pooling, reductions and the quantizers of FINN for executor.py, in float64, as their definitions read: ONNX operator
pages, and QONNX for MultiThreshold, Trunc, Im2Col and the channels-last domain. Data is (batch, channels, places...)."""

import itertools

import numpy as np

CHANNELS_LAST = 'qonnx.custom_op.channels_last'
OPERATORS = {'Conv', 'ConvTranspose', 'MaxPool', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool', 'ReduceMean', 'ReduceSum', 'ReduceMax',
             'ReduceMin', 'Max', 'Min', 'LeakyRelu', 'PRelu', 'Pad', 'Resize', 'Im2Col', 'MultiThreshold', 'DepthToSpace', 'Expand', 'Tile'}


def apply(node, given, attributes, note):
    """`note(values, where)` records how near values came to a decision."""
    if node.domain == CHANNELS_LAST:
        first = [_to_first(part) if k == 0 or (k == 1 and node.op_type == 'Conv') else part for k, part in enumerate(given)]
        return np.moveaxis(_apply(node.op_type, first, attributes, note), 1, -1)
    return _apply(node.op_type, given, attributes, note)


def _to_first(x):
    return np.moveaxis(x, -1, 1)


def _apply(operation, given, attributes, note):
    x = given[0]
    match operation:
        case 'Conv':
            return _conv(x, given[1], given[2] if len(given) > 2 else None, attributes)
        case 'ConvTranspose':
            return _conv_transpose(x, given[1], given[2] if len(given) > 2 else None, attributes)
        case 'MaxPool':
            return _pooled(x, attributes, -np.inf, lambda window, inside: window.max(axis=-1))
        case 'AveragePool':
            all_taps = attributes.get('count_include_pad', 0)
            return _pooled(x, attributes, 0.0, lambda window, inside: window.sum(axis=-1) / (inside.shape[-1] if all_taps else inside.sum(axis=-1)))
        case 'GlobalAveragePool':
            return x.mean(axis=tuple(range(2, x.ndim)), keepdims=True)
        case 'GlobalMaxPool':
            return x.max(axis=tuple(range(2, x.ndim)), keepdims=True)
        case 'ReduceMean' | 'ReduceSum' | 'ReduceMax' | 'ReduceMin':
            axes = given[1].tolist() if len(given) > 1 else attributes.get('axes', list(range(x.ndim)))
            function = {'ReduceMean': np.mean, 'ReduceSum': np.sum, 'ReduceMax': np.max, 'ReduceMin': np.min}[operation]
            return function(x, axis=tuple(axes), keepdims=bool(attributes.get('keepdims', 1)))
        case 'Max':
            return np.maximum.reduce(np.broadcast_arrays(*given))
        case 'Min':
            return np.minimum.reduce(np.broadcast_arrays(*given))
        case 'LeakyRelu':
            return np.where(x < 0, x * float(np.float32(attributes.get('alpha', 0.01))), x)
        case 'PRelu':
            return np.where(x < 0, x * given[1], x)
        case 'Pad':
            pads = given[1].tolist()
            return np.pad(x, list(zip(pads[:x.ndim], pads[x.ndim:])), constant_values=float(given[2]) if len(given) > 2 else 0.0)
        case 'Resize':
            for axis, scale in enumerate(given[-1]):                     # asymmetric, floor
                x = np.take(x, (np.arange(int(x.shape[axis] * scale)) / scale).astype(int), axis=axis)
            return x
        case 'Im2Col':
            return _im2col(x, attributes)
        case 'MultiThreshold':
            axis = x.ndim - 1 if attributes.get('data_layout') == 'NHWC' or x.ndim not in (2, 4) else 1
            values = np.moveaxis(x, axis, -1)[..., None]
            distance = np.abs(values - given[1])
            note(distance, 0.0)
            count = np.moveaxis((values >= given[1]).sum(axis=-1), -1, axis)
            return attributes.get('out_scale', 1.0) * count + attributes.get('out_bias', 0.0)
        case 'DepthToSpace':
            batch, channels, height, width = x.shape
            block = attributes['blocksize']
            x = x.reshape(batch, block, block, channels // block ** 2, height, width)
            return x.transpose(0, 3, 4, 1, 5, 2).reshape(batch, channels // block ** 2, height * block, width * block)
        case 'Expand':
            return np.broadcast_to(x, np.broadcast_shapes(x.shape, tuple(given[1])))
        case 'Tile':
            return np.tile(x, given[1])
    raise NotImplementedError(operation)


def trunc(given, attributes, rounding, note):
    """Trunc of QONNX with 5 inputs, or with an output scale as input 4 and 6 inputs."""
    x, scale, zero, bits = given[:4]
    note(x / scale, 0.5)
    integer = np.rint(x / scale + zero)
    function, decision = rounding[attributes.get('rounding_mode', 'FLOOR').upper()]
    if len(given) == 5:
        factor = 2.0 ** (float(np.ravel(bits)[0]) - float(np.ravel(given[4])[0]))
        note(integer / factor, decision)
        return (function(integer / factor) - zero) * scale
    factor = 2.0 ** np.round(np.log2(given[4] / scale))
    signed, narrow, out = attributes.get('signed', 1), attributes.get('narrow', 0), float(np.ravel(given[5])[0])
    high = 2 ** (out - 1) - 1 if signed else 2 ** out - 1 - narrow
    low = -high - 1 + narrow if signed else 0
    dropped = np.clip(integer / factor, low, high)
    note(dropped, decision)
    return (function(dropped) - zero / factor) * given[4]


def _geometry(x, kernel, attributes):
    """Strides, dilations and pads before and behind, for each place axis."""
    axes = x.ndim - 2
    strides = attributes.get('strides', [1] * axes)
    dilations = attributes.get('dilations', [1] * axes)
    extent = [(k - 1) * d + 1 for k, d in zip(kernel, dilations)]
    mode = attributes.get('auto_pad', 'NOTSET')
    if mode in ('SAME_UPPER', 'SAME_LOWER'):
        total = [max(0, (-(-size // s) - 1) * s + e - size) for size, s, e in zip(x.shape[2:], strides, extent)]
        before = [t // 2 if mode == 'SAME_UPPER' else t - t // 2 for t in total]
        return strides, dilations, extent, before, [t - b for t, b in zip(total, before)]
    pads = attributes.get('pads', [0] * (2 * axes))
    return strides, dilations, extent, pads[:axes], pads[axes:]


def _windows(x, kernel, attributes, outside):
    """(batch, channels, positions..., taps): what each window reads."""
    strides, dilations, extent, before, behind = _geometry(x, kernel, attributes)
    padded = np.pad(x, [(0, 0), (0, 0), *zip(before, behind)], constant_values=outside)
    positions = [(size - e) // s + 1 for size, e, s in zip(padded.shape[2:], extent, strides)]
    taps = []
    for offset in itertools.product(*(range(k) for k in kernel)):
        index = tuple(slice(o * d, o * d + (count - 1) * s + 1, s) for o, d, s, count in zip(offset, dilations, strides, positions))
        taps.append(padded[(slice(None), slice(None), *index)])
    return np.stack(taps, axis=-1)


def _conv(x, weights, bias, attributes):
    groups = attributes.get('group', 1)
    windows = _windows(x, weights.shape[2:], attributes, 0.0)
    per_group, kernels = x.shape[1] // groups, weights.shape[0] // groups
    parts = []
    for group in range(groups):
        data = windows[:, group * per_group:(group + 1) * per_group]
        kernel = weights[group * kernels:(group + 1) * kernels].reshape(kernels, per_group, -1)
        parts.append(np.einsum('nc...t,kct->nk...', data, kernel))
    return _biased(np.concatenate(parts, axis=1), bias)


def _conv_transpose(x, weights, bias, attributes):
    groups, kernel = attributes.get('group', 1), weights.shape[2:]
    axes = x.ndim - 2
    strides, dilations, extent, before, behind = _geometry(x, kernel, attributes)
    more = attributes.get('output_padding', [0] * axes)
    full = [(size - 1) * s + e + m for size, s, e, m in zip(x.shape[2:], strides, extent, more)]
    per_group, channels = weights.shape[1], x.shape[1] // groups
    result = np.zeros((x.shape[0], per_group * groups, *full))
    for place in itertools.product(*(range(size) for size in x.shape[2:])):
        for offset in itertools.product(*(range(k) for k in kernel)):
            to = tuple(p * s + o * d for p, s, o, d in zip(place, strides, offset, dilations))
            for group in range(groups):
                data = x[(slice(None), slice(group * channels, (group + 1) * channels), *place)]
                result[(slice(None), slice(group * per_group, (group + 1) * per_group), *to)] += data @ weights[(slice(group * channels, (group + 1) * channels), slice(None), *offset)]
    crop = tuple(slice(b, size - e) for b, e, size in zip(before, behind, full))
    return _biased(result[(slice(None), slice(None), *crop)], bias)


def _biased(x, bias):
    return x if bias is None else x + bias.reshape(-1, *[1] * (x.ndim - 2))


def _pooled(x, attributes, outside, function):
    kernel = attributes['kernel_shape']
    inside = _windows(np.ones_like(x), kernel, attributes, 0.0)
    return function(_windows(x, kernel, attributes, outside), inside)


def _im2col(x, attributes):
    kernel, stride = attributes['kernel_size'], attributes['stride']
    pads = attributes.get('pad_amount', [0, 0, 0, 0])
    windows = _windows(_to_first(x), kernel, {'strides': stride, 'pads': pads, 'dilations': attributes.get('dilations', [1, 1])}, attributes.get('pad_value', 0))
    return windows.transpose(0, 2, 3, 4, 1).reshape(x.shape[0], windows.shape[2], windows.shape[3], -1)
