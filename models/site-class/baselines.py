"""What the network is compared with. All decide between the same four classes with at most 1 % wrong in each.

  fixed dwell      probe on the site, the same number of samples everywhere, the same detector, nuisances and features;
                   the best of two decisions: the network's own outputs, and a logistic regression with squares fitted
                   at that dwell; class offsets tuned
  true rates       Wald's test for several classes: counts without detector noise, current and placement known, rates of
                   the classes known; thresholds tuned. A bound, not a method
  uniform scan     every pixel of the specimen gets the same dose, positions of the sites known, matched filter with the
                   true patterns of the classes. `ideal`: counts, current known. `detector`: the ADC's noise, current and
                   gain as unknown as the overview leaves them (a scan of twenty times its dose knows them better)
"""
import numpy as np
import torch
import detector
import ingress
import sequential
import visits

CLASSES = 4


def best_offsets(scores, classes, rounds=60):
    """Offsets of classes that make the largest share of wrong decisions smallest: each round moves one offset."""
    def errors(offsets):
        decided = (scores + offsets).argmax(1)
        return np.array([np.mean(decided[classes == k] != k) for k in range(CLASSES)])
    offsets, step = np.zeros(CLASSES), 1.0
    key = lambda o: tuple(np.sort(errors(o))[::-1])
    best = key(offsets)
    for _ in range(rounds):
        moved = False
        for k in range(CLASSES):
            for sign in (-step, step):
                trial = offsets.copy()
                trial[k] += sign
                now = key(trial)
                if now < best:
                    best, offsets, moved = now, trial, True
        if not moved:
            step /= 2
            if step < 0.01:
                break
    return offsets


def wrong(scores, classes, offsets):
    decided = (scores + offsets).argmax(1)
    return np.array([np.mean(decided[classes == k] != k) for k in range(CLASSES)])


def squares(x):
    """[n, f] -> standardised features with all products of two, and a one."""
    mean, spread = x.mean(0), x.std(0) + 1e-9
    def expand(values):
        z = (values - mean) / spread
        pairs = [z[:, i] * z[:, j] for i in range(z.shape[1]) for j in range(i, z.shape[1])]
        return np.column_stack([np.ones(len(z)), z, *pairs])
    return expand


def logistic(x, classes):
    """Multinomial logistic regression, fitted by L-BFGS -> function of rows giving log posteriors."""
    expand = squares(x)
    rows, labels = torch.from_numpy(expand(x)), torch.from_numpy(classes)
    weights = torch.zeros(rows.shape[1], CLASSES, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=300, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(rows @ weights, labels) + 1e-7 * (weights**2).sum()
        loss.backward()
        return loss
    optimizer.step(closure)
    fitted = weights.detach().numpy()
    return lambda values: expand(values) @ fitted


def fixed_dwell(fitting, test, network):
    """fitting, test: (features [visit, feature] integers at this dwell, classes) -> wrong share of each class in test, the
    better of the two decisions (by its worst class)."""
    (x, y), (u, v) = fitting, test
    own = wrong(network.logits(u), v, best_offsets(network.logits(x), y))
    model = logistic(x.astype(float) / 16, y)
    fitted = wrong(model(u.astype(float) / 16), v, best_offsets(model(x.astype(float) / 16), y))
    return min(own, fitted, key=lambda w: w.max())


def true_rate_passages(batch, grid, samples, rng):
    """Sequential test on counts: log-likelihoods of the classes with their rates at this placement and current."""
    counts = np.cumsum(rng.poisson(np.repeat(batch.rate[:, None], samples, axis=1)), axis=1)
    first = np.full((len(counts), CLASSES, len(grid)), sequential.NEVER, np.int16)
    time = np.arange(1, samples + 1)
    scores = counts[..., None] * np.log(batch.rates)[:, None] - time[:, None] * batch.rates[:, None]
    lead = np.maximum.accumulate(sequential.margins(scores), axis=1)
    for i, threshold in enumerate(grid):
        reached = lead >= threshold
        first[..., i] = np.where(reached[:, -1], reached.argmax(1) + 1, sequential.NEVER)
    return sequential.Passages(first, batch.classes, batch.current)


# ---------------------------------------------------------------- uniform scan

PATCH_RADIUS_A = 1.5
SCAN_PIXEL_A = 31.8 / 256


def patches(specimen, sites_A):
    """Fractions around each site, [site, row, column], and which pixels lie within the radius."""
    reach = int(PATCH_RADIUS_A / SCAN_PIXEL_A)
    step = np.arange(-reach, reach + 1) * SCAN_PIXEL_A
    grid = np.stack(np.meshgrid(step, step, indexing="ij"), -1)
    return specimen.at(sites_A[:, None, None] + grid), np.hypot(*np.moveaxis(grid, -1, 0)) <= PATCH_RADIUS_A


def scan_errors(specimen, samples, visits_per_class, rng, ideal):
    """Wrong share of each class when every pixel gets the dose of so many samples. Half of the scans tune the offsets."""
    everything, inside = patches(specimen, specimen.sites_A)
    templates = np.stack([everything[specimen.classes == k].mean(0) for k in range(CLASSES)])
    classes = np.arange(2 * CLASSES * visits_per_class) % CLASSES
    sites = np.array([rng.choice(np.flatnonzero(specimen.classes == k)) for k in classes])
    fraction = everything[sites]
    rates = samples * (templates * (detector.BEAM_PER_SAMPLE * detector.EFFICIENCY) + detector.DARK_PER_SAMPLE)
    if ideal:
        expected = samples * (fraction * (detector.BEAM_PER_SAMPLE * detector.EFFICIENCY) + detector.DARK_PER_SAMPLE)
        signal = rng.poisson(expected).astype(float)
    else:
        signal = detector_signal(fraction, samples, rng)
    # Matched filter: log-likelihood of the pattern of each class. On the detector's signal the same weights, as its
    # noise grows with the signal too; a common factor is in the offsets.
    scores = np.einsum("vxy,kxy->vk", signal * inside, np.log(rates)) - (rates * inside).sum((1, 2))
    half = len(classes) // 2
    return wrong(scores[half:], classes[half:], best_offsets(scores[:half], classes[:half]))


def detector_signal(fraction, samples, rng):
    """Signal of each pixel in electrons, from ADC samples; rows of a patch are lines of the scan. Gain times current is
    off by what a scan of that length leaves: the relative error of its number of detected electrons."""
    count, rows, columns = fraction.shape
    scanned = samples * detector.BEAM_PER_SAMPLE * 256 * 256 * 0.0093 * detector.EFFICIENCY
    factor = 1 + np.sqrt((1 + detector.SPREAD**2) / scanned) * rng.standard_normal(count)
    out = np.empty_like(fraction)
    for low in range(0, count, 400):
        part = slice(low, low + 400)
        expected = fraction[part] * (detector.BEAM_PER_SAMPLE * detector.EFFICIENCY) + detector.DARK_PER_SAMPLE
        lines = np.repeat(expected.reshape(-1, columns), samples, axis=1)
        gain = np.repeat(factor[part], rows)
        z = ingress.scaled(detector.samples(lines, gain, rng), np.full(len(lines), ingress.NOMINAL_GAIN))
        out[part] = z.reshape(-1, rows, columns, samples).sum(-1) / 64 + samples * visits.FLOOR_LOSS
    return out
