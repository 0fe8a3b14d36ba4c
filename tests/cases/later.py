"""Cases whose kind a later version will know: found, named and counted, so that none is overlooked."""

import os

from outcome import Skipped

_REASON = 'this kind of case belongs to a later issue'


class Kind:
    """Cases recognised by a function of (folder, files) that returns the files which are one case each."""

    def __init__(self, name, what, recognise):
        self.NAME = name
        self._what = what
        self._recognise = recognise

    def cases(self, folder, files, below):
        return [(os.path.join(folder, file), self._skip) for file in self._recognise(folder, files)]

    def _skip(self, edge):
        raise Skipped(f'{self._what}: {_REASON}')


def _schema(word):
    """JSON files that say `"schema": "edge-golden-WORD/1"` near their beginning."""
    def recognise(folder, files):
        return [file for file in files if file.endswith('.json') and f'edge-golden-{word}/' in _head(folder, file)]
    return recognise


def _head(folder, file):
    with open(os.path.join(folder, file), encoding='utf-8', errors='replace') as text:
        return text.read(200)


def _simulated(folder, files):
    """Specimens, streams and baselines of the simulated microscope: a .json beside an array of its name, or beside others."""
    arrays = any(file.endswith('.json') and file[:-len('.json')] + '.npy' in files for file in files)
    return [file for file in files if arrays and file.endswith('.json')]


def _recordings(folder, files):
    return [file for file in files if file.endswith(('.mib', '.tpx3', '.zip', '.emd', '.hspy', '.dm4'))]


KINDS = (
    Kind('gp', 'Gaussian process numbers', _schema('gp')),
    Kind('dkl', 'deep kernel numbers', _schema('dkl')),
    Kind('explore', 'exploration problem', lambda folder, files: ['problem.json'] if 'problem.json' in files else []),
    Kind('recording', 'detector recording', _recordings),
    Kind('simulated', 'simulated specimen or baseline', _simulated),
)
