"""Golden rows: inputs and the exact outputs of the integer network, in the layout of the reference models
(inputs.npy, outputs.npy, about.json), so that every backend is held to them."""
import hashlib
import json
import numpy as np

ORDINARY, SEED = 256, 400
EXTREMES = (-32768, 32767, -1, 0, 1, 16, 255, 256)


def rows_of(rows, inputs):
    """256 rows as they occur in dwells, then 32 at and between the limits of the input format; float32 values."""
    rng = np.random.default_rng(SEED)
    ordinary = rows[rng.choice(len(rows), ORDINARY, replace=False)]
    same = np.repeat(np.array(EXTREMES)[:, None], inputs, axis=1)
    spikes = np.zeros((2 * inputs, inputs), int)
    spikes[np.arange(2 * inputs), np.arange(2 * inputs) % inputs] = np.repeat((32767, -32768), inputs)
    mixed = rng.choice((-32768, 32767), (32 - len(same) - len(spikes), inputs))
    extreme = np.concatenate((same, spikes, mixed)) / 16
    return np.concatenate((ordinary, extreme)).astype(np.float32)


def write(folder, network, rows):
    inputs = rows_of(rows, network.layers[0].weights.shape[0])
    outputs = network.logits(np.rint(inputs.astype(np.float64) * 16).astype(np.int64)).astype(np.float64)
    np.save(folder / "inputs.npy", inputs)
    np.save(folder / "outputs.npy", outputs)
    data = (folder / "site-class.onnx").read_bytes()
    about = dict(
        name="site-class", model="site-class.onnx", sha256=hashlib.sha256(data).hexdigest(), bytes=len(data),
        source="models/site-class/train.py of this project", licence="Apache-2.0",
        inputs=[dict(name="features", shape=[1, int(inputs.shape[1])], type="float")],
        outputs=[dict(name="logits", shape=[1, int(outputs.shape[1])], type="float")],
        ir_version=8, opsets={"ai.onnx": 13, "qonnx.custom_op.general": 1}, input_format="fixed<16,12>",
        golden=dict(
            executor="integer model in numpy, int64 (models/site-class/integer_network.py)",
            files={
                "inputs.npy": "float32 [N, inputs], feed inputs[i:i+1]; first 256 ordinary, last 32 extreme; every value is an integer / 16 in fixed<16,12>",
                "outputs.npy": f"float64 [N, classes], exact: integers times 2^{network.output_exponent}"}),
        input_data=f"dwells of the training simulation, rows drawn with seed {SEED}; then 32 extreme")
    (folder / "about.json").write_text(json.dumps(about, indent=1) + "\n")
