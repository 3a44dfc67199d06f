#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Phones in the shipped sandbox: backup, cancel, unplug and kills, with caged helpers.

The programs in the package know no test hooks, so they cannot be shown a phone. One drop-in puts
those of the test build in their place and gives them the preload and folder of the simulated bus;
everything else is the shipped unit. The simulation runs outside of the sandbox as the service's user,
who thus owns the nodes, as the udev rules would make it."""
import glob
import json
import os
import re
import signal
import time

import rig
from rig import holds, same, sh

BUILD = os.environ['BUILD']
SIM = '/srv/sim'
HOOKS = '/opt/hooks'
RIGHTS = '/usr/share/polkit-1/rules.d/50-mtkbackup.rules'
STORE = '/var/lib/mtkbackup/store'
DROP_IN = '''[Service]
ExecStart=
ExecStart={hooks}/mtkbackupd --config /etc/mtkbackup/mtkbackupd.yaml \\
    --profile-directory /usr/share/mtkbackup/profiles --helper-directory {hooks}
Environment=LD_PRELOAD={hooks}/fd-shim.so:libumockdev-preload.so.0 UMOCKDEV_DIR={testbed}
BindPaths={sim}
'''
# slow enough to act in the middle, quick enough for a test
PACE = 12
ERROR = 'org.mtkbackup1.Error'
environment = {}


def station(*words, check=True):
    return sh(' '.join([environment['STATION_CALL'], *words]), check=check)


def plug():
    station('plug', '1')


def log_of_phone():
    with open(environment['STATION_EVENTS'], encoding='utf-8') as file:
        return file.read()


def latest():
    jobs = rig.ctl_json('jobs')['jobs']
    return jobs[-1]


def state():
    return latest()['state']


def processes(name):
    """Numbers of the service's processes of this program, from its control group."""
    found = []
    for pid in sh('pgrep -u mtkbackup', check=False).out.split():
        try:
            if os.path.basename(os.readlink(f'/proc/{pid}/exe')) == name:
                found.append(int(pid))
        except OSError:
            pass
    return found


def booted():
    return log_of_phone().count(' booted')


def fresh():
    """Another phone at the port, and nothing queued."""
    for job in rig.ctl_json('jobs')['jobs']:
        if not job['finished_at']:
            rig.ctl(f'cancel {job["id"]}')
    station('unplug', '1', check=False)
    station('set', '1', f'pace={PACE}')
    # which also forgets that the next phone at the port was to be left alone
    sh('systemctl reset-failed mtkbackupd; systemctl restart mtkbackupd')
    same(rig.ctl_json('devices')['devices'], [])


def running():
    """A backup that is in the middle of the data."""
    rig.ctl('queue --profile mt6765 --no-wait')
    plug()
    rig.until(lambda: latest()['progress']['bytes_done'] > 3 << 20 or latest()['finished_at'],
              'data')
    same(state(), 'running', latest())
    return latest()['id']


def ended():
    rig.until(lambda: latest()['finished_at'], 'the end of the job')
    return latest()


def start():
    """the service of the test build comes up in the shipped sandbox"""
    rig.install()
    os.makedirs(HOOKS)
    for path in ('daemon/mtkbackupd', 'daemon/worker/mtkbackup-worker',
                 'daemon/keeper/mtkbackup-keeper', 'tests/sim/fd-shim.so'):
        sh(f'install -m 755 {BUILD}/{path} {HOOKS}')
    sh(f'install -d -o mtkbackup -g mtkbackup -m 700 {SIM}')
    sh(f'systemd-run --quiet --unit=station -p User=mtkbackup -E TMPDIR={SIM} '
       f'{BUILD}/tests/sim/station --strict --no-daemon --state {SIM}/state '
       f"--phone mt6765,user=24M,boot=1M,pace={PACE} -- sh -c 'env >{SIM}/env.new && "
       f"mv {SIM}/env.new {SIM}/env && exec sleep infinity'")
    rig.until(lambda: os.path.exists(f'{SIM}/env'), 'the simulation')
    with open(f'{SIM}/env', encoding='utf-8') as file:
        environment.update(line.rstrip('\n').split('=', 1) for line in file if '=' in line)
    testbed, = glob.glob(f'{environment["STATION_RUN"]}/umockdev.*')
    rig.drop_in('phones', DROP_IN.format(hooks=HOOKS, testbed=testbed, sim=SIM))
    sh('systemctl restart mtkbackupd')
    same(rig.ctl_json('status')['store_state'], 'ok')
    same(os.readlink(f'/proc/{rig.main_pid()}/exe'), f'{HOOKS}/mtkbackupd')
    rig.ctl(f'agents import {environment["STATION_AGENT"]}')


def backup():
    """a whole backup: queued, plugged, verified, exported, equal to the phone"""
    rig.ctl('queue --profile mt6765 --no-wait')
    plug()
    job = ended()
    same((job['state'], job['result']), ('done', 'complete'), job)
    same(rig.ctl('verify latest').code, 0)
    rig.ctl('export latest /root/export')
    flash = f'{environment["STATION_FLASH"]}/user.img'
    parts = rig.ctl_json('show latest')['parts']
    compared = 0
    for part in parts:
        if part['region'] != 'EMMC_USER':
            continue
        sh(f'cmp --ignore-initial=0:{part["offset"]} --bytes={part["size"]} '
           f'/root/export/{part["file"]}.img {flash}')
        compared += part['size']
    same(compared, os.stat(flash).st_size, 'bytes compared')
    rig.until(booted, 'the phone to start')


def store_is_private():
    """nothing in the store can be read by anybody else"""
    same(sh(f'find {STORE} ! -user mtkbackup -o -perm /077').out, '')
    said = sh(f'ls {STORE}', user='daemon', check=False)
    holds(said.code, said)


def helpers_are_caged():
    """the helpers at work have filters of their own above those of the unit, and no privilege"""
    fresh()
    before = booted()
    running()

    def found(pid):
        with open(f'/proc/{pid}/status', encoding='utf-8') as file:
            return dict(re.findall(r'^(\w+):\t(.*)$', file.read(), re.MULTILINE))
    main = found(rig.main_pid())
    workers, keepers = processes('mtkbackup-worker'), processes('mtkbackup-keeper')
    same((len(workers), bool(keepers)), (1, True), 'helpers')
    for pid in workers + keepers:
        status = found(pid)
        same((status['NoNewPrivs'], status['Seccomp'], status['CapEff'], status['Uid']),
             ('1', '2', '0' * 16, main['Uid']))
        holds(int(status['Seccomp_filters']) > int(main['Seccomp_filters']), status)
        cgroup = sh(f'cat /proc/{pid}/cgroup').out
        holds('mtkbackupd.service' in cgroup, cgroup)
    same(ended()['result'], 'complete')
    rig.until(lambda: booted() > before, 'the phone to start')


def cancel():
    """a canceled backup ends as canceled, and the phone starts"""
    fresh()
    before = booted()
    number = running()
    rig.ctl(f'cancel {number}')
    job = ended()
    same((job['id'], job['result'], job['error_name']), (number, 'canceled', f'{ERROR}.Canceled'), job)
    rig.until(lambda: booted() > before, 'the phone to start')


def unplug():
    """a pulled cable fails the job with that reason; the service goes on"""
    fresh()
    pid = rig.main_pid()
    running()
    station('unplug', '1')
    job = ended()
    same((job['result'], job['error_name']), ('failed', f'{ERROR}.DeviceGone'), job)
    same((rig.active(), rig.main_pid()), (True, pid))


def worker_killed():
    """a worker that is killed fails its job only"""
    fresh()
    pid = rig.main_pid()
    running()
    os.kill(processes('mtkbackup-worker')[0], signal.SIGKILL)
    job = ended()
    same((job['result'], job['error_name']), ('failed', f'{ERROR}.WorkerCrashed'), job)
    same((rig.active(), rig.main_pid()), (True, pid))


def keeper_killed():
    """so does a keeper"""
    fresh()
    pid = rig.main_pid()
    running()
    for keeper in processes('mtkbackup-keeper'):
        os.kill(keeper, signal.SIGKILL)
    job = ended()
    same((job['result'], job['error_name']), ('failed', f'{ERROR}.WorkerCrashed'), job)
    same((rig.active(), rig.main_pid()), (True, pid))


def service_killed():
    """the service killed in the middle: its phone is let go, no helper stays, the job ends as
    interrupted"""
    fresh()
    before = booted()
    number, pid = running(), rig.main_pid()
    helpers = processes('mtkbackup-worker') + processes('mtkbackup-keeper')
    os.kill(pid, signal.SIGKILL)
    rig.until(lambda: rig.active() and rig.main_pid() not in (0, pid), 'another process')
    same([p for p in helpers if os.path.exists(f'/proc/{p}')], [], 'helpers of the old one')
    job = ended()
    same((job['id'], job['result']), (number, 'interrupted'), job)
    rig.until(lambda: booted() > before, 'the phone to start')


def restarted():
    """a restart in the middle interrupts the job and lets the phone go"""
    fresh()
    before = booted()
    number = running()
    began = time.monotonic()
    sh('systemctl restart mtkbackupd')
    print(f'# it took {time.monotonic() - began:.1f} s')
    same(rig.show('mtkbackupd.service', 'Result'), ['success'])
    job = ended()
    same((job['id'], job['result']), (number, 'interrupted'), job)
    rig.until(lambda: booted() > before, 'the phone to start')


def held():
    """Kinds of the locks that logind holds for the service, by mode."""
    text = sh('busctl --json=short call org.freedesktop.login1 /org/freedesktop/login1 '
              'org.freedesktop.login1.Manager ListInhibitors').out
    locks = [lock for lock in json.loads(text)['data'][0] if lock[1] == 'mtkbackup']
    return {(kind, lock[3]) for lock in locks for kind in lock[0].split(':')}


def kept_awake():
    """while a phone is at work logind lets nothing put the machine to sleep; afterwards it does"""
    fresh()
    same(held(), set())
    running()
    wanted = {('sleep', 'delay'), ('shutdown', 'delay')} | {
        (kind, 'block') for kind in ('sleep', 'shutdown', 'handle-lid-switch')}
    rig.until(lambda: held() == wanted, 'the locks')
    station('unplug', '1')
    ended()
    rig.until(lambda: not held(), 'the locks to be given back')


def kept_awake_without_the_rules():
    """without our polkit rules delay locks are left, and the journal says so"""
    fresh()
    os.rename(RIGHTS, '/root/rules')
    rig.until(lambda: sh('systemd-run --pipe --wait --collect --quiet -p User=mtkbackup '
                         'systemd-inhibit --what=sleep --mode=block true', check=False).code,
              'polkitd to forget the rules')
    running()
    rig.until(lambda: held() == {('sleep', 'delay'), ('shutdown', 'delay')}, 'the delay locks')
    rig.until(lambda: 'logind refuses the block lock' in rig.journal(), 'a word in the journal')
    station('unplug', '1')
    ended()
    os.rename('/root/rules', RIGHTS)


def handed_on():
    """a finished backup starts mtkbackup-committed@, with what an administrator put there"""
    fresh()
    before = booted()
    folder = '/etc/systemd/system/mtkbackup-committed@.service.d'
    os.makedirs(folder)
    with open(f'{folder}/copy.conf', 'w', encoding='utf-8') as file:
        file.write('[Service]\nExecStart=sh -c \'ls /var/lib/mtkbackup/store/backups/*/%I/'
                   'manifest.json >/var/cache/mtkbackup/seen\'\n')
    sh('systemctl daemon-reload')
    running()
    same(ended()['result'], 'complete')
    newest = rig.ctl_json('backups')['backups'][-1]['id']
    rig.until(lambda: os.path.exists('/var/cache/mtkbackup/seen') and
              os.stat('/var/cache/mtkbackup/seen').st_size, 'the hook')
    with open('/var/cache/mtkbackup/seen', encoding='utf-8') as file:
        holds(newest in file.read(), newest)
    rig.until(lambda: booted() > before, 'the phone to start')


def upgraded():
    """an upgrade of the package in the middle of a backup leaves it alone and says so"""
    fresh()
    sh('dpkg-deb -R /rig/mtkbackup.deb /root/new && '
       "sed -i 's/^Version: .*/Version: 9-1/' /root/new/DEBIAN/control && "
       'dpkg-deb -b -Znone /root/new /root/new.deb')
    number, pid = running(), rig.main_pid()
    said = sh('dpkg -i /root/new.deb')
    holds('was not restarted' in said.err and 'systemctl restart' in said.err, said)
    job = ended()
    same((job['id'], job['result']), (number, 'complete'), job)
    same(rig.main_pid(), pid)


def after_all():
    """after all of that every backup that is called complete is"""
    backups = rig.ctl_json('backups')['backups']
    whole = [b for b in backups if b['result'] == 'complete']
    same(len(whole), 4, backups)
    for each in whole:
        same(rig.ctl(f'verify {each["id"]}').code, 0, each)
    breaches = station('breaches').out.strip()
    same(breaches, '0', log_of_phone()[-2000:] if breaches != '0' else '')
    same(processes('mtkbackup-worker'), [])


rig.run([start, backup, store_is_private, helpers_are_caged, cancel, unplug, worker_killed,
         keeper_killed, service_killed, restarted, kept_awake, kept_awake_without_the_rules,
         handed_on, upgraded, after_all])
