#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: test-shipped.py UNIT RULES METAINFO

The files that make the daemon a part of the system: unit, udev rule, bus policy, polkit actions,
rules, users. Only what can be said without installing them."""
import configparser
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UNIT, RULES, METAINFO = sys.argv[1:4]
EXPOSURE_MAX = 1.3


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
    for threshold, good in ((EXPOSURE_MAX, True), (0.1, False)):
        done = subprocess.run(['systemd-analyze', 'security', '--offline=true',
                               f'--threshold={round(threshold * 10)}', UNIT],
                              stdout=subprocess.PIPE, text=True, check=False)
        assert (done.returncode == 0) == good, done.stdout
    return None


def test_time_to_stop():
    """The service gives up before systemd does, or it would be killed with a phone at hand."""
    given, = re.findall(r'STOP_USEC = (\d+) \* 1000 \* 1000', read('daemon/service.c'))
    assert int(given) < int(unit()['TimeoutStopSec'][0]), given
    assert unit()['KillMode'] == ['control-group']


def settings_of(*path):
    return [line for line in read(*path).splitlines() if '=' in line and line[0] != '#']


def test_unit_that_hands_on():
    """It can be started as it is, does nothing, and as nobody special."""
    lines = settings_of('systemd', 'mtkbackup-committed@.service')
    assert [x for x in lines if x.startswith('Exec')] == ['ExecStart=/bin/true'], lines
    for line in ('Type=oneshot', 'User=mtkbackup', 'NoNewPrivileges=yes', 'ProtectSystem=strict'):
        assert line in lines, line
    if not shutil.which('systemd-analyze'):
        return 'systemd-analyze is not installed'
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'mtkbackup-committed@1.service')
        shutil.copy(os.path.join(TOP, 'systemd/mtkbackup-committed@.service'), path)
        done = subprocess.run(['systemd-analyze', 'verify', '--man=no', path],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
    assert 'mtkbackup-committed' not in done.stdout, done.stdout
    return None


# How polkitd calls a file of rules: each function in turn until one decides.
RULES_HARNESS = """
var rules = [];
var polkit = {Result: {YES: 'yes', NO: 'no', NOT_HANDLED: null},
              addRule: function (f) { rules.push(f); }, log: function () {}};
%s
var cases = %s;
for (var i = 0; i < cases.length; i++) {
    var c = cases[i], result = null;
    var action = {id: c.action, lookup: (function (d) {
        return function (key) { return d[key]; }; })(c.details)};
    var subject = {user: c.user, groups: c.groups, active: false, local: false,
                   isInGroup: (function (g) {
                       return function (name) { return g.indexOf(name) >= 0; }; })(c.groups)};
    for (var j = 0; j < rules.length && result === null; j++)
        result = rules[j](action, subject);
    print(result === null ? '-' : result);
}
"""


def decide(rules, cases):
    """What the rules say to each (action, details, user, groups)."""
    cases = [dict(zip(('action', 'details', 'user', 'groups'), c)) for c in cases]
    with tempfile.NamedTemporaryFile('w', suffix='.js') as file:
        file.write(RULES_HARNESS % (read('dbus', rules), json.dumps(cases)))
        file.flush()
        return subprocess.run(['duk', file.name], stdout=subprocess.PIPE, text=True,
                              check=True).stdout.split()


LOGIN = 'org.freedesktop.login1.'
UNITS = 'org.freedesktop.systemd1.manage-units'
HANDOVER = 'mtkbackup-committed@20261120T101112Z\\x2d00c0ffee.service'


def test_rules_of_the_service():
    if not shutil.which('duk'):
        return 'duktape is not installed'
    service = unit()['User'][0]
    start = {'verb': 'start', 'unit': HANDOVER}
    yes = [(LOGIN + x, {}) for x in
           ('inhibit-block-sleep', 'inhibit-block-shutdown', 'inhibit-handle-lid-switch')]
    yes += [(UNITS, start)]
    no = [(LOGIN + x, {}) for x in
          ('power-off', 'suspend', 'inhibit-block-idle', 'inhibit-handle-power-key', 'reboot',
           'suspend-ignore-inhibit', 'set-wall-message', 'inhibit-block-sleep2')]
    no += [('org.freedesktop.systemd1.' + x, start) for x in
           ('manage-unit-files', 'reload-daemon', 'set-environment')]
    no += [('org.mtkbackup1.delete', {}), ('org.freedesktop.policykit.exec', {})]
    no += [(UNITS, dict(start, verb=verb)) for verb in
           ('stop', 'restart', 'reload', 'try-restart', 'kill', 'set-property', 'reset-failed', '')]
    no += [(UNITS, dict(start, unit=name)) for name in
           ('sshd.service', 'mtkbackupd.service', 'mtkbackup-committed@.service',
            'mtkbackup-committed.service', HANDOVER + '.d', 'x' + HANDOVER, HANDOVER + '\nx.service',
            HANDOVER.replace('.service', '.target'), HANDOVER.replace('\\x2d', '-'),
            HANDOVER.replace('0c0', '0C0'), HANDOVER.replace('@', '@..'), '')]
    no += [(UNITS, {}), (UNITS, {'verb': 'start'}), (UNITS, {'unit': HANDOVER})]
    for cases, user, answer in ((yes, service, 'yes'), (no, service, '-'), (yes, 'nobody', '-'),
                                (yes, service + '2', '-'), (yes, '', '-')):
        said = decide('mtkbackup.rules', [(*c, user, ['wheel', 'mtkbackup']) for c in cases])
        assert said == [answer] * len(cases), list(zip(cases, said))
    return None


def test_rules_of_operators():
    if not shutil.which('duk'):
        return 'duktape is not installed'
    for action in ACTIONS:
        member, other = decide('mtkbackup-operators.rules', [
            (f'org.mtkbackup1.{action}', {}, 'eve', groups)
            for groups in (['mtkbackup-operators'], ['mtkbackup', 'users'])])
        assert other == '-', action
        assert member == ('-' if action in ('delete', 'configure') else 'yes'), action
    return None


def test_unit_can_work():
    """What a tightening hand must not take away."""
    s = unit()
    assert 'PrivateNetwork' not in s, 'stops the events of udev'
    assert 'PrivateDevices' not in s, 'hides the phones'
    assert s['RestrictAddressFamilies'] == ['AF_UNIX AF_NETLINK']
    assert s['DeviceAllow'] == ['char-189 rw'] and s['DevicePolicy'] == ['closed']
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


def test_metainfo():
    """Software centres find the service by the phone that is plugged in."""
    root = ElementTree.parse(METAINFO).getroot()
    found = {m.text for m in root.findall('provides/modalias')}
    wanted = {f'usb:v{vendor.upper()}p{product.upper()}d*' for vendor, product, _, name, _ in ids()
              if name == '-'}
    assert found == wanted and found, found ^ wanted
    version = re.search(r"version: '([\d.]+)'", read('meson.build')).group(1)
    assert root.find('releases/release').get('version') == version
    assert read('NEWS').startswith(f'mtkbackup {version}\n')
    if not shutil.which('appstreamcli'):
        return 'appstream is not installed'
    subprocess.run(['appstreamcli', 'validate', '--no-net', '--strict', '--no-color', METAINFO],
                   stdout=sys.stderr, check=True)
    return None


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
    tests = (test_unit_is_hardened, test_unit_can_work, test_time_to_stop,
             test_unit_that_hands_on, test_activation_names_the_unit, test_udev_rule,
             test_metainfo, test_polkit_actions, test_rules_of_the_service,
             test_rules_of_operators, test_bus_policy, test_users)
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
