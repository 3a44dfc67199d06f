#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Completion: what the hidden verb offers, and what the shells make of it."""
import shutil
import subprocess
from fixture import *

service = Service()
client = Client(service)
service.methods[MANAGER, 'ListProfiles'] = lambda path: (
    'a(sssb)', [('mt6765', 'MT6765', 'everything', True), ('mt6768', 'MT6768', 'all', True),
                ('broken', '', 'broken.yaml:1: bad', False)])
first, second = service.add_backup(1, Name='a name\x1b[2J'), service.add_backup(2)
service.add_job(3, State='running')
service.add(f'{ROOT}/device/_31_2d2', DEVICE, Port='1-2', Chip='MT6765')


def offered(*words):
    code, out, err = client.run('complete', '--', *words)
    assert (code, err) == (0, ''), (code, err)
    return [line.split('\t')[0] for line in out.splitlines()]


def test_words():
    """verbs, options, keywords and files come from the tables"""
    assert offered('mon') == ['monitor'] and 'complete' not in offered('')
    assert {'queue', 'inspect', 'help'} <= set(offered())
    assert offered('queue', '--pro') == ['--profile']
    assert '--json' in offered('queue', '--') and '--json' in offered('--')
    assert offered('profiles', '') == ['show', 'check']
    assert offered('profiles', 'show', '') == ['mt6765', 'mt6768']
    assert offered('profiles', 'check', '') == [':file']
    assert offered('agents', 'im') == ['import'] and offered('agents', 'import', '') == [':file']
    assert offered('scatter', '') == ['check', ':file'] or offered('scatter', '') == [':file', 'check']
    assert offered('auto', 'o') == ['on', 'off'] and offered('auto', 'on', '') == []
    assert offered('auto', 'approve', '') == ['3'] and offered('auto', 'approve', '3', '') == []
    assert offered('export', '--format', '') == ['raw', 'rom', 'simg', 'zst', 'map', 'kit']
    assert offered('scatter', '--to', 'v') == ['v1', 'v2']
    assert offered('readback-xml', '--part-id', '') == ['v1', 'v2']
    # bash cuts the words at "=", the others do not
    assert offered('scatter', '--to', '=', 'v') == ['v1', 'v2']
    assert offered('scatter', '--to=v') == ['--to=v1', '--to=v2']
    assert offered('scatter', '--to=v1', '--f') == ['--force'] and offered('scatter', '--tox=v') == []
    assert offered('verify', '-l', '') == ['structure', 'data']
    assert offered('sparse', '-o', '') == [':file']
    assert offered('help', 'ver') == ['verify']
    assert {'MT6761', 'MT6765'} <= set(offered('queue', '--chip', 'MT676'))
    assert offered('nonsense', 'x') == [] and offered('status', '') == []


def test_objects():
    """what the service has: profiles, backups, jobs, phones"""
    assert offered('queue', '--profile', '') == ['mt6765', 'mt6768']
    assert offered('queue', '--profile', '=', 'mt67') == ['mt6765', 'mt6768']
    assert offered('queue', '--profile', '=') == ['mt6765', 'mt6768']
    assert offered('queue', '-p', 'mt6768') == ['mt6768']
    assert offered('show', '') == ['latest', first, second]
    assert offered('--json', 'show', second) == [second]
    assert offered('cancel', '') == ['3'] and offered('watch', '1') == []
    assert offered('queue', '-p', 'mt6765', '--device', '') == ['1-2']
    assert '\x1b' not in client.run('complete', '--', 'show', '')[1]


def test_no_service():
    """without a service it offers what it knows, at once and without a word on stderr"""
    alone = Client(address='unix:path=/nonexistent')
    assert alone.run('complete', '--', 'queue', '-p', '') == (0, '', '')
    assert alone.run('complete', '--', 'queue', '--prof')[1].startswith('--profile\t')


def shell(*command):
    folder = os.path.dirname(client.program)
    return subprocess.run(command, env={**client.environment,
                                        'PATH': f'{folder}:{os.environ["PATH"]}', 'HOME': service.dir},
                          capture_output=True, text=True, timeout=180, check=False)


def test_bash():
    """bash: candidates, values behind “=”, file names"""
    script = f'''
        source {TOP}/client/completion/mtkbackupctl.bash
        try() {{ COMP_WORDS=(mtkbackupctl "$@"); COMP_CWORD=$#; _mtkbackupctl; echo "${{COMPREPLY[*]}}"; }}
        cd "$HOME"; touch some-file
        try mon; try queue --profile =; try queue -p mt6768; try inspect some; try show late'''
    done = shell('bash', '--norc', '-c', script)
    assert done.stdout.splitlines() == ['monitor', 'mt6765 mt6768', 'mt6768', 'some-file', 'latest'], \
        (done.stdout, done.stderr)


def test_others():
    """zsh and fish read their files, where they are installed"""
    if shutil.which('zsh'):
        done = shell('zsh', '-n', f'{TOP}/client/completion/_mtkbackupctl')
        assert done.returncode == 0, done.stderr
    if shutil.which('fish'):
        done = shell('fish', '-c', f'source {TOP}/client/completion/mtkbackupctl.fish;'
                     'complete -C "mtkbackupctl mon"; complete -C "mtkbackupctl show lat"')
        assert done.stdout.splitlines() == [
            'monitor\tprint every signal of the service, with the time',
            'latest\tthe newest backup'], (done.stdout, done.stderr)


run_tests([test_words, test_objects, test_no_service, test_bash, test_others])
