"""A folder of broken or hostile files with an index.json that says of each what is wrong and what must happen. One case a
file: the program that takes such a file must say so in one message that names it, end with exit code 2, and leave nothing."""

import json
import os

from outcome import Skipped, require

NAME = 'broken'

_SECONDS = 20
_MEGABYTES = 1000
_SHOWN = 200  # characters of a message


def cases(folder, files, below):
    if 'index.json' not in files:
        return []
    with open(os.path.join(folder, 'index.json'), encoding='utf-8') as text:
        index = json.load(text)
    entries = [entry for entry in index if isinstance(entry, dict) and 'file' in entry and 'must' in entry] if isinstance(index, list) else []
    return [(os.path.join(folder, entry['file']), lambda edge, entry=entry: _run(edge, folder, entry)) for entry in entries]


def _commands(file, target):
    """What a user may do with such a file; {target} is where a compiled network would go."""
    if file.endswith('.onnx'):
        return [['inspect', file], ['compile', file, '-o', target], ['inspect', file, '--json']]
    if file.endswith(('.yaml', '.yml')):
        return [['run', file]]
    return [['inspect', file], ['inspect', file, '--json']]


def _run(edge, folder, entry):
    file = os.path.join(folder, entry['file'])
    require(os.path.exists(file), 'index.json names a file that is not there')
    refuse = 'refuse' in entry['must']
    message = ''
    for command in _commands(file, 'compiled'):
        empty, cache = edge.folder(), edge.folder()
        answer = edge.run(command, seconds=_SECONDS, megabytes=_MEGABYTES, folder=empty, cache=cache, allowed=(2,) if refuse else (0, 2))
        if answer.code == 2 and 'can be inspected' in answer.message:
            raise Skipped(f"files of kind {entry.get('kind', '?')} are read by a later issue")
        if answer.code == 0:
            message = message or _accepted(entry, answer)
            continue
        _check_message(answer.err, entry['file'])
        require(entry['file'] in answer.message, f'the message does not name the file: {answer.message}')
        require('no such file' not in answer.message, 'the program did not find the file')
        left = os.listdir(empty) + os.listdir(cache)
        require(not left, f'refused, but left {left}')
        if '--json' in command:
            require(answer.json().get('error') == answer.message, 'the JSON object does not hold the same error')
        else:
            require(not answer.out, f'refused, but printed {answer.out[:100]!r}')
        message = answer.message
    said = ' '.join(message.replace(folder + os.sep, '').split()).removeprefix(entry['file'] + ': ')
    return said if len(said) <= _SHOWN else said[:_SHOWN] + ' ...'


def _check_message(text, file):
    """One message: its first line begins with `edge:`; where it lists several faults, each line names the file again."""
    lines = [line for line in text.splitlines() if line.strip()]
    require(lines and lines[0].startswith('edge: '), f'no message on standard error: {text[:100]!r}')
    astray = [line for line in lines[1:] if file not in line]
    require(not astray and len(lines) <= 50, f'{len(lines)} lines on standard error instead of one message: {astray[:3]}')


def _accepted(entry, answer):
    """The index does not ask for a refusal: then what was made of the file must be said."""
    said = answer.err + answer.out
    if 'never guess silently' in entry['must']:
        require('infer' in said or 'assum' in said or 'taken' in said, 'accepted without saying what was guessed')
    return 'accepted'
