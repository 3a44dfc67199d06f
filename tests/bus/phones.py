# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs with the real worker, the real keeper and simulated phones.

A program that imports this runs itself under tests/sim/station. Each test takes a port of its own,
since a port remembers that a phone was let go there; when all were used the daemon is started
anew."""
import glob
import os
import re
import subprocess
import sys
import tempfile

import dbus
import rig

PORTS = 8
# small, and slow enough that something can happen while it is read
PHONE = 'mt6765,user=64M,boot=1M,pace=80'
# one more, of another chip, whose agent demands its maker's authorisation
OTHER = 'mt6768-sla,user=64M,boot=1M'
OTHER_PORT = PORTS + 1
# how long a phone listens: for ever, unless a test says otherwise (boot)
LONG = 600000


def run_in_station():
    with tempfile.TemporaryDirectory(prefix='mtkbackup-phones.') as folder:
        config = os.path.join(folder, 'mtkbackupd.yaml')
        with open(config, 'w', encoding='utf-8'):
            pass
        os.environ['STATION_CONFIG'] = config
        command = [os.environ['STATION'], '--config', config, '--state', os.path.join(folder, 'state'), '--strict',
                   '--quiet', '--import-agent']
        if os.environ.get('HELPER_DIRECTORY'):
            command += ['--helpers', os.environ['HELPER_DIRECTORY']]
        for extra in os.environ.get('STATION_OPTIONS', '').split():
            command.append(extra)
        command += ['--phone', PHONE] * PORTS
        command += ['--phone', OTHER]
        return subprocess.run(command + ['--', sys.executable, *sys.argv], check=False).returncode


if 'STATION_CALL' not in os.environ:
    sys.exit(run_in_station())

ERROR = 'org.mtkbackup1.Error.'
NOTHING = dbus.Dictionary({}, signature='sv')
ENDED = ('done', 'failed', 'canceled', 'interrupted')
station = rig.Station()
station.listen()
last_port = [0]
first_event = {}


def port(**settings):
    """The next port, its phone as it came from the factory but for settings."""
    if last_port[0] == PORTS:
        last_port[0] = 0
        station.do('daemon', 'restart')
    last_port[0] += 1
    return use(last_port[0], **settings)


def use(n, **settings):
    station.take_out(n)
    settings = dict(window_ms=LONG, enum_ms=LONG, again_ms=300, tokens_ms=10000, ids='normal', cdc_acm_ms=40, latency_us=0,
                    usb_id=0, on='no', android=0) | settings
    station.do('set', n, *(f'{k}={v}' for k, v in settings.items()))
    first_event[n] = 0
    first_event[n] = len(events(n))
    return n


def events(n):
    """What the phone and its port have told since the test took them."""
    with open(os.environ['STATION_EVENTS'], encoding='utf-8') as file:
        return [line.split(' ', 2)[2] for line in file.read().splitlines()
                if line.startswith((f'phone{n} ', f'port{n} '))][first_event[n]:]


def wait_event(n, word, count=1):
    rig.until(lambda: len([e for e in events(n) if e.startswith(word)]) >= count,
              f'phone {n} to say "{word}"')


def boot(n):
    """The phone that listens has done so for long enough: it starts."""
    station.do('change', n, 'window_ms=0', 'again_ms=1')
    rig.until(lambda: [e for e in events(n) if e.startswith(('attached', 'booted'))][-1] > 'b',
              f'phone {n} to start')


def queue(n, profile='mt6765', **options):
    return station.queue('backup', profile, device=f'1-{n}', **options)[1]


def backup(n, *arguments, **options):
    """A whole job on a phone that is plugged in for it."""
    job = queue(n, *arguments, **options)
    station.plug(n)
    return station.wait_state(job, *ENDED)


def slow(place):
    """A fault: from here on it takes its time, as long as a test wants (go)."""
    return f'slow@{place}=10000'


def slowly(n, job):
    """The phone is read, and has got slow."""
    wait_event(n, 'fault slow')
    assert station.job(job)['State'] == 'running', dict(station.job(job))


def go(n):
    """A phone that got slow goes on at its own speed."""
    wait_event(n, 'fault slow')
    station.do('go', n)


def reading(job, least=1 << 20):
    rig.until(lambda: station.get(job, rig.PROGRESS, 'BytesDone') >= least or
              station.job(job)['State'] in ENDED, 'bytes')
    assert station.job(job)['State'] == 'running', dict(station.job(job))


def cancel(job):
    station.call(job, rig.JOB, 'Cancel', NOTHING)


def path_of(backup_id):
    path, = (b[1] for b in station.manager('ListBackups') if b[0] == backup_id)
    return path


def backups():
    return {str(b[0]) for b in station.manager('ListBackups')}


def is_whole(n, backup_id):
    """Every region equals the phone's flash, read through the daemon."""
    flash = os.environ[f'STATION_FLASH_{n}']
    for region, name in (('EMMC_USER', 'user'), ('EMMC_BOOT1', 'boot1'), ('EMMC_BOOT2', 'boot2')):
        with tempfile.NamedTemporaryFile(dir=os.environ['STATION_STATE']) as out:
            station.call(path_of(backup_id), rig.BACKUP, 'Export', region, 'rom',
                         dbus.types.UnixFd(out.fileno()), NOTHING)
            same = subprocess.run(['cmp', out.name, os.path.join(flash, f'{name}.img')],
                                  check=False).returncode == 0
        assert same, f'{region} differs'


def configure(text=''):
    """What the configuration says from now on."""
    with open(os.environ['STATION_CONFIG'], 'w', encoding='utf-8') as file:
        file.write(text)
    station.manager('Reload')


def action(job):
    return str(station.job(job)['UserAction'])


def wait_action(job, *pieces):
    """Until the person is told something with all these pieces."""
    try:
        return rig.until(lambda: (text := action(job)) and all(p in text for p in pieces) and text,
                         f'{job} to say {pieces}')
    except AssertionError as e:
        raise AssertionError(f'{e}; it says "{action(job)}"') from None


def helpers(name):
    """Process ids of the daemon's helpers of this name."""
    children = []
    daemon = subprocess.run([os.environ['STATION_CALL'], 'daemon', 'pid'], check=True, text=True,
                            stdout=subprocess.PIPE).stdout.split()[-1]
    for path in glob.glob('/proc/[0-9]*/stat'):
        try:
            with open(path, encoding='utf-8') as file:
                pid, comm, _, parent = re.match(r'(\d+) \((.*)\) (\S) (\d+)', file.read()).groups()
        except OSError:
            continue
        if parent == daemon and name.startswith(comm):
            children.append(int(pid))
    return children
