# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole chain on simulated phones, for tests of what goes wrong: the real daemon, worker, keeper
and client under tests/sim/station.

A script calls enter() first, which runs it again inside a station. A Scene is the station as seen
from there. A scenario is a generator function of a port number; it yields conditions to wait for,
so that several of them run side by side, each on a port of its own (Scene.play)."""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'bus'))

import dbus  # noqa: E402
import rig  # noqa: E402

LONG = os.environ.get('MTKBACKUP_TEST_LONG') == '1'
TIMES = 'MTKBACKUP_TEST_TIMES' in os.environ
ERROR = rig.NAME + '.Error.'
# as little as such a phone can have, so that a run takes a moment
SMALL = 'user=16M,boot=512K,reboot_ms=100'
# what a station's phone would keep from the test before
FACTORY = ('window_ms=600000', 'enum_ms=600000', 'again_ms=300', 'ids=normal', 'storage=1', 'trace=0', 'zlps=0', 'split=0',
           'packets=chip', 'layout=observed', 'speed=chip', 'no_zlps=0', 'port=none')
EMMC = {'EMMC_USER': 'user', 'EMMC_BOOT1': 'boot1', 'EMMC_BOOT2': 'boot2'}
NAMES = {'DeviceGone', 'HandshakeTimeout', 'ProtocolViolation', 'DeviceRefused', 'AuthRequired',
         'ChecksumMismatch', 'UnsupportedChip', 'NoDownloadAgent', 'StoreFull', 'NoCage'}


def enter(phones, *options, agent=True):
    """Outside: runs this script inside a station with these phones, and ends with its code."""
    if 'STATION_CALL' in os.environ:
        return
    folder = tempfile.mkdtemp(prefix='mtkbackup-fault.')
    # the service's own user is not the caller of every test
    os.chmod(folder, 0o755)
    try:
        command = [os.environ['STATION'], '--state', os.path.join(folder, 'state'), '--strict',
                   '--quiet', *options, *os.environ.get('STATION_OPTIONS', '').split()]
        if agent:
            command.append('--import-agent')
        for phone in phones:
            command += ['--phone', phone]
        code = subprocess.run(command + ['--', sys.executable, *sys.argv], check=False).returncode
    finally:
        subprocess.run(['chmod', '-R', 'u+w', folder], check=False)
        shutil.rmtree(folder)
    sys.exit(code)


class Scene(rig.Station):
    def __init__(self):
        super().__init__()
        self.control = os.path.join(os.environ['STATION_RUN'], 'control')
        self.first = {}
        self.listen()
        self.wait_store()

    # ---- the station ----

    def do(self, *words):
        """As STATION_CALL, without a process for each."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
            line.settimeout(rig.PATIENCE)
            line.connect(self.control)
            line.send('\0'.join(map(str, words)).encode())
            code, text = line.recv(1024).decode().split(' ', 1)
        assert code == '0', (words, code, text)
        if words[0] == 'daemon' and words[1] in ('start', 'restart'):
            self.wait_store()
        return text

    def wait_store(self):
        """Until it was looked at: before that nothing can be queued."""
        rig.until(lambda: self.get(rig.ROOT, rig.MANAGER, 'StoreState') != 'opening', 'the store')

    def unplug_if_there(self, n):
        try:
            self.unplug(n)
        except AssertionError:
            pass  # its own doing

    def use(self, n, *settings):
        """Phone n comes new from the factory, but for these settings."""
        self.do('set', n, *FACTORY, *settings)
        self.first[n] = 0
        self.first[n] = len(self.events(n))

    def events(self, n):
        """What the phone and its port have told since use()."""
        with open(os.environ['STATION_EVENTS'], encoding='utf-8') as file:
            return [line.split(' ', 2)[2] for line in file.read().splitlines()
                    if line.startswith((f'phone{n} ', f'port{n} '))][self.first[n]:]

    def saw(self, n, *words, count=1):
        """A condition."""
        return lambda: len([e for e in self.events(n) if e.startswith(words)]) >= count

    def boot(self, n):
        """The phone that listens has done so for long enough: it starts."""
        self.do('change', n, 'window_ms=0')
        rig.until(self.saw(n, 'booted'), f'phone {n} to start')

    def steps(self, n):
        """The names of the protocol's steps, of a phone with trace=1."""
        return [e.split()[2] for e in self.events(n) if e.startswith('step ')]

    def device(self, port):
        try:
            return super().device(port)
        except dbus.DBusException as e:
            # it went between the list and the question
            assert e.get_dbus_name() == ERROR + 'NoSuchDevice', e
            return None

    # ---- jobs ----

    def backup(self, n, profile='mt6765', **options):
        return self.queue('backup', profile, device=f'1-{n}', **options)[1]

    def ended(self, job):
        """A condition: the one signal that a job has ended."""
        return lambda: [s for s in self.signals_of('Finished') if s[0] == job]

    def failed(self, job, *names):
        """Checks that a job ended in one of these errors, once, with words for a person."""
        p = self.job(job)
        told = self.ended(job)()
        assert len(told) == 1, told
        assert p['State'] == 'failed' and p['ErrorName'].startswith(ERROR), dict(p)
        name = str(p['ErrorName'])[len(ERROR):]
        assert name in (names or NAMES), (name, str(p['ErrorMessage']))
        for key in ('ErrorMessage', 'ErrorHint'):
            assert str(p[key]).endswith('.') and str(p[key])[0].isupper(), (name, key, str(p[key]))
        assert told[0][3][1] == p['ErrorName'], told
        return p

    def complete(self, job, result='complete'):
        p = self.job(job)
        assert (p['State'], p['Result'], p['ErrorName']) == ('done', result, ''), dict(p)
        return p

    def run_job(self, n, *arguments, **options):
        """A whole job, on a phone that is plugged in for it."""
        job = self.backup(n, *arguments, **options)
        self.plug(n)
        rig.until(self.ended(job), f'job {job} to end')
        return job

    def play(self, scenarios, ports, most=None):
        """Runs generator functions of a port number, several at a time. One that has a port of its
        own (attribute) waits for that."""
        free, running, todo = list(ports), [], list(scenarios)

        def turn():
            for entry in list(running):
                n, generator, condition, name, _ = entry
                try:
                    while condition():
                        condition = generator.send(None)
                    entry[2] = condition
                except StopIteration:
                    if TIMES:
                        print(f'# {time.monotonic() - entry[4]:5.1f} s, port {n}: {name}')
                    running.remove(entry)
                    free.append(n)
                except BaseException as e:
                    print(f'# {name}, port {n}: {self.events(n)[-12:]}')
                    raise AssertionError(f'{name}: {e}') from e
            while free and todo and len(running) < (most or len(ports)):
                fitting = (i for i, t in enumerate(todo) if getattr(t, 'port', free[0]) in free)
                i = next(fitting, None)
                if i is None:
                    break
                scenario = todo.pop(i)
                n = getattr(scenario, 'port', free[0])
                free.remove(n)
                running.append([n, scenario(n), lambda: True, scenario.__name__,
                                time.monotonic()])
            return not running

        try:
            while running or todo:
                before = len(todo), len(running)
                rig.until(lambda: turn() or (len(todo), len(running)) != before,
                          f'{[(e[0], e[3]) for e in running]}')
        except AssertionError:
            for n, _, _, name, _ in running:
                print(f'# {name}, port {n}: {self.events(n)[-12:]}, {self.device(f"1-{n}")}')
            self.sweep()
            raise

    def sweep(self):
        """No job and no memory of a phone is left to the next test."""
        for _, path, *_ in self.manager('ListJobs'):
            if self.get(path, rig.JOB, 'Cancelable'):
                self.call(path, rig.JOB, 'Cancel', dbus.Dictionary({}, signature='sv'))
        self.do('daemon', 'restart')

    # ---- backups ----

    def backups(self):
        return {str(b[0]): str(b[1]) for b in self.manager('ListBackups')}

    def is_whole(self, n, backup_id, regions=EMMC):
        """Every area equals the phone's flash, read through the daemon."""
        path = self.backups()[backup_id]
        flash = os.environ[f'STATION_FLASH_{n}']
        for region, name in regions.items():
            with tempfile.NamedTemporaryFile(dir=os.environ['STATION_STATE']) as out:
                self.call(path, rig.BACKUP, 'Export', region, 'rom', dbus.types.UnixFd(out.fileno()),
                          dbus.Dictionary({}, signature='sv'))
                same = subprocess.run(['cmp', out.name, os.path.join(flash, f'{name}.img')],
                                      check=False).returncode == 0
            assert same, f'{region} differs'

    def all_verify(self, level='data'):
        """Every backup there is can be read in full."""
        jobs = [self.queue('verify', backup=b, level=level)[1] for b in sorted(self.backups())]
        for job in jobs:
            rig.until(self.ended(job), f'{job} to end')
            p = self.job(job)
            assert p['State'] == 'done', dict(p)
        return len(jobs)

    def no_left_overs(self):
        incoming = os.path.join(self.store, 'incoming')
        assert not os.path.isdir(incoming) or os.listdir(incoming) == []

    def no_breaches(self):
        with open(os.environ['STATION_EVENTS'], encoding='utf-8') as file:
            breaches = [line for line in file.read().splitlines() if ' breach ' in line]
        assert breaches == [], breaches


def client(*words, code=0, user=None):
    """mtkbackupctl WORDS; what it printed, after its exit code was the expected one."""
    command = ['mtkbackupctl', *words]
    if user:
        command = ['setpriv', f'--reuid={user}', f'--regid={user}', '--clear-groups', *command]
    p = subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert p.returncode == code, (words, p.returncode, p.stdout, p.stderr)
    return p.stdout, p.stderr
