#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: test-shipped.py BUILD

What starts the agent in a session: the user unit and the autostart file."""
import configparser
import os
import re
import shutil
import subprocess
import sys
import tempfile

BUILD = sys.argv[1]
UNIT = f'{BUILD}/systemd/mtkbackup-notify.service'
DESKTOP = f'{BUILD}/client/notify/mtkbackup-notify.desktop'
PROGRAM = f'{BUILD}/client/notify/mtkbackup-notify'


def parse(path):
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters='=')
    parser.optionxform = str
    parser.read(path, encoding='utf-8')
    return parser


def test_unit_is_valid():
    if not shutil.which('systemd-analyze'):
        return 'systemd-analyze is not installed'
    with tempfile.TemporaryDirectory(prefix='mtkbackup-unit.') as folder:
        with open(UNIT, encoding='utf-8') as file:
            text = re.sub(r'^ExecStart=.*$', f'ExecStart={PROGRAM}', file.read(), flags=re.MULTILINE)
        path = f'{folder}/mtkbackup-notify.service'
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        environment = {**os.environ, 'XDG_RUNTIME_DIR': folder}
        done = subprocess.run(
            ['systemd-analyze', 'verify', '--user', '--man=no', '--recursive-errors=no', path],
            capture_output=True, text=True, check=False, env=environment)
        complaints = [line for line in done.stderr.splitlines() if 'mtkbackup' in line]
        assert done.returncode == 0 and not complaints, done.stderr
        text = subprocess.run(['systemd-analyze', 'security', '--user', '--offline=true', path],
                              capture_output=True, text=True, check=False,
                              env=environment).stdout
        exposure = re.search(r'Overall exposure level for \S+: ([0-9.]+)', text)
        assert exposure and float(exposure.group(1)) <= 6.5, text
    return None


def test_unit_fits_the_session():
    unit = parse(UNIT)
    assert unit['Unit']['PartOf'] == unit['Install']['WantedBy'] == 'graphical-session.target'
    assert 'dbus.service' in unit['Unit']['After'].split()
    assert unit['Service']['Type'] == 'notify' and unit['Service']['Restart'] == 'on-failure'
    # in a user's systemd these take user namespaces, which may be forbidden
    for key in ('PrivateUsers', 'PrivateTmp', 'ProtectSystem', 'ProtectHome', 'PrivateDevices',
                'ReadOnlyPaths', 'InaccessiblePaths', 'PrivateNetwork'):
        assert key not in unit['Service'], key


def test_autostart():
    entry = parse(DESKTOP)['Desktop Entry']
    # systemd starts the unit, and not both
    assert entry['X-systemd-skip'] == 'true' and entry['X-GNOME-HiddenUnderSystemd'] == 'true'
    assert entry['Type'] == 'Application' and entry['NoDisplay'] == 'true'
    assert os.path.basename(entry['Exec']) == 'mtkbackup-notify' and entry['Exec'] == entry['TryExec']
    assert entry['Exec'] == parse(UNIT)['Service']['ExecStart']
    if not shutil.which('desktop-file-validate'):
        return None
    done = subprocess.run(['desktop-file-validate', DESKTOP], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0 and not done.stdout, done.stdout
    return None


def test_command_line():
    for arguments, code, text in ((['--version'], 0, 'mtkbackup-notify '), (['--help'], 0, '--help'),
                                  (['--nonsense'], 2, '--help'), (['word'], 2, '--help')):
        done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == code and text in done.stdout + done.stderr, (arguments, done)
        assert code == 0 or arguments[0].lstrip('-') in done.stderr, done
    # no session: said, and not tried for ever
    with tempfile.TemporaryDirectory(prefix='mtkbackup-unit.') as folder:
        done = subprocess.run([PROGRAM], capture_output=True, text=True, check=False, timeout=180,
                              env={'XDG_RUNTIME_DIR': folder})
        assert done.returncode == 1 and 'session bus' in done.stderr, done


def main():
    tests = [test_unit_is_valid, test_unit_fits_the_session, test_autostart, test_command_line]
    print(f'1..{len(tests)}')
    for number, test in enumerate(tests, 1):
        name = test.__name__.removeprefix('test_')
        try:
            skipped = test()
            print(f'ok {number} - {name}' + (f' # SKIP {skipped}' if skipped else ''))
        except AssertionError as error:
            print('# ' + str(error).replace('\n', '\n# '))
            print(f'not ok {number} - {name}')


main()
