#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tour of README.md is what the programs say today.

    tests/main/test-readme-session.py             compares (TAP)
    tests/main/test-readme-session.py --update    writes it into README.md anew

The commands run for real, with a simulated phone. What differs from one run to the next (dates, ids,
progress) is replaced or left out before comparing."""
import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
README = f'{TOP}/README.md'
BEGIN, END = '<!-- session -->\n```\n', '```\n<!-- end of session -->\n'
PHONE = 'mt6765,user=128M,pace=100'
COMMANDS = [
    'mtkbackupctl',
    'mtkbackupctl agents import MTK_AllInOne_DA.bin',
    'mtkbackupctl queue --profile mt6765 --no-wait',
    'plug',
    'mtkbackupctl watch',
    'mtkbackupctl backups',
    'mtkbackupctl verify latest',
    'mtkbackupctl show latest | head -n 26',
    'mtkbackupctl export latest nvram proinfo my-phone',
    'ls my-phone',
]
SUBSTITUTES = [
    (r'\d{8}T\d{6}Z-[0-9a-f]{8}', '20261120T101502Z-5e2f0c1a'),
    (r'20\d\d-\d\d-\d\d \d\d:\d\d', '2026-11-20 10:15'),
    (r'(/[-\w.]+)+/store\b', '/var/lib/mtkbackup/store'),
    (r'( [0-9a-f]{8})[0-9a-f]{56}', r'\1…'),
    (r'(?m)^job \d+: (queued|waiting-for-device|\w+ing\b[^;\n]*)\n', ''),
    (r'20\d\d/\d\d/\d\d\.\d\d:\d\d', '2020/11/20.11:00'),
]


def inside():
    os.chdir(os.environ['STATION_STATE'])
    shutil.copy(os.environ['STATION_AGENT'], 'MTK_AllInOne_DA.bin')
    cable = os.path.dirname(os.environ['STATION_PLUG'])
    os.environ.update(COLUMNS='100', LC_ALL='C.UTF-8', PATH=f'{os.environ["PATH"]}:{cable}')
    for command in COMMANDS:
        print(f'$ {command}', flush=True)
        subprocess.run(command, shell=True, check=True, stderr=subprocess.STDOUT,
                       stdin=subprocess.DEVNULL)
        print(flush=True)


def session():
    state = tempfile.mkdtemp(prefix='mtkbackup-readme-')
    try:
        run = [os.environ.get('STATION', f'{TOP}/tests/sim/station'), '--quiet', '--strict', '--state', state,
               '--phone', PHONE, '--', sys.executable, os.path.abspath(__file__), '--inside']
        text = subprocess.run(run, stdout=subprocess.PIPE, text=True, check=True).stdout
    finally:
        subprocess.run(['chmod', '-R', 'u+w', state], check=False)
        shutil.rmtree(state, True)
    for pattern, to in SUBSTITUTES:
        text = re.sub(pattern, to, text)
    return text.rstrip('\n') + '\n'


def main():
    if '--inside' in sys.argv:
        inside()
        return 0
    with open(README, encoding='utf-8') as file:
        before, rest = file.read().split(BEGIN)
    shown, after = rest.split(END)
    now = session()
    if '--update' in sys.argv:
        with open(README, 'w', encoding='utf-8') as file:
            file.write(before + BEGIN + now + END + after)
        return 0
    same = shown == now
    print(f'1..1\n{"ok" if same else "not ok"} 1 - the session in README.md is what the programs say')
    for line in difflib.unified_diff(shown.splitlines(), now.splitlines(), 'README.md', 'now', lineterm=''):
        print('# ' + line)
    return 0 if same else 1


sys.exit(main())
