# SPDX-License-Identifier: GPL-3.0-or-later
"""The real mtkbackupd on a private system-type bus with the shipped policy, and a polkit that says
what a test wants. In a Rig there are no phones, and keepers do what a test tells them (helper.py);
a Station is the same around simulated phones, for tests that run under tests/sim/station."""
import contextlib
import getpass
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

import dbus
import dbus.mainloop.glib
from gi.repository import GLib

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.join(TOP, 'tests/bus')
DAEMON = os.environ.get('MTKBACKUPD')
NAME = 'org.mtkbackup1'
ROOT = '/org/mtkbackup1'
MANAGER, JOB, PROGRESS, BACKUP, DEVICE = (
    f'{NAME}.{i}' for i in ('Manager', 'Job', 'JobProgress', 'Backup', 'Device'))
PROPERTIES = 'org.freedesktop.DBus.Properties'
PATIENCE = int(os.environ.get('RIG_PATIENCE', 180))

dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)


def until(condition, what):
    """Runs the main loop until condition() gives something true; gives that back."""
    end = time.monotonic() + PATIENCE
    context = GLib.MainContext.default()
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f'waited in vain for {what}')
        if not context.iteration(False):
            time.sleep(0.005)


def write_scenario(directory, steps):
    path = os.path.join(directory, 'scenario.json')
    with open(path + '.new', 'w', encoding='utf-8') as file:
        json.dump(steps, file)
    os.rename(path + '.new', path)
    for name in os.listdir(directory):
        if name == 'workers' or name.endswith('.turn'):
            os.unlink(os.path.join(directory, name))


def write_turn(directory, name):
    """Helpers that wait for this turn go on."""
    with open(os.path.join(directory, f'{name}.turn'), 'w', encoding='utf-8'):
        pass


class Caller:
    """Calls of the daemon over self.bus; all its signals in self.signals once listen() was called."""

    def connect(self):
        return until(self._try_connect, 'a connection')

    def _try_connect(self):
        try:
            bus = dbus.bus.BusConnection(self.address)
        except dbus.DBusException:
            return None
        bus.set_exit_on_disconnect(False)
        return bus

    def object(self, path, bus=None):
        return (bus or self.bus).get_object(NAME, path, introspect=False)

    def call(self, path, interface, method, *arguments, bus=None, signature=None):
        return self.object(path, bus).get_dbus_method(method, interface)(
            *arguments, signature=signature, timeout=PATIENCE)

    def manager(self, method, *arguments, **keys):
        return self.call(ROOT, MANAGER, method, *arguments, **keys)

    def queue(self, kind, profile='', bus=None, **options):
        return self.manager('Queue', kind, profile, dbus.Dictionary(options, signature='sv'),
                            bus=bus, signature='ssa{sv}')

    def get(self, path, interface, name):
        return self.call(path, PROPERTIES, 'Get', interface, name)

    def job(self, path):
        return self.call(path, PROPERTIES, 'GetAll', JOB)

    def wait_state(self, path, *states):
        return until(lambda: (p := self.job(path)) and p['State'] in states and p,
                     f'{path} to be {states}')

    def listen(self):
        """Collects all signals of the daemon in self.signals as (path, interface, member, arguments)."""
        def on_signal(*arguments, path=None, interface=None, member=None):
            self.signals.append((path, interface, member, arguments))
        self.bus.add_signal_receiver(on_signal, bus_name=NAME, path_keyword='path',
                                     interface_keyword='interface', member_keyword='member')

    def signals_of(self, member):
        return [s for s in self.signals if s[2] == member]


class Rig(Caller):
    def __init__(self, profiles=True):
        self.dir = tempfile.mkdtemp(prefix='mtkbackup-bus.')
        os.chmod(self.dir, 0o755)
        self.children = []
        self.daemon = None
        self.signals = []
        for name in ('system.d', 'state', 'profiles', 'helpers', 'admin'):
            os.mkdir(self.path(name))
        shutil.copy(os.path.join(TOP, 'dbus/org.mtkbackup1.conf'), self.path('system.d'))
        shutil.copy(os.path.join(HERE, 'helper.py'), self.path('helpers/mtkbackup-keeper'))
        if profiles:
            for name in ('mt6765', 'full'):
                shutil.copy(os.path.join(TOP, f'daemon/profiles/{name}.yaml'),
                            self.path('profiles'))
        self.scenario({})

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), 'w', encoding='utf-8') as file:
            file.write(text)

    def scenario(self, steps):
        write_scenario(self.path('helpers'), steps)

    def turn(self, name):
        write_turn(self.path('helpers'), name)

    # ---- processes ----

    def start_bus(self):
        with open(os.path.join(HERE, 'bus.conf.in'), encoding='utf-8') as file:
            text = file.read().replace('@DIR@', self.dir).replace('@USER@', getpass.getuser())
        self.write('bus.conf', text)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path('bus'))
        log = open(self.path('bus.log'), 'a', encoding='utf-8')
        self.bus_process = subprocess.Popen(
            ['dbus-daemon', f'--config-file={self.path("bus.conf")}', '--nofork', '--nopidfile'],
            stdout=log, stderr=log)
        self.children.append(self.bus_process)
        self.address = f'unix:path={self.path("bus")}'
        os.environ['DBUS_SYSTEM_BUS_ADDRESS'] = self.address
        until(lambda: os.path.exists(self.path('bus')), 'the bus')
        self.bus = self.connect()

    def start_polkit(self):
        log = open(self.path('polkit.log'), 'w', encoding='utf-8')
        self.polkit_process = subprocess.Popen(
            ['/usr/bin/python3', '-m', 'dbusmock', '--system', '--template', 'polkitd'],
            stdout=log, stderr=log)
        self.children.append(self.polkit_process)
        until(lambda: self.bus.name_has_owner('org.freedesktop.PolicyKit1'), 'polkit')

    def allow(self, *actions):
        self.bus.get_object('org.freedesktop.PolicyKit1',
                            '/org/freedesktop/PolicyKit1/Authority').SetAllowed(
            dbus.Array(actions, signature='s'),
            dbus_interface='org.freedesktop.DBus.Mock')

    def start(self, wait=True, **environment):
        log = open(self.path('daemon.log'), 'a', encoding='utf-8')
        self.daemon = subprocess.Popen(
            [DAEMON, '--config', self.path('mtkbackupd.yaml'),
             '--state-directory', self.path('state'), '--helper-directory', self.path('helpers'),
             '--profile-directory', self.path('profiles'),
             '--profile-directory', self.path('admin')],
            stdout=log, stderr=log, env=dict(os.environ, **environment))
        if wait:
            self.wait_name()

    def wait_name(self):
        def there():
            if self.daemon.poll() is not None:
                raise AssertionError(f'the daemon ended with {self.daemon.returncode}')
            return self.bus.name_has_owner(NAME)
        until(there, 'the name of the daemon')

    def stop(self, how=signal.SIGTERM):
        self.daemon.send_signal(how)
        code = self.daemon.wait(PATIENCE)
        until(lambda: not self.bus.name_has_owner(NAME), 'the name to be free')
        return code

    def log(self):
        with open(self.path('daemon.log'), encoding='utf-8') as file:
            return file.read()

    def close(self, checked=True):
        """Ends everything. A daemon that still runs has to end well: a sanitizer would say no."""
        code = 0
        if self.daemon and self.daemon.poll() is None:
            self.daemon.terminate()
            code = self.daemon.wait(PATIENCE)
        said = self.log() if self.daemon else ''
        for process in self.children[::-1]:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        shutil.rmtree(self.dir)
        if checked:
            assert code == 0, f'the daemon ended with {code}:\n{said}'


@contextlib.contextmanager
def rig(polkit=False, **keys):
    r = Rig(**keys)
    try:
        r.start_bus()
        if polkit:
            r.start_polkit()
        yield r
    except BaseException:
        with contextlib.suppress(OSError):
            print('# the daemon said:\n# ' + r.log().replace('\n', '\n# '), flush=True)
        r.close(checked=False)
        raise
    r.close()


class Station(Caller):
    """The daemon that tests/sim/station has started."""

    def __init__(self):
        self.signals = []
        self.store = os.environ['STATION_STORE']
        self.flash = os.environ['STATION_FLASH']
        self.address = os.environ['DBUS_SYSTEM_BUS_ADDRESS']
        self.bus = self.connect()

    def do(self, *words):
        """A request to the station: "plug", 1; "daemon", "restart"; …"""
        subprocess.run([os.environ['STATION_CALL'], *map(str, words)], check=True,
                       timeout=PATIENCE)

    def plug(self, number=1):
        self.do('plug', number)

    def unplug(self, number=1):
        self.do('unplug', number)

    def log(self):
        with open(os.environ['STATION_LOG'], encoding='utf-8', errors='replace') as file:
            return file.read()

    def device(self, port):
        for p, path, *_ in self.manager('ListDevices'):
            if p == port:
                try:
                    return self.call(path, PROPERTIES, 'GetAll', DEVICE)
                except dbus.DBusException as e:
                    if not e.get_dbus_name().endswith('.NoSuchDevice'):
                        raise
                    # it went between the two calls
        return None

    def wait_device(self, port, *states):
        return until(lambda: (d := self.device(port)) and d['State'] in states and d,
                     f'the device at {port} to be {states}')

    def clear(self):
        """No job waits and no phone is plugged in, whatever was before."""
        for _, path, _, state, *_ in self.manager('ListJobs'):
            if state not in ('done', 'failed', 'canceled', 'interrupted'):
                with contextlib.suppress(dbus.DBusException):
                    self.call(path, JOB, 'Cancel', dbus.Dictionary({}, signature='sv'))
        # also those that are on their way to their start: they would come back in the next test
        for name in os.environ:
            if name.startswith('STATION_FLASH_'):
                self.take_out(name.removeprefix('STATION_FLASH_'))

    def take_out(self, number):
        """Unplugs the phone, whether it hangs there, has left by itself or never was there."""
        subprocess.run([os.environ['STATION_CALL'], 'unplug', str(number)], check=False,
                       stderr=subprocess.DEVNULL)
        self.wait_no_device(f'1-{number}')

    def wait_no_device(self, port):
        until(lambda: not self.device(port), f'{port} to be empty')


def error_of(function, *arguments, **keys):
    """The name of the error (below our prefix) that a call ends in, and its text."""
    try:
        function(*arguments, **keys)
    except dbus.DBusException as e:
        return e.get_dbus_name().replace(f'{NAME}.Error.', ''), e.get_dbus_message()
    raise AssertionError('the call was successful')


def as_nobody(function, uid=65534):
    """Runs function() in a process of the user nobody, or another one, which makes its own
    connection; its text. Meanwhile the main loop of this process goes on."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(uid)
            text = function()
        except dbus.DBusException as e:
            text = f'{e.get_dbus_name()}: {e.get_dbus_message()}'
        except BaseException:
            text = traceback.format_exc()
        os.write(writer, str(text).encode())
        os._exit(0)
    os.close(writer)
    until(lambda: select.select([reader], [], [], 0)[0], 'the other user')
    with open(reader, encoding='utf-8') as file:
        text = file.read()
    os.waitpid(pid, 0)
    return text


def run(*tests, before=lambda: None):
    """TAP of test functions, before each of which `before` is called. Names on the command line
    pick some."""
    tests = [t for t in tests if len(sys.argv) < 2 or t.__name__ in sys.argv[1:]]
    print(f'1..{len(tests)}')
    failed = 0
    for number, test in enumerate(tests, 1):
        try:
            before()
            test()
            result = 'ok'
        except BaseException:
            print('# ' + traceback.format_exc().replace('\n', '\n# '))
            result = 'not ok'
            failed = 1
        print(f'{result} {number} - {test.__name__.removeprefix("test_")}', flush=True)
    sys.exit(failed)
