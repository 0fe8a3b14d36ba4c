"""The card's rule over whole dwells, and the thresholds that make it err as seldom as asked.

Class k = the largest output is sure when y_k - y_j >= T_k for all j, from min_samples on; undecided at max_samples.
For a grid of thresholds it is enough to know when each class's margin first reaches each of them."""
from dataclasses import dataclass
import numpy as np
from detector import BEAM_PER_SAMPLE

NEVER = np.iinfo(np.int16).max
WRONG, UNDECIDED = 0, 1


@dataclass(frozen=True)
class Passages:
    """first [visit, class, threshold]: the sample, counted from 1, at which the margin of the class first reaches the
    threshold; NEVER if it does not."""
    first: np.ndarray
    classes: np.ndarray
    current: np.ndarray

    @staticmethod
    def joined(parts):
        return Passages(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("first", "classes", "current")))


@dataclass(frozen=True)
class Outcome:
    wrong: np.ndarray                              # [class] share
    undecided: np.ndarray                          # [class] share
    electrons: np.ndarray                          # [class] mean beam electrons up to the deciding sample
    visits: np.ndarray                             # [class]
    median: np.ndarray
    percentile95: np.ndarray
    confusion: np.ndarray                          # [true class, decided class or undecided] counts

    def mean_electrons(self, mix):
        return float(self.electrons @ mix)


def margins(logits):
    """[..., class] -> how far each class leads the best other; negative for all but the first."""
    order = np.sort(logits, axis=-1)
    best, second = order[..., -1:], order[..., -2:-1]
    return logits - np.where(logits == best, second, best)


def passages(x, classes, current, network, grid, min_samples, max_samples, block=128):
    """Runs dwells until nothing can be added. x [visit, sample, feature] integers; grid: thresholds in output units,
    rising."""
    first = np.full((len(x), network.outputs, len(grid)), NEVER, np.int16)
    live = np.arange(len(x))
    for start in range(min_samples - 1, max_samples, block):
        y = network.fast_integers(x[live, start:min(start + block, max_samples)])
        lead = np.maximum.accumulate(margins(y), axis=1)
        for i, threshold in enumerate(grid):
            reached = lead >= threshold
            when = np.where(reached[:, -1], reached.argmax(1) + start + 1, NEVER)
            first[live, :, i] = np.minimum(first[live, :, i], when)
        # Done with a visit once any class has reached the last threshold: no rule goes on after that.
        live = live[(first[live, :, -1] == NEVER).all(1)]
        if len(live) == 0:
            break
    return Passages(first, classes, current)


def stops(p, index, max_samples):
    """index [class] into the grid -> (decided class or -1, sample) of every visit."""
    times = np.stack([p.first[:, k, i] for k, i in enumerate(index)], 1)
    when, decided = times.min(1).astype(int), times.argmin(1)
    late = when > max_samples
    return np.where(late, -1, decided), np.minimum(when, max_samples)


def outcome(p, index, max_samples):
    decided, when = stops(p, index, max_samples)
    return summary(p.classes, decided, when * p.current * BEAM_PER_SAMPLE)


def summary(classes, decided, electrons):
    """decided: class, or -1 for undecided."""
    n = classes.max() + 1
    of = [classes == k for k in range(n)]
    confusion = np.array([[np.sum(decided[m] == j) for j in (*range(n), -1)] for m in of])
    return Outcome(
        np.array([np.mean((decided[m] != k) & (decided[m] >= 0)) for k, m in enumerate(of)]),
        np.array([np.mean(decided[m] < 0) for m in of]),
        np.array([electrons[m].mean() for m in of]), np.array([m.sum() for m in of]),
        np.array([np.median(electrons[m]) for m in of]), np.array([np.percentile(electrons[m], 95) for m in of]), confusion)


def tune(p, thresholds, max_samples, mix, target, rounds=12):
    """Indices into the grid, a class each, with the fewest electrons for the mix and no class above the target of
    wrong decisions: descent over single thresholds and pairs."""
    def cost(index):
        o = outcome(p, index, max_samples)
        return o.mean_electrons(mix) + 1e6 * np.maximum(o.wrong - target, 0).sum()
    steps = (-8, -4, -2, -1, 0, 1, 2, 4, 8)
    best_index = np.full(p.first.shape[1], thresholds // 2)
    best = cost(best_index)
    for _ in range(rounds):
        before = best
        for a in range(len(best_index)):
            for b in range(a + 1, len(best_index)):
                for step_a in steps:
                    for step_b in steps:
                        index = best_index.copy()
                        index[a] += step_a
                        index[b] += step_b
                        if index.min() < 0 or index.max() >= thresholds:
                            continue
                        now = cost(index)
                        if now < best:
                            best, best_index = now, index
        if best == before:
            break
    return best_index
