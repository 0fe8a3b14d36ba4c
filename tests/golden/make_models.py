"""Writes the golden networks: tests/golden/models/NAME with the model, inputs, expected outputs and about.json.

    /usr/bin/python3 tests/golden/make_models.py          (Debian: python3-numpy python3-onnx)

Everything is seeded; a second run writes the same bytes. The expected outputs come from executor.py, not from Edge."""

import hashlib
import json
import os
import sys

import executor
import make_broken
import models_conv
import models_functions
import models_onnx
import models_qonnx
import numpy as np
import onnx

ORDINARY = 40
HERE = os.path.dirname(os.path.abspath(__file__))


def inputs_for(model, name, seed):
    """ORDINARY rows on the grid 2^-8 (or what the network is for), then extreme ones; float32 (rows, ...)."""
    value = next(entry for entry in model.graph.input if entry.name == 'x').type.tensor_type
    shape = [1] + [dimension.dim_value for dimension in value.shape.dim][1:]
    random = np.random.default_rng(seed)
    count = int(np.prod(shape))
    ordinary = np.round(random.standard_normal((ORDINARY, count)) * 256) / 256
    extreme = np.zeros((10, count))
    extreme[1], extreme[2], extreme[3], extreme[4] = 1e4, -1e4, 1e-30, -0.0
    extreme[5], extreme[6] = 1 / 3, -31.9990234375
    extreme[7, 0], extreme[8, -1], extreme[9] = 31.9990234375, -7.5, np.where(np.arange(count) % 2, 40.0, -40.0)
    if value.elem_type == onnx.TensorProto.INT8:
        ordinary, extreme = random.integers(-128, 128, (ORDINARY, count)), np.vstack([np.full((1, count), k) for k in (-128, 127, 0, -1)])
    elif name == 'one_bit':
        ordinary[:ORDINARY // 2] = random.integers(0, 2, (ORDINARY // 2, count)) * 0.5  # 2x - 1 is exactly 0
    elif name == 'qdq_unsigned':
        ordinary = np.round(random.standard_normal((ORDINARY, count)) * 32) / 32        # half of them ties
    elif name == 'float_wide_inputs':
        ordinary, extreme = random.integers(0, 4096, (ORDINARY, count)), np.vstack([np.full((1, count), k) for k in (0, 4095)])
    elif name == 'finn_streamlined':
        ordinary, extreme = random.integers(0, 256, (ORDINARY, count)), np.vstack([np.full((1, count), k) for k in (0, 255, 1)])
    elif name == 'float_small_inputs':
        ordinary = random.standard_normal((ORDINARY, count)) * 1e-3
    return np.vstack([ordinary, extreme]).astype(np.float32).reshape([-1, *shape[1:]])


def write(make, seed):
    model, about, *files = make()
    name = make.__name__
    folder = os.path.join(HERE, 'models', name)
    os.makedirs(folder, exist_ok=True)
    for file, data in (files[0] if files else {}).items():
        with open(os.path.join(folder, file), 'wb') as output:
            output.write(data)
    data = model.SerializeToString(deterministic=True)
    with open(os.path.join(folder, f'{name}.onnx'), 'wb') as output:
        output.write(data)

    inputs = inputs_for(model, name, seed)
    softmax = model.graph.node[-1].op_type == 'Softmax'
    results, logits, margin = [], [], np.inf
    for row in inputs:
        values, least = executor.run(model, row[None], folder)
        margin = min(margin, least)
        results.append(values['y'].reshape(-1))
        logits.append(values[model.graph.node[-1].input[0]].reshape(-1))
    if margin < executor.DECISION_MARGIN:
        sys.exit(f'{name}: a value lies {margin:.2g} of a step from a rounding decision; choose another seed')
    np.save(os.path.join(folder, 'inputs.npy'), inputs)
    np.save(os.path.join(folder, 'outputs_f64.npy'), np.array(results, dtype=np.float64))
    if softmax:
        np.save(os.path.join(folder, 'outputs_before_softmax_f64.npy'), np.array(logits, dtype=np.float64))
    with open(os.path.join(folder, 'about.json'), 'w', encoding='utf-8') as output:
        json.dump({
            'name': name, 'model': f'{name}.onnx', 'sha256': hashlib.sha256(data).hexdigest(), 'about': about,
            'source': 'made by tests/golden/make_models.py; seeded random weights, not trained', 'licence': 'Apache-2.0',
            'golden': {
                'executor': 'tests/golden/executor.py, float64',
                'files': {'inputs.npy': f'float32 [N, ...]; first {ORDINARY} ordinary, last {len(inputs) - ORDINARY} extreme', 'outputs_f64.npy': 'float64 [N, outputs]'},
                'least_distance_to_a_rounding_decision': None if np.isinf(margin) else float(f'{margin:.2g}'),
            },
        }, output, indent=1)
        output.write('\n')
    print(f'{name:32} {len(data):6} bytes, {len(inputs)} rows, decisions at least {margin:.1e} of a step away')


if __name__ == '__main__':
    for number, function in enumerate(models_qonnx.ALL + models_onnx.ALL + models_conv.ALL):
        write(function, 1000 + number)
    for number, function in enumerate(models_functions.ALL):
        write(function, 2000 + number)
    make_broken.main()
