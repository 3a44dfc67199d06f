# SPDX-License-Identifier: GPL-3.0-or-later
"""A desktop session for tests: a private session bus, a notification server that takes nothing on
trust, and the agent in between. The service comes from tests/bus/rig.py."""
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

import dbus
import dbus.service
from gi.repository import GLib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../bus'))
import rig  # noqa: E402
from rig import until  # noqa: E402

NAME = 'org.freedesktop.Notifications'
PATH = '/org/freedesktop/Notifications'
AGENT = os.environ.get('MTKBACKUP_NOTIFY')
BUTTONS = {'approve': 'Back up', 'refuse': 'Not this phone', 'retry': 'Try again',
           'cancel': 'Cancel', 'show': 'Details'}
# what the specification lists, as far as anybody uses it
CATEGORIES = {'device', 'device.added', 'device.error', 'transfer', 'transfer.complete',
              'transfer.error'}


def pause(seconds):
    """Lets everything run for a while, at least what has come in already."""
    end = time.monotonic() + seconds
    context = GLib.MainContext.default()
    while context.iteration(False) or time.monotonic() < end:
        time.sleep(0.001)


class Bubble:
    """What a server was asked to show, as the person sees it."""

    def __init__(self, id, arguments):
        (self.application, self.replaces, self.icon, self.summary, self.raw_body, actions,
         self.hints, self.timeout) = arguments
        self.id = id
        self.body = str(self.raw_body)
        self.time = time.monotonic()
        self.buttons = [str(a) for a in actions[::2]]
        self.labels = [str(a) for a in actions[1::2]]

    @property
    def text(self):
        return f'{self.summary}\n{self.body}'

    @property
    def value(self):
        return int(self.hints['value']) if 'value' in self.hints else None

    @property
    def urgency(self):
        return int(self.hints['urgency'])

    def __repr__(self):
        return (f'<{self.id}>{self.text!r} {self.value} {self.buttons} urgency {self.urgency} '
                f'replaces {self.replaces}')


class Server(dbus.service.Object):
    """A notification server. mode: "answer", "silent" (never answers), "refuse" (an error)."""

    def __init__(self, address, capabilities=('body', 'body-markup', 'actions'), mode='answer',
                 first_id=1, name='test'):
        self.capabilities, self.mode, self.name = capabilities, mode, name
        self.calls = []     # names, in order
        self.shown = []     # every Bubble, in order
        self.visible = {}   # id -> the newest Bubble
        self.closes = []    # ids of CloseNotification
        self.breaches = []
        self.next_id = first_id
        self.held = []      # callers that wait for ever
        self.link = dbus.bus.BusConnection(address)
        self.link.set_exit_on_disconnect(False)
        super().__init__(self.link, PATH)
        self.link.request_name(NAME, dbus.bus.NAME_FLAG_REPLACE_EXISTING
                                     | dbus.bus.NAME_FLAG_ALLOW_REPLACEMENT)

    def breach(self, text):
        self.breaches.append(text)

    def check(self, b):
        if b.application != 'mtkbackup':
            self.breach(f'application {b.application!r}')
        if b.replaces and b.replaces not in self.given():
            self.breach(f'replaces {b.replaces}, which was never given out')
        if 'actions' not in self.capabilities and b.buttons:
            self.breach(f'buttons without being asked for: {b.buttons}')
        for key, label in zip(b.buttons, b.labels):
            if BUTTONS.get(key) != label:
                self.breach(f'button {key!r} {label!r}')
        for text in (b.summary, b.raw_body):
            if re.search('[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]', text):
                self.breach(f'control characters in {text!r}')
        if '\n' in b.summary or not b.summary or len(b.summary) > 160 or len(b.raw_body) > 1500:
            self.breach(f'summary {b.summary!r}')
        if 'body-markup' in self.capabilities:
            try:
                tree = ElementTree.fromstring(f'<body>{b.raw_body}</body>')
                if list(tree):
                    self.breach(f'markup in {b.raw_body!r}')
                b.body = tree.text or ''
            except ElementTree.ParseError as error:
                self.breach(f'{error}: {b.raw_body!r}')
        types = {'urgency': dbus.Byte, 'value': dbus.Int32, 'category': dbus.String,
                 'suppress-sound': dbus.Boolean}
        for key, value in b.hints.items():
            if type(value) is not types.get(key):
                self.breach(f'hint {key} {value!r}')
        if b.urgency > 2 or b.value is not None and not 0 <= b.value <= 100:
            self.breach(f'{b}')
        if str(b.hints['category']) not in CATEGORIES:
            self.breach(f'category {b.hints["category"]}')

    def given(self):
        return {b.id for b in self.shown}

    def handle(self, name, result, reply, error):
        self.calls.append(name)
        if self.mode == 'silent':
            self.held.append(reply)
        elif self.mode == 'refuse':
            error(dbus.DBusException('no', name='org.example.No'))
        else:
            answer = result()
            reply() if answer is None else reply(answer)

    @dbus.service.method(NAME, '', 'ssss', async_callbacks=('reply', 'error'))
    def GetServerInformation(self, reply, error):
        self.handle('GetServerInformation', lambda: (self.name, 'tests', '1', '1.2'),
                    lambda four=(): reply(*four), error)

    @dbus.service.method(NAME, '', 'as', async_callbacks=('reply', 'error'))
    def GetCapabilities(self, reply, error):
        self.handle('GetCapabilities', lambda: dbus.Array(self.capabilities, signature='s'), reply,
                    error)

    @dbus.service.method(NAME, 'susssasa{sv}i', 'u', async_callbacks=('reply', 'error'))
    def Notify(self, application, replaces, icon, summary, body, actions, hints, timeout, reply,
               error):
        arguments = (application, replaces, icon, summary, body, actions, hints, timeout)

        def show():
            bubble = Bubble(int(arguments[1]) or self.next_id, arguments)
            self.next_id = max(self.next_id, bubble.id + 1)
            self.check(bubble)
            self.shown.append(bubble)
            self.visible[bubble.id] = bubble
            return dbus.UInt32(bubble.id)
        self.handle('Notify', show, reply, error)

    @dbus.service.method(NAME, 'u', '', async_callbacks=('reply', 'error'))
    def CloseNotification(self, id, reply, error):
        def close():
            self.closes.append(int(id))
            self.close(int(id), 3)
        self.handle('CloseNotification', close, reply, error)

    @dbus.service.signal(NAME, 'uu')
    def NotificationClosed(self, id, reason):
        pass

    @dbus.service.signal(NAME, 'us')
    def ActionInvoked(self, id, key):
        pass

    # ---- the person ----

    def close(self, id, reason=2):
        if self.visible.pop(id, None):
            self.NotificationClosed(dbus.UInt32(id), dbus.UInt32(reason))

    def press(self, bubble, key):
        """As most servers do it: the bubble goes when a button is pressed."""
        assert key in bubble.buttons, bubble
        self.ActionInvoked(dbus.UInt32(bubble.id), key)
        self.close(bubble.id)

    def wait(self, condition, what='a bubble'):
        """The newest bubble that satisfies the condition, or contains the text."""
        if isinstance(condition, str):
            text, condition = condition, lambda b: text in b.text
            what = f'a bubble with {text!r}'
        try:
            return until(lambda: next((b for b in self.shown[::-1] if condition(b)), None), what)
        except AssertionError:
            print('# shown: ' + '\n#   '.join(map(repr, self.shown[-10:])))
            raise

    def leave(self):
        """The server dies."""
        self.remove_from_connection()
        self.link.close()


class Desk:
    """A session bus, an agent on it when start() is called, servers made by server()."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix='mtkbackup-notify.')
        self.servers = []
        self.agent = None
        self.address = f'unix:path={self.dir}/bus'
        with open(f'{self.dir}/bus.conf', 'w', encoding='utf-8') as file:
            file.write(f'''<busconfig><type>session</type><listen>{self.address}</listen>
                <policy context="default"><allow send_destination="*" eavesdrop="true"/>
                <allow eavesdrop="true"/><allow own="*"/></policy></busconfig>''')
        self.bus_process = subprocess.Popen(
            ['dbus-daemon', f'--config-file={self.dir}/bus.conf', '--nofork', '--nopidfile'],
            stderr=subprocess.DEVNULL)
        until(self.connect, 'the session bus').close()
        self.presence('active')

    def connect(self):
        try:
            connection = dbus.bus.BusConnection(self.address)
        except dbus.DBusException:
            return None
        connection.set_exit_on_disconnect(False)
        return connection

    def presence(self, word):
        with open(f'{self.dir}/presence', 'w', encoding='utf-8') as file:
            file.write(word)

    def server(self, **keys):
        self.servers.append(Server(self.address, **keys))
        return self.servers[-1]

    def start(self):
        with open(f'{self.dir}/log', 'a', encoding='utf-8') as log:
            self.agent = subprocess.Popen([AGENT], stderr=log, stdout=log, env={
                **os.environ, 'DBUS_SESSION_BUS_ADDRESS': self.address,
                'MTKBACKUP_LOG_LEVEL': '7', 'MTKBACKUP_TEST_PRESENCE': f'{self.dir}/presence'})
        connection = self.connect()
        until(lambda: connection.name_has_owner('org.mtkbackup1.Notify'), 'the agent')
        connection.close()

    def log(self):
        with contextlib.suppress(FileNotFoundError):
            with open(f'{self.dir}/log', encoding='utf-8', errors='replace') as file:
                return file.read()
        return ''

    def stop_bus(self):
        self.bus_process.terminate()
        self.bus_process.wait(rig.PATIENCE)

    def agent_end(self):
        """The exit code of an agent that ends by itself."""
        until(lambda: self.agent.poll() is not None, 'the end of the agent')
        return self.agent.returncode

    def close(self):
        code = 0
        if self.agent and self.agent.poll() is None:
            self.agent.terminate()
            code = self.agent.wait(rig.PATIENCE)
        for server in self.servers:
            with contextlib.suppress(Exception):
                server.leave()
        self.bus_process.terminate()
        self.bus_process.wait(rig.PATIENCE)
        log = self.log()
        shutil.rmtree(self.dir)
        return code, log


@contextlib.contextmanager
def desk():
    d = Desk()
    try:
        yield d
    except BaseException:
        print('# the agent said:\n# ' + d.log().replace('\n', '\n# '), flush=True)
        d.close()
        raise
    breaches = [b for s in d.servers for b in s.breaches]
    code, log = d.close()
    assert code == 0, f'the agent ended with {code}:\n{log}'
    assert not breaches, breaches
