"""site-class.yaml: what the host must know besides the network. Written by train.py, read by the host and by
evaluate.py (a plain reader of the two levels used here, so that no YAML package is needed)."""
import detector
import ingress
import specimen as specimens
import visits


def write(path, network, thresholds, min_samples, max_samples, electrons, reference, events):
    lsb = 2.0**network.output_exponent
    layers = network.layers
    text = f"""# Written by train.py. How the card and the host use site-class.onnx.
model: site-class.onnx
question: "Which of four classes is the sulphur site of MoS2 under the beam?"
classes: [{', '.join(specimens.CLASSES)}]
inputs: [{', '.join(ingress.NAMES[:layers[0].weights.shape[0]])}]
input_format: fixed<16,12>

ingress:
  adc_offset_counts: {ingress.OFFSET}
  adc_gain_nominal: {ingress.NOMINAL_GAIN}          # register; z in 1/64 electron; after the overview: nominal / gain estimate
  elapsed_step_nominal: {ingress.NOMINAL_STEP}       # register; after the overview: nominal * current estimate
  event_threshold_lsb: {ingress.THRESHOLD}         # 1/64 electron
  clip_lsb: {ingress.CLIP}                    # 1/64 electron
  align_extra_samples: 1          # beyond the ADC's pipeline: the blanker takes about a sample to open

decision:
  rule: difference
  min_samples: {min_samples}
  max_samples: {max_samples}
  output_lsb_logits: {lsb}
  thresholds_lsb: [{', '.join(str(int(t)) for t in thresholds)}]
  thresholds_logits: [{', '.join(str(float(t * lsb)) for t in thresholds)}]
  mean_electrons: [{', '.join(f'{e:.0f}' for e in electrons)}]      # beam electrons to a decision, a class each, on the tuning specimens

nominal:
  beam_current_pA: {detector.CURRENT_PA}
  sample_period_ns: {detector.PERIOD_NS}
  beam_electrons_per_sample: {detector.BEAM_PER_SAMPLE:.6f}
  detector_efficiency: {detector.EFFICIENCY}
  dark_electrons_per_sample: {detector.DARK_PER_SAMPLE:.6f}
  gain_counts_per_electron: {detector.GAIN_LSB}
  gain_times_current_within: {visits.PRODUCT_ERROR}

# Estimates from an overview that covers the lattice evenly, taken with the nominal registers:
#   signal  = sum / 64 / samples + floor_loss      events = events / samples
#   product = (signal - dark) / (signal_per_sample - dark), limited to 1 +- gain_times_current_within
#   gain    = (signal / events) / (signal_per_sample / events_per_sample)
#   current = product / gain
overview:
  dose_e_per_A2: {visits.OVERVIEW_E_PER_A2}
  samples_per_pixel: {visits.OVERVIEW_SAMPLES}
  pristine_mean_fraction: {reference.fraction:.6f}
  signal_per_sample: {reference.signal:.6f}       # electrons, dark counts included
  floor_loss: {visits.FLOOR_LOSS}             # electrons a sample: z is rounded down
  events_per_sample: {reference.events_per_sample:.6f}       # at samples_per_pixel; an event that goes on counts again in the next pixel
  events_per_sample_1: {events[1]:.6f}
  events_per_sample_2: {events[2]:.6f}
  events_per_sample_4: {events[4]:.6f}
  events_per_sample_8: {events[8]:.6f}
"""
    path.write_text(text)


def read(path):
    out, section = {}, None
    for line in path.read_text().splitlines():
        line = line.split("#")[0].rstrip()
        if not line:
            continue
        key, _, value = line.strip().partition(":")
        value = value.strip()
        if not value:
            section = out[key] = {}
        else:
            (section if line[0] == " " else out)[key] = parse(value)
    return out


def parse(text):
    if text.startswith("["):
        return [parse(part.strip()) for part in text[1:-1].split(",")]
    try:
        return float(text) if "." in text or "e" in text else int(text)
    except ValueError:
        return text.strip('"')
