#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The package on a machine that never had it: service, activation, sandbox, bus policy, removal.
The unit is the shipped one; a drop-in only where a test says so."""
import json
import os
import pwd
import re
import signal
import stat
import time

import rig
from rig import holds, same, sh

SCORE_MOST = 1.3
STATE = '/var/lib/mtkbackup'
BUS = 'org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus'


def modes(*paths):
    found = []
    for path in paths:
        info = os.stat(path)
        found.append((path, pwd.getpwuid(info.st_uid).pw_name, oct(stat.S_IMODE(info.st_mode))))
    return found


def installs():
    """the package installs, and the service runs when that is done"""
    sh('useradd --create-home alice')
    said = rig.install()
    same(rig.show('mtkbackupd.service', 'ActiveState', 'SubState', 'UnitFileState'),
         ['active', 'running', 'enabled'])
    holds(not re.search('warn|fail|denied|error', said.err, re.IGNORECASE), said)
    # it was ready at once: not after a restart because the bus refused the name
    same(rig.show('mtkbackupd.service', 'NRestarts', 'Result'), ['0', 'success'])
    holds('attached' in rig.show('mtkbackupd.service', 'StatusText')[0], 'it says how it is')


def user_and_folders():
    """a user without login, and folders that are nobody else's"""
    user = pwd.getpwnam('mtkbackup')
    same((user.pw_dir, user.pw_shell), (STATE, '/usr/sbin/nologin'))
    same(sh('getent group mtkbackup').out.split(':')[3].strip(), '', 'members of the group')
    sh('getent group mtkbackup-operators')
    same(modes(STATE, f'{STATE}/store', f'{STATE}/agents', f'{STATE}/queue.json',
               f'{STATE}/store/STORE', '/etc/mtkbackup', '/etc/mtkbackup/profiles'),
         [(STATE, 'mtkbackup', '0o700'), (f'{STATE}/store', 'mtkbackup', '0o700'),
          (f'{STATE}/agents', 'mtkbackup', '0o700'), (f'{STATE}/queue.json', 'mtkbackup', '0o600'),
          (f'{STATE}/store/STORE', 'mtkbackup', '0o400'), ('/etc/mtkbackup', 'root', '0o755'),
          ('/etc/mtkbackup/profiles', 'root', '0o755')])


def store_opened_caged():
    """the store was made by a keeper in its cage"""
    same(rig.ctl_json('status')['store_state'], 'ok')
    holds('cage' not in rig.journal() and 'confine' not in rig.journal(), 'no complaint')


def no_root():
    """the process has another user, no capability, and cannot get any"""
    with open(f'/proc/{rig.main_pid()}/status', encoding='utf-8') as file:
        found = dict(re.findall(r'^(\w+):\t(.*)$', file.read(), re.MULTILINE))
    uid = str(pwd.getpwnam('mtkbackup').pw_uid)
    same(found['Uid'].split(), [uid] * 4)
    same({k: int(found[k], 16) for k in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb')},
         dict.fromkeys(('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'), 0))
    same((found['NoNewPrivs'], found['Seccomp']), ('1', '2'))


def sandbox():
    """inside its sandbox a process can write to the state directory and nowhere else, sees no home
    and no process, has no network and none of the calls that attacks are made of"""
    sh('install -m 644 -D /dev/null /home/alice/secret && chmod 755 /home/alice')
    # the probe finds the holes that a process without a sandbox has
    sh(f'python3 {rig.SHARE}/probe.py /root/probe.json; find / -xdev -name mtkbackup-probe -delete')
    with open('/root/probe.json', encoding='utf-8') as file:
        found = json.load(file)
    same([name for name in ('write /etc', 'write /usr', 'write /home/alice', 'list home', 'AF_INET',
                            'user namespace', 'writable code')
          if found[name] in ('EPERM', 'EACCES', 'EROFS', [])], [], 'not possible anywhere')
    same((found['processes'], found['NoNewPrivs']), (False, '0'))
    rig.drop_in('probe', f'[Service]\nBindReadOnlyPaths={rig.SHARE}\n'
                f'ExecStartPre=/usr/bin/python3 {rig.SHARE}/probe.py {STATE}/probe.json\n')
    sh('systemctl restart mtkbackupd')
    with open(f'{STATE}/probe.json', encoding='utf-8') as file:
        found = json.load(file)
    rig.drop_in('probe', None)
    os.unlink(f'{STATE}/probe.json')
    sh('systemctl restart mtkbackupd')
    uid = str(pwd.getpwnam('mtkbackup').pw_uid)
    refused = {'EACCES', 'EPERM', 'EROFS', 'ENOENT'}
    allowed = {f'write {STATE}', 'remove own', 'AF_NETLINK', 'AF_UNIX', 'processes',
               # private folders, which nobody else sees
               'write /tmp', 'write /var/tmp'}
    wanted = {'umask': 0o600, 'Uid': '\t'.join([uid] * 4), 'NoNewPrivs': '1', 'Seccomp': '2',
              **{f'Cap{k}': '0' * 16 for k in ('Inh', 'Prm', 'Eff', 'Bnd', 'Amb')},
              # the call for the version is let through: helpers cage themselves
              'landlock': 'ok' if found['landlock'] == 'ok' else 'EINVAL'}
    bad = {}
    for name, result in found.items():
        if name in wanted:
            good = result == wanted[name]
        elif name in allowed:
            good = result == 'ok'
        elif name.startswith('AF_'):
            good = result == 'EAFNOSUPPORT'
        elif name.startswith('list '):
            good = result == [] or result in refused
        else:
            good = result in refused
        if not good:
            bad[name] = result
    same(bad, {}, 'attempts that went otherwise')
    holds(not os.path.exists('/var/tmp/mtkbackup-probe'), '/var/tmp is its own')


def score():
    """systemd-analyze security rates the unit at most 1.3"""
    text = sh('systemd-analyze security --no-pager mtkbackupd.service').out
    found = float(re.search(r'exposure level for mtkbackupd.service: ([0-9.]+)', text).group(1))
    holds(found <= SCORE_MOST, f'{found} <= {SCORE_MOST}\n'
          + '\n'.join(line for line in text.splitlines() if '✗' in line))
    print(f'# exposure level {found}')


def activation():
    """stopped, it is started by the first call on the bus, also of an ordinary user"""
    sh('systemctl stop mtkbackupd')
    same(rig.active(), False)
    rig.ctl('jobs', user='alice')
    same(rig.active(), True)


def who_may_own():
    """the name is the service's: an ordinary user cannot take it, nor wait for it"""
    sh('systemctl stop mtkbackupd')
    denied = sh(f'busctl call {BUS} RequestName su org.mtkbackup1 0', user='alice', check=False)
    holds(denied.code and 'denied' in denied.err, denied)
    same(sh(f'busctl call {BUS} RequestName su org.mtkbackup1 0').out.strip(), 'u 1')
    same(rig.active(), False)
    sh('systemctl start mtkbackupd')


def who_may_call():
    """everybody may look; signals and errors come back"""
    call = 'busctl call org.mtkbackup1 /org/mtkbackup1 org.mtkbackup1.Manager'
    same(sh(f'{call} ListJobs', user='alice').out.strip(), 'a(uossss) 0')
    wrong = sh(f'{call} Queue ssa{{sv}} backup none 0', check=False)
    holds(wrong.code and 'none' in wrong.err, wrong)
    sh('busctl get-property org.mtkbackup1 /org/mtkbackup1 org.mtkbackup1.Manager Version',
       user='alice')


def restarts_when_killed():
    """killed, it comes back"""
    before = rig.main_pid()
    os.kill(before, signal.SIGKILL)
    rig.until(lambda: rig.active() and rig.main_pid() not in (0, before), 'another process')


def watchdog():
    """it tells the watchdog that it lives; hanging, it is killed and comes back"""
    rig.drop_in('watchdog', '[Service]\nWatchdogSec=2\n')
    sh('systemctl restart mtkbackupd')
    before = rig.main_pid()
    time.sleep(5)
    same((rig.active(), rig.main_pid()), (True, before))
    os.kill(before, signal.SIGSTOP)
    rig.until(lambda: rig.active() and rig.main_pid() not in (0, before), 'another process')
    holds('watchdog' in rig.journal(), 'it was the watchdog')
    rig.drop_in('watchdog', None)


def unit_is_clean():
    """systemd has nothing to say about unit, users and folders"""
    said = sh('systemd-analyze verify --man=no mtkbackupd.service')
    same(said.err.strip(), '')
    same(sh('systemd-tmpfiles --create mtkbackup.conf').err.strip(), '')
    same(sh('systemd-sysusers mtkbackup.conf').out.strip(), '')
    same(sh('systemctl --failed --plain --no-legend').out.strip(), '')


def rules_are_read():
    """udev reads the rules without a complaint, and the journal knows our explanations"""
    said = sh('udevadm test /sys/class/net/lo 2>&1', check=False).out
    rules = [line for line in said.splitlines() if 'mtkbackup' in line]
    holds(len(rules) == 1 and rules[0].startswith('Reading rules file'), rules)
    with open('/usr/lib/systemd/catalog/mtkbackup.catalog', encoding='utf-8') as file:
        ids = re.findall(r'^-- ([0-9a-f]{32})$', file.read(), re.MULTILINE)
    known = sh('journalctl --list-catalog').out
    holds(len(ids) >= 10, ids)
    same([i for i in ids if i not in known], [])


def stops():
    """it stops by itself when told to"""
    sh('systemctl stop mtkbackupd')
    same(rig.show('mtkbackupd.service', 'ActiveState', 'Result', 'ExecMainStatus'),
         ['inactive', 'success', '0'])
    sh('systemctl start mtkbackupd')


def remove_keeps():
    """removing the package ends the service and keeps all it had"""
    rig.ctl('queue --profile full --no-wait')
    sh('dpkg -r mtkbackup')
    same(rig.show('mtkbackupd.service', 'ActiveState', 'LoadState'), ['inactive', 'not-found'])
    same(sh('pgrep -u mtkbackup', check=False).out, '')
    with open(f'{STATE}/queue.json', encoding='utf-8') as file:
        same(len(json.load(file)['jobs']), 1)
    rig.install()
    same([job['state'] for job in rig.ctl_json('jobs')['jobs']], ['waiting-for-device'])


def purge_without_backups():
    """purging where no backup was ever made leaves nothing but the user"""
    sh('touch /etc/mtkbackup/mtkbackupd.yaml; install -d -o mtkbackup /var/cache/mtkbackup/x')
    said = sh('dpkg -P mtkbackup')
    same(said.err.strip(), '')
    same(sh("find / -xdev -name '*mtkbackup*' -not -path '/tmp/*' -not -path '/var/tmp/*'").out, '')
    pwd.getpwnam('mtkbackup')


def purge_keeps_backups():
    """purging never touches backups, nor imported agents, and says where they are"""
    rig.install()
    backup = f'{STATE}/store/backups/mt6765-0123456789ab/20261120T120000Z-01234567'
    for path in (f'{backup}/manifest.json', f'{STATE}/agents/DA.bin'):
        sh(f'install -D -o mtkbackup -g mtkbackup -m 600 /rig/probe.py {path}')
    said = sh('dpkg -P mtkbackup')
    holds(f'were kept in {STATE}' in said.err, said)
    same(sorted(os.listdir(STATE)), ['agents', 'store'])
    sh(f'cmp /rig/probe.py {backup}/manifest.json && cmp /rig/probe.py {STATE}/agents/DA.bin')
    holds(os.path.exists(f'{STATE}/store/STORE'), 'the store is whole')
    # and they are there again with the package
    rig.install()
    same(rig.ctl_json('status')['store_state'], 'ok')



rig.run([installs, user_and_folders, store_opened_caged, no_root, sandbox, score,
         activation, who_may_own, who_may_call, restarts_when_killed, watchdog, unit_is_clean,
         rules_are_read, stops, remove_keeps, purge_without_backups, purge_keeps_backups])
