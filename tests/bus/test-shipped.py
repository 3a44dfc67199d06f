#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: test-shipped.py UNIT RULES

The files that make the daemon a part of the system: unit, udev rule, bus policy, polkit actions,
users. Only what can be said without installing them."""
import configparser
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UNIT, RULES = sys.argv[1:3]
EXPOSURE_MAX = 1.5


def read(*path):
    with open(os.path.join(TOP, *path), encoding='utf-8') as file:
        return file.read()


def unit():
    settings = {}
    with open(UNIT, encoding='utf-8') as file:
        for line in file:
            if '=' in line and not line.startswith('#'):
                key, value = line.rstrip('\n').split('=', 1)
                settings.setdefault(key, []).append(value)
    return settings


def test_unit_is_hardened():
    if not shutil.which('systemd-analyze'):
        return 'systemd-analyze is not installed'
    text = subprocess.run(['systemd-analyze', 'security', '--offline=true', UNIT],
                          stdout=subprocess.PIPE, text=True, check=False).stdout
    exposure = float(re.search(r'Overall exposure level for \S+: ([0-9.]+)', text).group(1))
    assert exposure <= EXPOSURE_MAX, text
    return None


def test_unit_can_work():
    """What a tightening hand must not take away."""
    s = unit()
    assert 'PrivateNetwork' not in s, 'stops the events of udev'
    assert 'PrivateDevices' not in s, 'hides the phones'
    assert s['RestrictAddressFamilies'] == ['AF_UNIX AF_NETLINK']
    assert s['DeviceAllow'] == ['char-usb_device rw'] and s['DevicePolicy'] == ['closed']
    allowed = s['SystemCallFilter'][0].split()
    for call in ('@system-service', 'seccomp', 'landlock_create_ruleset', 'landlock_add_rule',
                 'landlock_restrict_self'):
        assert call in allowed, call
    assert s['Type'] == ['notify'] and int(s['WatchdogSec'][0]) > 0
    assert s['User'] == s['Group'] == ['mtkbackup']
    assert s['StateDirectoryMode'] == ['0700'] and s['UMask'] == ['0077']


def test_activation_names_the_unit():
    parser = configparser.ConfigParser()
    parser.read_string(read('dbus/org.mtkbackup1.service'))
    section = parser['D-BUS Service']
    assert section['Name'] == 'org.mtkbackup1'
    assert section['SystemdService'] == os.path.basename(UNIT)
    assert section['User'] == unit()['User'][0]


def ids():
    for line in read('udev/ids.tsv').splitlines():
        if line and not line.startswith('#'):
            yield line.split('\t')


def test_udev_rule():
    with open(RULES, encoding='utf-8') as file:
        rules = file.read()
    device, port = rules.split('LABEL="mtkbackup_device"')[1].split('LABEL="mtkbackup_port"')
    count = 0
    for vendor, product, _, name, _ in ids():
        count += 1
        line, = (x for x in device.splitlines()
                 if f'idVendor}}=="{vendor}"' in x and f'idProduct}}=="{product}"' in x)
        for part in ('GROUP="mtkbackup"', 'MODE="0660"', 'ENV{ID_MM_DEVICE_IGNORE}="1"',
                     'ENV{MTP_NO_PROBE}="1"'):
            assert part in line, (part, line)
        assert (name != '-') == ('ATTR{product}==' in line), line
        assert f'ATTRS{{idVendor}}=="{vendor}", ATTRS{{idProduct}}=="{product}"' in port
    assert count == device.count('GROUP=') == port.count('ID_MM_PORT_IGNORE'), count
    # phones in download mode only: neither other modes of theirs nor serial adapters
    for product in ('2008', '200c', '201c', '201d'):
        assert f'"0e8d", ATTR{{idProduct}}=="{product}"' not in rules
    for vendor in ('0403', '10c4', '1a86', '4348', '11ca'):
        assert vendor not in rules, vendor


# DESIGN of the rights: who is in front of the machine, and anybody else
ACTIONS = {
    'backup': ('yes', 'auth_admin_keep'),
    'detect': ('yes', 'auth_admin_keep'),
    'cancel': ('yes', 'auth_admin_keep'),
    'cancel-other': ('auth_admin_keep', 'auth_admin_keep'),
    'read-other': ('auth_admin_keep', 'auth_admin_keep'),
    'configure': ('auth_admin_keep', 'auth_admin_keep'),
    'import-agent': ('auth_admin_keep', 'auth_admin_keep'),
    'export': ('auth_admin_keep', 'auth_admin_keep'),
    'delete': ('auth_admin', 'auth_admin'),
}


def test_polkit_actions():
    root = ElementTree.fromstring(read('dbus/org.mtkbackup1.policy').encode())
    found = {}
    for action in root.findall('action'):
        defaults = action.find('defaults')
        found[action.get('id').removeprefix('org.mtkbackup1.')] = (
            defaults.findtext('allow_active'), defaults.findtext('allow_any'))
        assert defaults.findtext('allow_inactive') == defaults.findtext('allow_any')
        assert action.findtext('message').endswith('.')
        owner, = action.findall('annotate')
        assert owner.get('key') == 'org.freedesktop.policykit.owner'
        assert owner.text == 'unix-user:' + unit()['User'][0]
    assert found == ACTIONS, found
    named = set(re.findall(r'#define ACTION_\w+ "org\.mtkbackup1\.([a-z-]+)"', read('dbus/names.h')))
    assert named == set(ACTIONS), named
    # the example for operators gives nothing that an administrator has to confirm each time
    granted = set(re.findall(r'"org\.mtkbackup1\.([a-z-]+)"', read('dbus/mtkbackup-operators.rules')))
    assert granted <= set(ACTIONS) - {'delete', 'configure'}, granted


def test_bus_policy():
    root = ElementTree.fromstring(read('dbus/org.mtkbackup1.conf').encode())
    owners = {p.get('user') for p in root.findall('policy')
              if any(a.get('own') == 'org.mtkbackup1' for a in p.findall('allow'))}
    assert owners == {'mtkbackup', 'root'}, owners
    assert root.findall('policy/deny') == []


def test_users():
    sysusers = shutil.which('systemd-sysusers', path=os.environ['PATH'] + ':/bin:/usr/bin')
    if not sysusers:
        return 'systemd-sysusers is not installed'
    with tempfile.TemporaryDirectory() as root:
        os.mkdir(os.path.join(root, 'etc'))
        subprocess.run([sysusers, f'--root={root}',
                        os.path.join(TOP, 'systemd/mtkbackup-sysusers.conf')], check=True)
        with open(os.path.join(root, 'etc/passwd'), encoding='utf-8') as file:
            user, = (x for x in file.read().splitlines() if x.startswith('mtkbackup:'))
        with open(os.path.join(root, 'etc/group'), encoding='utf-8') as file:
            groups = [x.split(':')[0] for x in file.read().splitlines()]
    assert user.endswith('nologin'), user
    assert {'mtkbackup', 'mtkbackup-operators'} <= set(groups), groups
    return None


def main():
    tests = (test_unit_is_hardened, test_unit_can_work, test_activation_names_the_unit,
             test_udev_rule, test_polkit_actions, test_bus_policy, test_users)
    failed = 0
    print(f'1..{len(tests)}')
    for number, test in enumerate(tests, 1):
        name = test.__name__.removeprefix('test_')
        try:
            skipped = test()
            print(f'ok {number} - {name}' + (f' # SKIP {skipped}' if skipped else ''))
        except Exception as e:
            failed = 1
            print('# ' + repr(e).replace('\n', '\n# '))
            print(f'not ok {number} - {name}')
    sys.exit(failed)


main()
