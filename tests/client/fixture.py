# SPDX-License-Identifier: GPL-3.0-or-later
"""A private bus with a made-up mtkbackupd on it, for tests of the client alone.

Service answers for any object put into its `objects` (path -> interface -> property -> value);
types come from the shipped interface XML, so that a property that does not exist there cannot be
used. Methods are Python functions in `methods`; a test changes properties and emits signals as the
real service would. The real service is tested elsewhere, under tests/sim/station."""
import contextlib
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import threading
import time
import xml.etree.ElementTree as ElementTree

import dbus
import dbus.lowlevel
import dbus.mainloop.glib
from gi.repository import GLib

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NAME = 'org.mtkbackup1'
ROOT = '/org/mtkbackup1'
MANAGER, JOB, PROGRESS, BACKUP, DEVICE = (
    f'{NAME}.{i}' for i in ('Manager', 'Job', 'JobProgress', 'Backup', 'Device'))
PROPERTIES = 'org.freedesktop.DBus.Properties'
LATER = object()

CONFIG = '''<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={dir}/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_type="signal"/><allow send_requested_reply="true" send_type="method_return"/>
<allow send_requested_reply="true" send_type="error"/><allow receive_type="method_call"/>
<allow receive_type="method_return"/><allow receive_type="error"/>
<allow receive_type="signal"/></policy></busconfig>
'''

dbus.mainloop.glib.threads_init()

TYPES = {'s': dbus.String, 'o': dbus.ObjectPath, 'u': dbus.UInt32, 't': dbus.UInt64,
         'q': dbus.UInt16, 'd': dbus.Double, 'b': dbus.Boolean}
BLANK = {'s': '', 'o': '/', 'u': 0, 't': 0, 'q': 0, 'd': 0.0, 'b': False, 'as': []}


def load_interfaces():
    tree = ElementTree.parse(os.path.join(TOP, 'dbus/org.mtkbackup1.xml'))
    return {i.get('name'): {p.get('name'): p.get('type') for p in i.findall('property')}
            for i in tree.getroot().findall('interface')}


INTERFACES = load_interfaces()


class Error(Exception):
    """Answer of a method: NAME below the prefix of our errors, or a full name."""

    def __init__(self, name, text):
        super().__init__(text)
        self.name = name if '.' in name else f'{NAME}.Error.{name}'


LOOP = GLib.MainLoop()
THREAD = threading.Thread(target=LOOP.run, daemon=True)
THREAD.start()


def in_loop(function):
    """Runs it in the thread of the main loop and waits until it is done."""
    if threading.current_thread() is THREAD:
        function()
        return
    done = threading.Event()
    failure = []

    def step():
        try:
            function()
        except Exception as error:
            failure.append(error)
        done.set()
        return False
    GLib.idle_add(step)
    done.wait()
    if failure:
        raise failure[0]


class Service:
    """Everything that touches the connection happens in the loop's thread: libdbus is not made to
    be shared."""
    everybody = []

    def __init__(self):
        Service.everybody.append(self)
        self.objects = {}
        self.methods = {}
        self.calls = []
        self.dir = tempfile.mkdtemp(prefix='mtkbackup-client-')
        with open(f'{self.dir}/bus.conf', 'w', encoding='utf-8') as file:
            file.write(CONFIG.format(dir=self.dir))
        read, write = os.pipe()
        self.daemon = subprocess.Popen(
            ['dbus-daemon', f'--config-file={self.dir}/bus.conf', '--nofork',
             f'--print-address={write}'], pass_fds=[write], stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as pipe:
            self.address = pipe.readline().strip()
        self.bus = None
        self.closed = []         # kept: libdbus still calls back about them
        self.add(ROOT, MANAGER, Version='0.1.0', StorePath='/store', StoreState='ok')
        self.appear()

    # ---- on the bus or not ----
    def appear(self):
        in_loop(self.connect)

    def connect(self):
        glib = dbus.mainloop.glib.DBusGMainLoop()
        self.bus = dbus.bus.BusConnection(self.address, mainloop=glib)
        self.bus.set_exit_on_disconnect(False)
        self.bus.add_message_filter(self.on_message)
        self.bus.request_name(NAME)

    def vanish(self):
        bus, self.bus = self.bus, None
        if bus:
            self.closed.append(bus)
            in_loop(bus.close)

    def stop(self):
        self.daemon.kill()
        self.daemon.wait()
        shutil.rmtree(self.dir, True)

    # ---- objects ----
    def add(self, path, interface, **properties):
        unknown = set(properties) - set(INTERFACES[interface])
        assert not unknown, unknown
        values = {name: BLANK[kind] for name, kind in INTERFACES[interface].items()}
        values.update(properties)
        self.objects.setdefault(path, {})[interface] = values
        return path

    def add_job(self, number, **properties):
        path = f'{ROOT}/job/_{number}'
        values = {'Id': number, 'Kind': 'backup', 'State': 'queued', 'Profile': 'mt6765',
                  'QueuedAt': 1_795_000_000_000_000, 'Cancelable': True}
        self.add(path, JOB, **{**values, **properties})
        self.add(path, PROGRESS)
        return path

    def add_backup(self, number, **properties):
        ident = f'20261120T1416{number:02d}Z-{number:08x}'
        path = f'{ROOT}/backup/_3{ident[0]}{ident[1:].replace("-", "_2d")}'
        values = {'Id': ident, 'DeviceKey': 'mt6765-0123456789ab', 'Sequence': number,
                  'Chip': 'MT6765', 'Kind': 'full', 'Result': 'complete', 'Profile': 'mt6765',
                  'StartedAt': 1_795_000_000_000_000 + number * 1_000_000, 'Size': 536870912,
                  'NewBytes': 1048576, 'Verified': 'ok'}
        self.add(path, BACKUP, **{**values, **properties})
        return ident

    @staticmethod
    def variant(kind, value):
        if kind == 'as':
            return dbus.Array(value, signature='s', variant_level=1)
        return TYPES[kind](value, variant_level=1)

    def properties(self, path, interface, names=None):
        values = self.objects[path][interface]
        return dbus.Dictionary(
            {name: self.variant(INTERFACES[interface][name], values[name])
             for name in (names or values)}, signature='sv')

    # ---- signals ----
    def emit(self, path, interface, member, signature, *arguments):
        def send():
            message = dbus.lowlevel.SignalMessage(path, interface, member)
            message.append(*arguments, signature=signature)
            self.bus.send_message(message)
            self.bus.flush()
        in_loop(send)

    def change(self, path, interface, **properties):
        self.objects[path][interface].update(properties)
        self.emit(path, PROPERTIES, 'PropertiesChanged', 'sa{sv}as', interface,
                  self.properties(path, interface, list(properties)),
                  dbus.Array([], signature='s'))

    def finish(self, path, result, error='', text='', hint='', backup=''):
        state = result if result in ('failed', 'canceled', 'interrupted') else 'done'
        self.change(path, JOB, State=state, Result=result, Backup=backup,
                    ErrorName=f'{NAME}.Error.{error}' if error else '', ErrorMessage=text,
                    ErrorHint=hint)
        self.emit(path, JOB, 'Finished', 'sss', result, error, text)

    # ---- calls ----
    def on_message(self, _, message):
        if message.get_type() != dbus.lowlevel.MESSAGE_TYPE_METHOD_CALL:
            return dbus.lowlevel.HANDLER_RESULT_NOT_YET_HANDLED
        if message.get_destination() not in (NAME, self.bus.get_unique_name()):
            return dbus.lowlevel.HANDLER_RESULT_NOT_YET_HANDLED
        try:
            answer = self.answer(message)
        except Error as error:
            answer = dbus.lowlevel.ErrorMessage(message, error.name, str(error))
        except Exception as error:      # a mistake of the test, shown where it will be seen
            answer = dbus.lowlevel.ErrorMessage(message, 'test.Mistake', repr(error))
        if answer is not LATER:
            self.bus.send_message(answer)
        return dbus.lowlevel.HANDLER_RESULT_HANDLED

    def answer(self, message):
        path, interface, member = (message.get_path(), message.get_interface(),
                                   message.get_member())
        arguments = message.get_args_list()
        reply = dbus.lowlevel.MethodReturnMessage(message)
        if member == 'GetManagedObjects':
            reply.append({p: {i: self.properties(p, i) for i in o}
                          for p, o in self.objects.items() if p != ROOT},
                         signature='a{oa{sa{sv}}}')
            return reply
        if path not in self.objects:
            raise Error('org.freedesktop.DBus.Error.UnknownObject', f'Unknown object {path}')
        if interface == PROPERTIES and member == 'GetAll':
            self.calls.append((path, member, arguments))
            reply.append(self.properties(path, arguments[0]), signature='a{sv}')
            return reply
        self.calls.append((path, member, arguments))
        if (interface, member) not in self.methods:
            raise Error('org.freedesktop.DBus.Error.UnknownMethod', member)
        result = self.methods[interface, member](path, *arguments)
        if result is LATER:
            return LATER
        if result:
            reply.append(*result[1:], signature=result[0])
        return reply


class Client:
    """mtkbackupctl as the build made it, on the service's bus."""

    def __init__(self, service=None, address=None):
        self.program = os.environ['MTKBACKUPCTL']
        self.environment = {**os.environ, 'LC_ALL': 'C.UTF-8', 'TZ': 'UTC', 'COLUMNS': '200',
                            'DBUS_SYSTEM_BUS_ADDRESS': address or service.address}
        self.environment.pop('NO_COLOR', None)

    def run(self, *arguments, **options):
        done = subprocess.run([self.program, *arguments], env=self.environment, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=180,
                              check=False, **options)
        return done.returncode, done.stdout, done.stderr

    def json(self, *arguments):
        code, out, err = self.run(*arguments, '--json')
        assert err == '', err
        return code, json.loads(out)

    def events(self, *arguments):
        code, out, err = self.run(*arguments, '--json')
        assert err == '', err
        return code, [json.loads(line) for line in out.splitlines()]

    def start(self, *arguments):
        return subprocess.Popen([self.program, *arguments], env=self.environment, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    @contextlib.contextmanager
    def terminal(self, *arguments, width=None, **environment):
        """The client on a terminal of its own: yields (process, read), read(text) waits for it."""
        master, slave = pty.openpty()
        if width:
            termios.tcsetwinsize(slave, (24, width))
        process = subprocess.Popen([self.program, *arguments], stdin=slave, stdout=slave,
                                   stderr=slave, start_new_session=True,
                                   env={**self.environment, 'TERM': 'xterm', **environment})
        os.close(slave)
        seen = ''

        def read(text=None, limit=120):
            nonlocal seen
            end = time.monotonic() + limit
            while text is None or text not in seen:
                ready, _, _ = select.select([master], [], [], max(0, end - time.monotonic()))
                assert ready, f'{text!r} did not come; seen: {seen!r}'
                try:
                    piece = os.read(master, 65536)
                except OSError:
                    piece = b''
                if not piece:
                    assert text is None, f'{text!r} did not come; seen: {seen!r}'
                    break
                seen += piece.decode()
            return seen

        def write(text):
            os.write(master, text.encode())
        process.type = write
        try:
            yield process, read
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            os.close(master)


def wait_until(condition, limit=120):
    """Waits for something that has to happen, however slow the machine is."""
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, 'it did not happen'
        time.sleep(0.01)


def run_tests(tests):
    """Runs the functions, each as one TAP line; the exit code says whether all passed."""
    print(f'1..{len(tests)}')
    failed = 0
    for number, test in enumerate(tests, 1):
        name = (test.__doc__ or test.__name__).strip().splitlines()[0]
        try:
            test()
            print(f'ok {number} - {name}', flush=True)
        except Exception:
            import traceback
            failed += 1
            print(f'not ok {number} - {name}')
            for line in traceback.format_exc().splitlines():
                print(f'# {line}', flush=True)
    for service in Service.everybody:
        service.stop()
    sys.stdout.flush()
    os._exit(1 if failed else 0)     # the service's thread holds no state worth a farewell


__all__ = ['BACKUP', 'Client', 'DEVICE', 'Error', 'JOB', 'LATER', 'MANAGER', 'NAME', 'PROGRESS',
           'ROOT', 'Service', 'TOP', 'dbus', 'os', 'run_tests', 'signal', 'tempfile', 'wait_until']
