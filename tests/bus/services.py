# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-ins for the services around the daemon, each on a connection of its own and stricter than
the real one: a call that the real one would refuse fails the test."""
import contextlib
import os
import re
import select

import dbus
import dbus.lowlevel
import dbus.service
import rig

LOGIND = 'org.freedesktop.login1'
LOGIND_MANAGER = 'org.freedesktop.login1.Manager'
WHAT = {'shutdown', 'sleep', 'idle', 'handle-power-key', 'handle-suspend-key',
        'handle-hibernate-key', 'handle-lid-switch'}
DELAYABLE = {'shutdown', 'sleep'}


class Refused(dbus.DBusException):
    _dbus_error_name = 'org.freedesktop.DBus.Error.InteractiveAuthorizationRequired'


class Lock:
    def __init__(self, what, who, why, mode):
        self.what, self.who, self.why, self.mode = what, who, why, mode
        self.reader, self.writer = os.pipe()

    def held(self):
        """Until the last copy of the descriptor that was given away is closed."""
        poll = select.poll()
        poll.register(self.reader, select.POLLIN)
        return not any(event & select.POLLHUP for _, event in poll.poll(0))


class Logind(dbus.service.Object):
    """Locks and announcements. refuse: modes that are not granted."""

    def __init__(self, bus, refuse=(), delay_usec=5000000):
        self.refuse, self.delay_usec = set(refuse), delay_usec
        self.locks, self.wrong = [], []
        super().__init__(bus, '/org/freedesktop/login1')
        self.bus = bus
        bus.request_name(LOGIND)

    def held(self, mode=None):
        return [lock for lock in self.locks if lock.held() and mode in (None, lock.mode)]

    @dbus.service.method(LOGIND_MANAGER, in_signature='ssss', out_signature='h')
    def Inhibit(self, what, who, why, mode):
        kinds = str(what).split(':')
        if (not set(kinds) <= WHAT or len(set(kinds)) < len(kinds) or mode not in ('block', 'delay')
                or (mode == 'delay' and not set(kinds) <= DELAYABLE) or not who or not why):
            self.wrong.append((what, who, why, mode))
            raise dbus.DBusException('wrong', name='org.freedesktop.DBus.Error.InvalidArgs')
        if mode in self.refuse:
            raise Refused(f'{mode} needs an authentication')
        lock = Lock(str(what), str(who), str(why), str(mode))
        self.locks.append(lock)
        given = dbus.types.UnixFd(lock.writer)
        os.close(lock.writer)
        return given

    @dbus.service.method(dbus.PROPERTIES_IFACE, in_signature='ss', out_signature='v')
    def Get(self, interface, name):
        if (interface, name) != (LOGIND_MANAGER, 'InhibitDelayMaxUSec'):
            raise dbus.DBusException(name, name='org.freedesktop.DBus.Error.UnknownProperty')
        return dbus.UInt64(self.delay_usec)

    @dbus.service.signal(LOGIND_MANAGER, signature='b')
    def PrepareForSleep(self, start):
        pass

    @dbus.service.signal(LOGIND_MANAGER, signature='b')
    def PrepareForShutdown(self, start):
        pass

    def wake(self, station):
        """The sleep is over. Waits until the daemon has looked what is plugged in: a phone that is
        taken out at the same moment can still be seen."""
        before = station.log().count('is awake')
        self.PrepareForSleep(False)
        rig.until(lambda: station.log().count('is awake') > before, 'the computer to be awake')

    def leave(self):
        self.remove_from_connection()
        self.bus.release_name(LOGIND)
        for lock in self.locks:
            os.close(lock.reader)


def send_signal(bus, destination, path, interface, member, *arguments, signature=''):
    """Straight to one connection, as anybody may."""
    message = dbus.lowlevel.SignalMessage(path, interface, member)
    message.set_destination(destination)
    message.append(*arguments, signature=signature)
    bus.send_message(message)
    bus.flush()


SYSTEMD = 'org.freedesktop.systemd1'
JOB_MODES = {'replace', 'fail', 'isolate', 'ignore-dependencies', 'ignore-requirements'}
UNIT = re.compile(r'[A-Za-z0-9:_.\\@-]{1,247}\.service')


class Systemd(dbus.service.Object):
    """Starts units. error: the name of one that it answers with; silent: it never answers."""

    def __init__(self, bus, error=None, silent=False):
        super().__init__(bus, '/org/freedesktop/systemd1')
        self.bus, self.error, self.silent = bus, error, silent
        self.started, self.wrong = [], []
        bus.request_name(SYSTEMD)

    @dbus.service.method('org.freedesktop.systemd1.Manager', in_signature='ss', out_signature='o',
                         async_callbacks=('answer', 'refuse'))
    def StartUnit(self, unit, mode, answer, refuse):
        if not UNIT.fullmatch(unit) or mode not in JOB_MODES:
            self.wrong.append((unit, mode))
        self.started.append(str(unit))
        if self.error:
            refuse(dbus.DBusException('the test says no', name=self.error))
        elif not self.silent:
            answer(dbus.ObjectPath('/org/freedesktop/systemd1/job/1'))

    def leave(self):
        self.remove_from_connection()
        self.bus.release_name(SYSTEMD)


POLKIT = 'org.freedesktop.PolicyKit1'


class Polkit(dbus.service.Object):
    """Says yes to everybody, but nothing at all to the users in silent. error: the name of one that
    it answers with."""

    def __init__(self, bus, silent=(), error=None):
        super().__init__(bus, '/org/freedesktop/PolicyKit1/Authority')
        self.bus, self.silent, self.error = bus, silent, error
        self.asked, self.wrong = [], []
        bus.request_name(POLKIT)

    @dbus.service.method('org.freedesktop.PolicyKit1.Authority', in_signature='(sa{sv})sa{ss}us',
                         out_signature='(bba{ss})', async_callbacks=('answer', 'refuse'))
    def CheckAuthorization(self, subject, action, details, flags, cancel, answer, refuse):
        kind, keys = subject
        if (kind, set(keys)) != ('system-bus-name', {'name'}) or flags > 1:
            self.wrong.append((subject, action, flags))
        uid = self.bus.get_unix_user(keys['name'])
        self.asked.append((int(uid), str(action)))
        if self.error:
            refuse(dbus.DBusException('the test says no', name=self.error))
        elif uid not in self.silent:
            answer((True, False, dbus.Dictionary({}, signature='ss')))

    def leave(self):
        self.remove_from_connection()
        self.bus.release_name(POLKIT)


@contextlib.contextmanager
def service(station, kind, **settings):
    """One for the time of a test, on a connection of its own."""
    bus = station.connect()
    stand_in = kind(bus, **settings)
    try:
        yield stand_in
    finally:
        stand_in.leave()
        bus.close()
    assert stand_in.wrong == [], stand_in.wrong
