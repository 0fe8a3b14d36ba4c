"""Runs every case found below some folders against the built program: `make cases`.

    python3 tests/cases/run.py [--edge build/edge] [--jobs N] [--only TEXT] [FOLDER ...]

The folders are those of EDGE_GOLDEN (colons between), else tests/golden and ../shared. One line a case, then
`cases: N passed, N failed, N skipped`. Exit code 1 if a case failed or none was found."""

import argparse
import concurrent.futures
import os
import shutil
import sys
import tempfile
import time

import broken
import later
import model
import recorded
import vectors
from outcome import Failed, Skipped
from program import Edge

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KINDS = (model, vectors, broken, recorded, *later.KINDS)  # the first that knows a folder takes it and what is below


def folders(arguments):
    if arguments:
        return arguments
    named = os.environ.get('EDGE_GOLDEN')
    return named.split(':') if named else [os.path.join(ROOT, 'tests', 'golden'), os.path.join(ROOT, '..', 'shared')]


def find(folder):
    """(kind, path, run) of every case below a folder, in the order of their names."""
    for path, below, files in os.walk(folder):
        below.sort()
        for kind in KINDS:
            cases = kind.cases(path, sorted(files), below)
            if cases:
                yield from ((kind.NAME, case, run) for case, run in cases)
                below.clear()
                break


def judge(case, program, work):
    """(word, detail, seconds)."""
    _, path, run = case
    start = time.monotonic()
    own = tempfile.mkdtemp(dir=work)
    try:
        word, detail = 'passed', run(Edge(program, own))
    except Skipped as reason:
        word, detail = 'skipped', str(reason)
    except Failed as reason:
        word, detail = 'FAILED', str(reason)
    except Exception as error:  # a case that cannot be read is a failure of that case, not the end of the others
        word, detail = 'FAILED', f'the case itself cannot be used: {type(error).__name__}: {error}'
    shutil.rmtree(own, ignore_errors=True)
    return word, ' '.join(detail.split()), time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--edge', default=os.path.join(ROOT, 'build', 'edge'), help='the built program')
    parser.add_argument('--jobs', type=int, default=min(os.cpu_count() or 1, 4), help='cases at a time')
    parser.add_argument('--only', default='', help='only cases whose path holds this text')
    parser.add_argument('folders', nargs='*')
    options = parser.parse_args()
    program = os.path.abspath(options.edge)
    if os.path.isdir(program):
        program = os.path.join(program, 'edge')
    if not os.access(program, os.X_OK):
        parser.error(f'{options.edge}: no program there. Build it first: make build')

    cases, seen = [], set()
    for folder in folders(options.folders):
        if not os.path.isdir(folder):
            print(f'cases: {folder}: no such folder', flush=True)
            continue
        for case in find(os.path.abspath(folder)):
            place = os.path.realpath(case[1])
            if options.only in case[1] and place not in seen:
                seen.add(place)
                cases.append(case)

    counts = {'passed': 0, 'FAILED': 0, 'skipped': 0}
    with tempfile.TemporaryDirectory(prefix='edge-cases-') as work, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = pool.map(lambda case: judge(case, program, work), cases)
        for (kind, path, _), (word, detail, seconds) in zip(cases, results):
            counts[word] += 1
            print(f'{word:7}  {kind:9} {os.path.relpath(path)}  - {detail}  {seconds:.1f} s', flush=True)
    print(f"cases: {counts['passed']} passed, {counts['FAILED']} failed, {counts['skipped']} skipped")
    return 1 if counts['FAILED'] or not cases else 0


if __name__ == '__main__':
    sys.exit(main())
