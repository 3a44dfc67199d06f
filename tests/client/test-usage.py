#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command lines, help, and what is said without a service."""
import json
import subprocess
from fixture import *

client = Client(address='unix:path=/nonexistent/bus')


def test_usage():
    """wrong command lines: exit code 2, one sentence, where to look"""
    for line in (['nonsense'], ['--nonsense'], ['-x'], ['queue', '--nonsense'], ['queue'],
                 ['queue', '--profile'], ['queue', '-p', 'x', 'extra'], ['--redact=1'],
                 ['queue', '-p', 'x', '--timeout', 'soon'], ['queue', '-p', 'x', '-t', '-1'],
                 ['export', 'latest'], ['show'], ['show', 'a', 'b'], ['job', '1x'], ['help', 'x'],
                 ['watch', '4294967296'], ['delete'], ['verify'], ['export', 'a', 'b', '--format', ''],
                 ['queue', '-p', 'x', '--partitions', ''], ['queue', '-p', 'x', '--partitions', ',,']):
        code, out, err = client.run(*line)
        assert (code, out) == (2, ''), (line, code, out, err)
        assert err.startswith('mtkbackupctl: ') and '--help' in err, (line, err)
        code, out, err = client.run('--json', *line)
        answer = json.loads(out)
        assert code == 2 and err == '' and answer['exit_code'] == 2 and answer['type'] == 'error'


def test_anywhere():
    """options stand before or behind the verb, “--” ends them"""
    for line in (['--json', 'help'], ['help', '--json'], ['-j', 'help'], ['help', '-j']):
        code, out, _ = client.run(*line)
        assert code == 0 and json.loads(out)['verbs'], line
    code, _, err = client.run('show', '--', '--json')
    assert code == 7, err


def test_help():
    """every verb has a help text that names its options, for 80 columns"""
    code, everything = client.json('help')
    assert code == 0
    names = [verb['name'] for verb in everything['verbs']]
    assert len(set(names)) == len(names) and 'queue' in names
    _, overview, _ = client.run('--help')
    assert all(len(line) <= 80 for line in overview.splitlines()), overview
    for verb in everything['verbs']:
        code, out, _ = client.run(verb['name'], '--help')
        assert code == 0 and out.startswith(f'Usage: mtkbackupctl {verb["name"]}')
        assert client.run('help', verb['name'])[1] == out
        letters = [o['letter'] for o in verb['options'] + everything['options'] if 'letter' in o]
        assert len(set(letters)) == len(letters), f'{verb["name"]}: a letter twice'
        assert all(len(line) <= 80 and line == line.rstrip() for line in out.splitlines()), out
        words = ' '.join(out.split())
        for option in verb['options']:
            assert f'--{option["name"]}' in out and option['help'] in words, (verb['name'], option)
        assert verb.get('group') is None or f'  {verb["name"]}' in overview, verb['name']
        assert verb['summary'][-1] != '.' and '\n' not in verb['summary']


def test_help_text():
    """texts are broken at the edge, with their paragraphs and lists as they are"""
    out, help_ = client.run('help', 'auto')[1], client.json('help', 'auto')[1]['help']
    assert help_.split() == out[out.index('Without'):out.index('\n\nOptions')].split(), out
    assert '\n\n“on” and “off”' in out, out
    assert '\nmap    partition.map, what' in client.run('help', 'export')[1]


def test_version():
    """--version"""
    code, out, _ = client.run('--version')
    assert code == 0 and out.split()[0] == 'mtkbackupctl'
    assert client.json('--version')[1]['version'] == out.split()[1]


def test_unreachable():
    """without a bus or a service: exit code 7 and how to start it"""
    lone = Service()
    lone.vanish()
    for other in (client, Client(lone)):
        for line in ([], ['jobs'], ['queue', '-p', 'x'], ['watch'], ['export', 'a', 'b'],
                     ['agents'], ['profiles'], ['detect'], ['cancel', '1']):
            code, out, err = other.run(*line)
            assert (code, out) == (7, ''), (line, code, out)
            assert 'cannot be reached' in err and 'systemctl start mtkbackupd' in err, err
            code, answer = other.json(*line)
            assert code == 7 and answer['exit_code'] == 7 and answer['hint'], line


def test_full_disk():
    """an answer that could not be written is no success"""
    with open('/dev/full', 'wb') as full:
        code = subprocess.run([client.program, 'help'], stdout=full, stderr=subprocess.DEVNULL,
                              env=client.environment, check=False).returncode
    assert code == 1, code


run_tests([test_usage, test_anywhere, test_help, test_help_text, test_version, test_unreachable, test_full_disk])
