"""Expectation maps of MoS2 and the sulphur sites in them.

A map holds the fraction of the beam current that reaches a detector, [source, detector, x, y]; here always the
source of 0.7 A width and the ADF detector (40-200 mrad). Positions are in angstrom from pixel [0, 0].
Origin and limits of the maps: ../../sim/specimens/README.md.
"""
from dataclasses import dataclass
from pathlib import Path
import json
import numpy as np

SOURCE, DETECTOR = 1, 1                    # 0.7 A FWHM Gaussian source; ADF 40-200 mrad
LATTICE_A = 3.18                           # MoS2, the simulation's own constant
CLASSES = ("complete", "one missing", "both missing", "heavier")
CLASS_OF_KIND = {"VS": 1, "VS2": 2, "Mo_S": 3}   # other kinds sit on molybdenum sites: neighbours only


@dataclass(frozen=True)
class Specimen:
    name: str
    fraction: np.ndarray                   # [x, y] float64
    pixel_A: np.ndarray                    # [2]
    periodic: bool
    sites_A: np.ndarray                    # [n, 2] sulphur sites
    classes: np.ndarray                    # [n] int, index into CLASSES
    disturbances_A: np.ndarray             # [m, 2] every defect, molybdenum sites included

    @property
    def size_A(self):
        return np.array(self.fraction.shape) * self.pixel_A

    def at(self, positions_A):
        """Fractions at positions [..., 2], by bicubic interpolation (Catmull-Rom): at most 1e-3 of the peak from the
        Fourier interpolation of the map, where bilinear is up to 2e-2 off. Outside a map that does not repeat: its
        edge."""
        p = np.asarray(positions_A) / self.pixel_A
        count = np.array(self.fraction.shape)
        if not self.periodic:
            p = np.clip(p, 0, count - 1)
        low = np.floor(p).astype(int)
        weights = catmull_rom(p - low)                       # [4, ..., 2]
        total = np.zeros(p.shape[:-1])
        for a in range(4):
            for b in range(4):
                pixel = low + (a - 1, b - 1)
                pixel = pixel % count if self.periodic else np.clip(pixel, 0, count - 1)
                total += weights[a, ..., 0] * weights[b, ..., 1] * self.fraction[pixel[..., 0], pixel[..., 1]]
        return np.maximum(total, 0)


def catmull_rom(t):
    """Weights of the pixels at -1, 0, 1, 2 for a position t between 0 and 1."""
    return np.stack((t * (-1 + t * (2 - t)), 2 + t * t * (3 * t - 5), t * (1 + t * (4 - 3 * t)), t * t * (t - 1))) / 2


def load(folder, name):
    """One specimen: NAME.npy and NAME.json. Whole lattice periods in both axes repeat, others do not."""
    folder = Path(folder)
    about = json.loads((folder / f"{name}.json").read_text())
    fraction = np.load(folder / f"{name}.npy")[SOURCE, DETECTOR].astype(float)
    pixel_A = np.array(about["pixel_pm"]) / 100
    size = np.array(fraction.shape) * pixel_A
    row = LATTICE_A * np.sqrt(3) / 2                          # distance of zigzag rows along y
    periods = size / (LATTICE_A, 2 * row)
    periodic = bool(np.all(np.abs(periods - np.rint(periods)) < 0.01))
    defects = about["defects"]
    origin = next(np.array((d["x_A"], d["y_A"])) for d in defects if d["kind"] in CLASS_OF_KIND)
    sites = np.array([(origin[0] + (i + 0.5 * (j % 2)) * LATTICE_A, origin[1] + j * row)
                      for i in range(-15, 16) for j in range(-16, 17)])
    sites = sites[np.all((sites > -0.01) & (sites < size - 0.01), axis=1)]
    classes = np.zeros(len(sites), int)
    for defect in defects:
        if defect["kind"] in CLASS_OF_KIND:
            away = np.hypot(*(sites - (defect["x_A"], defect["y_A"])).T)
            assert away.min() < 0.05, f"{name}: {defect} is on no sulphur site"
            classes[away.argmin()] = CLASS_OF_KIND[defect["kind"]]
    return Specimen(name, fraction, pixel_A, periodic, sites, classes,
                    np.array([(d["x_A"], d["y_A"]) for d in defects]))


def pristine_mean_fraction(specimens, clearance_A=3.0):
    """Mean fraction over a unit cell of the undisturbed lattice: pixels farther than the clearance from every
    defect, sorted into a unit cell of 24 x 42 bins, bins averaged with equal weight."""
    total, count = np.zeros((24, 42)), np.zeros((24, 42))
    cell = np.array((LATTICE_A, LATTICE_A * np.sqrt(3)))
    for s in specimens:
        x, y = (np.arange(n) * p for n, p in zip(s.fraction.shape, s.pixel_A))
        grid = np.stack(np.meshgrid(x, y, indexing="ij"), -1)
        clear = np.ones(s.fraction.shape, bool)
        for d in s.disturbances_A:
            away = np.abs(grid - d)
            if s.periodic:
                away = np.minimum(away, s.size_A - away)
            clear &= np.hypot(*np.moveaxis(away, -1, 0)) > clearance_A
        phase = (grid - s.sites_A[0]) / cell
        i, j = np.moveaxis(((phase - np.floor(phase)) * total.shape).astype(int), -1, 0)
        np.add.at(total, (i[clear], j[clear]), s.fraction[clear])
        np.add.at(count, (i[clear], j[clear]), 1)
    return float((total / count).mean())
