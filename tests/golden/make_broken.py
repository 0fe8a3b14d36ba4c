"""Writes tests/golden/broken: damaged and hostile files with an index.json in the form of tests/golden/bad.

    /usr/bin/python3 tests/golden/make_broken.py          (Debian: python3-numpy python3-onnx)

Every file is small and seeded; a second run writes the same bytes."""

import json
import os
import struct

import numpy as np
import onnx
from graph import BREVITAS, FINN, Graph
from onnx import StringStringEntryProto, TensorProto, helper

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'broken')
MUST = 'refuse with a non-zero exit code and one message that names the file; no stack trace, no hang, no partial output'


def network(change=None, last=None, **options):
    """A sound 4-6-3 network, then spoiled: `last` adds a node to it, `change` edits the model."""
    g = Graph([1, 4], seed=7, **options)
    hidden = g.node('Relu', g.node('Gemm', 'x', g.constant(g.normal(4, 6), name='w1'), g.constant(g.normal(6), name='b1')))
    result = g.node('MatMul', hidden, g.constant(g.normal(6, 3), name='w2'))
    model = g.model(last(g, result) if last else result)
    if change:
        change(model)
    return model.SerializeToString(deterministic=True)


def tensor(model, name):
    return next(item for item in model.graph.initializer if item.name == name)


def set_dims(*dims):
    def change(model):
        del tensor(model, 'w1').dims[:]
        tensor(model, 'w1').dims.extend(dims)
    return change


def set_value(name, value):
    def change(model):
        data = np.frombuffer(tensor(model, name).raw_data, dtype='<f4').copy()
        data[1] = value
        tensor(model, name).raw_data = data.tobytes()
    return change


def external(location, **more):
    def change(model):
        stored = tensor(model, 'w1')
        stored.ClearField('raw_data')
        stored.data_location = TensorProto.EXTERNAL
        for key, value in {'location': location, **more}.items():
            stored.external_data.append(StringStringEntryProto(key=key, value=value))
    return change


def extra_input(model):
    model.graph.input.append(helper.make_tensor_value_info('z', TensorProto.FLOAT, [1, 2]))


def extra_output(model):
    model.graph.output.append(helper.make_tensor_value_info('v0', TensorProto.FLOAT, None))


def input_shape(*shape, kind=TensorProto.FLOAT):
    return lambda model: model.graph.input[0].CopyFrom(helper.make_tensor_value_info('x', kind, list(shape)))


def second_result(model):
    model.graph.node[1].output.append('mask')
    model.graph.node[2].input[0] = 'mask'


def doubling(g, x):
    """A constant that doubles 40 times: 2^42 elements from a file of a few kilobytes."""
    constant = g.constant([1.0, 2.0, 3.0, 4.0])
    for _ in range(40):
        constant = g.node('Concat', constant, constant, axis=0)
    return g.node('Mul', x, g.node('Gather', constant, [0, 1, 2]))


def image(operator, *constants, **attributes):
    """A last node on an image (1, 3, 4, 4) whose planes repeat the network's result."""
    def last(g, x):
        plane = g.node('Tile', g.node('Reshape', x, [1, 3, 1, 1]), [1, 1, 4, 4])
        return g.node(operator, plane, *(g.constant(value, np.asarray(value).dtype) for value in constants), **attributes)
    return last


def endless(model):
    function = helper.make_function('local', 'Again', ['a'], ['b'], [helper.make_node('Again', ['a'], ['b'], domain='local')], [helper.make_opsetid('local', 1)])
    model.functions.append(function)
    model.graph.node[1].op_type, model.graph.node[1].domain = 'Again', 'local'


def four_bits_short(model):
    stored = tensor(model, 'w1')
    stored.data_type, stored.raw_data = 22, bytes(11)  # 24 values of 4 bits need 12 bytes


def image_files():
    """Convolutions, pooling and their like with attributes that make no sense, or a result that no memory holds."""
    weights, real = np.ones((2, 3, 3, 3), np.float32), np.float32
    conv = lambda *more, **attributes: network(last=image('Conv', weights, *more, **attributes))
    yield 'conv_groups.onnx', 'Conv in 2 groups of 3 channels', conv(group=2)
    yield 'conv_groups_zero.onnx', 'Conv in 0 groups', conv(group=0)
    yield 'conv_groups_negative.onnx', 'Conv in -3 groups', conv(group=-3)
    yield 'conv_channels.onnx', 'Conv with weights of 5 channels on 3', network(last=image('Conv', np.ones((2, 5, 3, 3), real)))
    yield 'conv_axes.onnx', 'Conv with weights of one axis on an image', network(last=image('Conv', np.ones((2, 3, 3), real)))
    yield 'conv_kernel.onnx', 'Conv with a kernel larger than the image', network(last=image('Conv', np.ones((1, 3, 9, 9), real)))
    yield 'conv_kernel_shape.onnx', 'Conv whose kernel_shape is not that of its weights', conv(kernel_shape=[2, 2])
    yield 'conv_bias.onnx', 'Conv with 5 biases for 2 kernels', conv(np.ones(5, real))
    yield 'conv_nan.onnx', 'Conv with a weight that is no number', network(last=image('Conv', np.full((1, 3, 1, 1), np.nan, real)))
    yield 'conv_stride_zero.onnx', 'Conv with stride 0', conv(strides=[0, 1])
    yield 'conv_stride_count.onnx', 'Conv with three strides', conv(strides=[1, 1, 1])
    yield 'conv_pads_huge.onnx', 'Conv with pads of 2^40', conv(pads=[1 << 40] * 4)
    yield 'conv_pads_large.onnx', 'Conv whose pads make 4 * 10^9 positions', conv(pads=[32768] * 4)
    yield 'conv_pads_negative.onnx', 'Conv with negative pads', conv(pads=[-1, 0, 0, 0])
    yield 'conv_dilation.onnx', 'Conv with dilation 0', conv(dilations=[0, 0])
    yield 'conv_auto_pad.onnx', 'Conv with an auto_pad nobody knows', conv(auto_pad='SAME_SIDEWAYS')
    yield 'conv_attribute.onnx', 'Conv with an attribute nobody knows', conv(deformable=1)
    yield 'conv_vector.onnx', 'Conv on a vector', network(last=lambda g, x: g.node('Conv', x, weights))
    yield 'deconv_channels.onnx', 'ConvTranspose with weights of 2 channels on 3', network(last=image('ConvTranspose', np.ones((2, 1, 2, 2), real)))
    yield 'deconv_shape.onnx', 'ConvTranspose with an output_shape of 2^32 elements', network(last=image('ConvTranspose', np.ones((3, 1, 2, 2), real), output_shape=[65536, 65536]))
    yield 'deconv_pads.onnx', 'ConvTranspose whose pads leave nothing', network(last=image('ConvTranspose', np.ones((3, 1, 2, 2), real), pads=[4] * 4))
    yield 'pool_padding.onnx', 'MaxPool with a window of nothing but padding', network(last=image('MaxPool', kernel_shape=[2, 2], pads=[2, 2, 2, 2]))
    yield 'pool_kernel.onnx', 'AveragePool without a kernel', network(last=image('AveragePool'))
    yield 'resize_huge.onnx', 'Resize by 10^9', network(last=image('Resize', np.zeros(0, real), real([1, 1, 1e9, 1e9])))
    yield 'resize_sizes.onnx', 'Resize to 2^31 - 1 squared', network(last=image('Resize', np.zeros(0, real), np.zeros(0, real), np.int64([1, 3, 2 ** 31 - 1, 2 ** 31 - 1])))
    yield 'resize_zero.onnx', 'Resize to nothing', network(last=image('Resize', np.zeros(0, real), real([1, 1, 0, 1])))
    yield 'resize_mode.onnx', 'Resize that interpolates', network(last=image('Resize', np.zeros(0, real), real([1, 1, 2, 2]), mode='cubic'))
    yield 'pad_huge.onnx', 'Pad by 2^50', network(last=image('Pad', np.int64([0, 0, 1 << 50, 0, 0, 0, 0, 0])))
    yield 'tile_huge.onnx', 'Tile to 10^12 elements', network(last=image('Tile', np.int64([1, 1, 10 ** 6, 10 ** 6])))
    yield 'expand_huge.onnx', 'Expand to 10^12 elements', network(last=lambda g, x: g.node('Expand', g.node('ReduceMax', x), [10 ** 6, 10 ** 6]))
    yield 'concat.onnx', 'Concat of tensors that do not fit', network(last=image('Concat', np.ones((1, 1, 2, 4), real), axis=1))
    yield 'slice_step.onnx', 'Slice in steps of 0', network(last=image('Slice', np.int64([0]), np.int64([2]), np.int64([1]), np.int64([0])))
    yield 'reduce_axis.onnx', 'ReduceMean along axis 9', network(last=image('ReduceMean', axes=[9]))
    yield 'blocks.onnx', 'DepthToSpace in blocks of 2 from 3 channels', network(last=image('DepthToSpace', blocksize=2))
    yield 'thresholds_nan.onnx', 'MultiThreshold with a threshold that is no number', network(last=image('MultiThreshold', real([[np.nan]]), domain=FINN))
    yield 'thresholds_channels.onnx', 'MultiThreshold for 2 channels on 3', network(last=image('MultiThreshold', np.zeros((2, 3), real), domain=FINN))
    yield 'trunc_bits.onnx', 'Trunc of 4.5 bits', network(last=image('Trunc', real(1), real(0), real(4.5), real(2), domain=BREVITAS))
    yield 'qdq_axis.onnx', 'QuantizeLinear with 5 scales along an axis of 3', network(last=image('QuantizeLinear', np.ones(5, real), np.zeros(5, np.int8), axis=1))
    yield 'dynamic.onnx', 'DynamicQuantizeLinear, whose scale depends on the data', network(last=image('DynamicQuantizeLinear'))
    yield 'recurrent.onnx', 'LSTM, which has no integers', network(last=lambda g, x: g.node('LSTM', g.node('Unsqueeze', x, [0]), np.ones((1, 8, 3), real), np.ones((1, 8, 2), real), hidden_size=2))
    yield 'functions.onnx', 'a function that calls itself', network(endless)
    yield 'four_bits.onnx', 'int4 weights with a byte too few', network(four_bits_short)


def onnx_files():
    sound = network()
    quant = lambda **a: lambda g, x: g.node('Quant', x, *(g.constant(a.get(key, value)) for key, value in (('scale', 0.5), ('zero', 0.0), ('bits', 4.0))), domain=BREVITAS,
                                            **{key: a[key] for key in ('rounding_mode',) if key in a})
    yield from ((f'cut_{percent}.onnx', f'sound model cut at {percent} % of its bytes', sound[:len(sound) * percent // 100]) for percent in (1, 10, 50, 90, 99))
    yield 'text.onnx', 'a text file', b'this is not a model\n' * 20
    yield 'groups.onnx', '20,000 protobuf groups inside each other', b'\x0b' * 20000
    yield 'noise.onnx', 'random bytes', np.random.default_rng(3).bytes(3000)
    yield 'dims_huge.onnx', 'w1 claims 2^40 x 2^40 elements', network(set_dims(1 << 40, 1 << 40))
    yield 'dims_overflow.onnx', 'w1 claims a shape whose product wraps to 24', network(set_dims(1 << 32, 1 << 32, 24))
    yield 'dims_negative.onnx', 'w1 has a negative dimension', network(set_dims(-4, -6))
    yield 'dims_zero.onnx', 'w1 has no elements', network(set_dims(4, 0))
    yield 'data_short.onnx', 'w1 has fewer bytes than its shape says', network(set_dims(4, 7))
    yield 'data_type_text.onnx', 'w1 is a tensor of strings', network(lambda model: setattr(tensor(model, 'w1'), 'data_type', TensorProto.STRING))
    yield 'constant_twice.onnx', 'two constants are called b1', network(lambda model: model.graph.initializer.append(tensor(model, 'b1')))
    yield 'made_twice.onnx', 'two nodes make v0', network(lambda model: model.graph.node.append(model.graph.node[0]))
    yield 'made_and_constant.onnx', 'a node makes b1, which is a constant', network(lambda model: model.graph.node[0].output.__setitem__(0, 'b1'))
    yield 'own_result.onnx', 'a node reads what it makes', network(lambda model: model.graph.node[1].input.__setitem__(0, model.graph.node[1].output[0]))
    yield 'second_result.onnx', 'a node reads the second result of Relu', network(second_result)
    yield 'no_inputs.onnx', 'Gemm without its inputs', network(lambda model: model.graph.node[0].ClearField('input'))
    yield 'no_nodes.onnx', 'a graph without nodes', network(lambda model: model.graph.ClearField('node'))
    yield 'two_inputs.onnx', 'two inputs', network(extra_input)
    yield 'two_outputs.onnx', 'two outputs', network(extra_output)
    yield 'constant_output.onnx', 'the output does not depend on the input', network(lambda model: model.graph.node[0].input.__setitem__(0, 'w1'))
    yield 'input_huge.onnx', 'the input claims 2^31 - 1 features', network(input_shape(1, 2 ** 31 - 1))
    yield 'input_text.onnx', 'the input is text', network(input_shape(1, 4, kind=TensorProto.STRING))
    yield 'input_narrow.onnx', 'the input has 3 features, the weights 4', network(input_shape(1, 3))
    yield 'input_matrix.onnx', 'the input is a matrix where a vector fits', network(input_shape(1, 5, 4))
    yield 'weight_infinite.onnx', 'a weight is -infinity', network(set_value('w2', -np.inf))
    yield 'bias_nan.onnx', 'a bias is NaN', network(set_value('b1', np.nan))
    yield 'external_outside.onnx', 'weights in a file outside the folder', network(external('../../outside.bin'))
    yield 'external_rooted.onnx', 'weights in a file named from the root', network(external('/etc/passwd'))
    yield 'external_short.onnx', 'weights beyond the end of a file that is there', network(external('index.json', offset='100000000', length='96'))
    yield 'external_huge.onnx', 'external weights of 2^62 bytes', network(external('index.json', length=str(1 << 62)))
    yield 'domain_unknown.onnx', 'an operator of a domain nobody knows', network(last=lambda g, x: g.node('Frobnicate', x, domain='com.example'))
    yield 'two_unknown.onnx', 'two operators that no version reads', network(last=lambda g, x: g.node('Loop', g.node('StringNormalizer', x)))
    yield 'doubling.onnx', 'constants that would grow to 2^42 elements', network(last=doubling)
    yield 'fill_huge.onnx', 'ConstantOfShape of 10^12 elements', network(last=lambda g, x: g.node('Add', x, g.node('ConstantOfShape', [10 ** 6, 10 ** 6])))
    yield 'gather_huge.onnx', 'Gather that would make 10^10 elements', network(
        last=lambda g, x: g.node('Add', x, g.node('Gather', g.node('Unsqueeze', g.constant(np.zeros(4)), [0]), g.node('ConstantOfShape', [1 << 24]))))
    yield 'reshape.onnx', '3 elements become 2 x 2', network(last=lambda g, x: g.node('Reshape', x, [2, 2]))
    yield 'transpose.onnx', 'a permutation with an axis twice', network(last=lambda g, x: g.node('Transpose', x, perm=[1, 1]))
    yield 'axis.onnx', 'ArgMax along axis 7', network(last=lambda g, x: g.node('ArgMax', x, axis=7))
    yield 'product.onnx', 'the product of two computed tensors', network(last=lambda g, x: g.node('Mul', x, g.node('Add', x, np.float32([1, 2, 3]))))
    yield 'log_softmax.onnx', 'LogSoftmax at the end', network(last=lambda g, x: g.node('LogSoftmax', x))
    yield 'divide_by_zero.onnx', 'division by a constant 0', network(last=lambda g, x: g.node('Div', x, np.float32(0)))
    yield 'clip_reversed.onnx', 'Clip with min above max', network(last=lambda g, x: g.node('Clip', x, np.float32(2), np.float32(1)))
    yield 'cast_integers.onnx', 'computed values cast to int32', network(last=lambda g, x: g.node('Cast', x, to=TensorProto.INT32))
    yield 'training.onnx', 'batch normalization in training mode', network(last=lambda g, x: g.node('BatchNormalization', x, *[np.ones(3, np.float32)] * 4, training_mode=1))
    yield 'variance_negative.onnx', 'batch normalization with a negative variance', network(
        last=lambda g, x: g.node('BatchNormalization', x, *[np.ones(3, np.float32)] * 3, np.float32([1, -1, 1])))
    yield 'channels.onnx', 'batch normalization of 5 channels on 3', network(last=lambda g, x: g.node('BatchNormalization', x, *[np.ones(5, np.float32)] * 4))
    yield 'attribute_type.onnx', 'transB is a text', network(lambda model: model.graph.node[0].attribute.append(helper.make_attribute('transB', 'yes')))
    yield 'scale_negative.onnx', 'Quant with scale -1', network(last=quant(scale=-1.0))
    yield 'scale_nan.onnx', 'Quant with scale NaN', network(last=quant(scale=np.nan))
    yield 'scale_count.onnx', 'Quant with 5 scales on 3 elements', network(last=quant(scale=np.ones(5)))
    yield 'bits_fraction.onnx', 'Quant of 2.5 bits', network(last=quant(bits=2.5))
    yield 'bits_many.onnx', 'Quant of 10^9 bits', network(last=quant(bits=1e9))
    yield 'zero_point_huge.onnx', 'Quant with zero point 10^30', network(last=quant(zero=1e30))
    yield 'rounding.onnx', 'Quant with a rounding mode nobody knows', network(last=quant(rounding_mode='SIDEWAYS'))
    yield from image_files()


def npy(descriptor, shape, data=b'', order='False', header=None):
    text = header or f"{{'descr': {descriptor}, 'fortran_order': {order}, 'shape': {shape}, }}"
    text = text.ljust(117) + '\n'
    return b'\x93NUMPY\x01\x00' + struct.pack('<H', len(text)) + text.encode() + data


def array_files():
    yield 'cut.npy', 'an array of which half is missing', npy("'<f4'", '(100, 4)', bytes(800))
    yield 'shape_huge.npy', 'an array that claims 2^60 elements', npy("'<f8'", f'({1 << 30}, {1 << 30})', bytes(80))
    yield 'shape_negative.npy', 'an array with a negative shape', npy("'<f4'", '(-1, 4)', bytes(16))
    yield 'objects.npy', 'pickled objects', npy("'|O'", '(2,)', b'\x80\x04.')
    yield 'records.npy', 'records instead of numbers', npy("[('a', '<f4'), ('b', '<i4')]", '(2,)', bytes(16))
    yield 'header.npy', 'a header that is no dictionary', npy('', '', header="__import__('os').abort()")
    yield 'header_cut.npy', 'a header that ends early', npy("'<f4'", '(2,)')[:30]
    yield 'empty.npy', 'an empty file', b''
    yield 'picture.npy', 'a PNG file', b'\x89PNG\r\n\x1a\n' + bytes(100)


def series(images=1, table=30, offset=34, width=4, height=4, kind=2, data=bytes(32), version=0x210, record=0x4122):
    head = struct.pack('<HHHiiiii', 0x4949, 0x197, version, record, 0x4152, images, images, table)
    image = struct.pack('<ddiddihii', 0, 1e-11, 0, 0, 1e-11, 0, kind, width, height)
    return head.ljust(30, b'\0') + struct.pack('<i', offset) + image + data


def series_files():
    yield 'cut.ser', 'an image of which half is missing', series(data=bytes(16))
    yield 'header_cut.ser', 'a header that ends early', series()[:25]
    yield 'count_huge.ser', 'a series that claims 2^31 - 1 images', series(images=2 ** 31 - 1)
    yield 'table_outside.ser', 'offsets that lie outside the file', series(table=10 ** 8)
    yield 'image_outside.ser', 'an image that begins outside the file', series(offset=10 ** 8)
    yield 'image_before.ser', 'an image at a negative offset', series(offset=-5)
    yield 'size_huge.ser', 'an image of 2^31 - 1 squared pixels', series(width=2 ** 31 - 1, height=2 ** 31 - 1)
    yield 'size_negative.ser', 'an image of negative width', series(width=-4)
    yield 'type_unknown.ser', 'pixels of an unknown type', series(kind=42)
    yield 'spectra.ser', 'a series of spectra', series(record=0x4120)
    yield 'text.ser', 'a text file', b'no series\n' * 10


def run_files():
    run = {'kind': 'features', 'network': '\n  model: ../models/residual/residual.onnx', 'card': '\n  kind: simulated\n  clock: 100 MHz',
           'features': '../models/residual/inputs.npy', 'decision': '\n  rule: difference\n  threshold: 1.5', 'output': '\n  folder: never'}

    def text(**changes):
        return ''.join(f'{key}: {value}\n' for key, value in {**run, **changes}.items() if value is not None).encode()
    yield 'field_unknown.yaml', 'a field that nobody knows', text(colour='blue')
    yield 'unit_missing.yaml', 'a clock without a unit', text(card='\n  kind: simulated\n  clock: 100')
    yield 'unit_wrong.yaml', 'a clock in picoamperes', text(card='\n  kind: simulated\n  clock: 100 pA')
    yield 'range.yaml', 'a clock of 5 THz', text(card='\n  kind: simulated\n  clock: 5000 GHz')
    yield 'kind_unknown.yaml', 'a run of unknown kind', text(kind='party')
    yield 'kind_missing.yaml', 'a run without a kind', text(kind=None)
    yield 'model_missing.yaml', 'a network that is not there', text(network='\n  model: nowhere.onnx')
    yield 'features_missing.yaml', 'features that are not there', text(features='nowhere.npy')
    yield 'twice.yaml', 'a field given twice', text() + b'kind: features\n'
    yield 'tabs.yaml', 'YAML indented by tabs', text().replace(b'\n  ', b'\n\t')
    yield 'list.yaml', 'a list instead of fields', b'- 1\n- 2\n'
    yield 'empty.yaml', 'an empty file', b''
    aliases = (b'a%d: &a%d [%s]\n' % (k, k, b', '.join([b'*a%d' % (k - 1)] * 10)) for k in range(1, 10))
    yield 'bomb.yaml', 'aliases that would grow to 10^9 nodes', b'a0: &a0 [x, x]\n' + b''.join(aliases)
    yield 'noise.yaml', 'random bytes', np.random.default_rng(5).bytes(500)


def main():
    os.makedirs(HERE, exist_ok=True)
    index = []
    for kind, files in (('onnx', onnx_files()), ('npy', array_files()), ('ser', series_files()), ('run', run_files())):
        for name, wrong, data in files:
            with open(os.path.join(HERE, name), 'wb') as file:
                file.write(data)
            index.append({'file': name, 'bytes': len(data), 'kind': kind, 'wrong': wrong, 'must': MUST})
    with open(os.path.join(HERE, 'index.json'), 'w', encoding='utf-8') as file:
        json.dump(index, file, indent=1)
        file.write('\n')
    print(f'{len(index)} files, {sum(entry["bytes"] for entry in index)} bytes')


if __name__ == '__main__':
    main()
