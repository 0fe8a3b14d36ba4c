"""Runs the built `edge` as a user does: another process, with limits on time and memory, and nothing but its exit code,
its output and the files it leaves to judge it by."""

import json
import os
import re
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass

from outcome import Failed, require

_STACK_TRACE = re.compile(r'^\s+at \S.*[(].*[)]|Unhandled exception|internal error|Segmentation fault|^Traceback', re.MULTILINE)


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str
    seconds: float

    @property
    def message(self):
        """The error as the user reads it: what stands on standard error behind the last `edge:`."""
        return ('\n' + self.err).rpartition('\nedge: ')[2].strip() if 'edge: ' in self.err else ''

    def json(self):
        try:
            return json.loads(self.out)
        except ValueError:
            raise Failed(f'--json printed no JSON object: {self.out[:200]!r}') from None


class Edge:
    """One built program and a folder of its own for everything it writes."""

    def __init__(self, path, work):
        self.path = path
        self.work = work

    def folder(self):
        return tempfile.mkdtemp(dir=self.work)

    def run(self, arguments, seconds, megabytes, folder=None, allowed=(0,), cache=None):
        """Runs `edge ARGUMENTS` and checks what must hold for every run: it ends in time and inside its memory, with an
        allowed exit code and without a stack trace. `megabytes` bounds the data of the process and of its children."""
        environment = dict(os.environ)
        environment.pop('EDGE_DEBUG', None)
        if cache:
            environment['EDGE_CACHE'] = cache
        # The shell sets the limit and becomes edge; a session of its own lets the children be stopped with it.
        command = ['sh', '-c', f'ulimit -d {megabytes * 1024} && exec "$@"', 'sh', self.path, *arguments]
        start = time.monotonic()
        process = subprocess.Popen(command, cwd=folder or self.work, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, errors='replace', start_new_session=True)
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise Failed(f'no answer in {seconds} s: {self._said(arguments)}') from None
        answer = Answer(process.returncode, out, err, time.monotonic() - start)
        trace = _STACK_TRACE.search(out + '\n' + err)
        require(trace is None, f'printed a stack trace or an internal error: {self._said(arguments)}: {trace and trace[0].strip()}')
        require(answer.code in allowed, f'exit code {answer.code}: {self._said(arguments)}: {answer.message or (err or out).strip()[-300:]}')
        return answer

    @staticmethod
    def _said(arguments):
        return 'edge ' + ' '.join(str(argument) for argument in arguments)
