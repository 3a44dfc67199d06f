#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine and its users can do to the daemon: floods of calls, a clock that jumps, mistakes
in the configuration, a second daemon, false senders, an end while helpers hang."""
import os
import signal
import subprocess
import time

import dbus
import dbus.lowlevel
import rig
from services import Polkit, send_signal, service

ID = '20261120T101112Z-00c0ffee'
OPEN = [{'send': {'TYPE': 'BACKUP', 'BACKUP': ID, 'START': 1}},
        {'send': {'TYPE': 'DONE', 'RESULT': 'done'}}]
# users that exist everywhere: nobody, daemon
EVE, ADAM = 65534, 1
DAY = 86400


def needs_root(function):
    def test():
        if os.getuid() == 0:
            function()
        else:
            print('# calling as another user needs root')
    test.__name__ = function.__name__
    return test


def connect_as(r, uid):
    """The bus asks the socket who it is that connects."""
    os.setresuid(uid, uid, 0)
    try:
        return r.connect()
    finally:
        os.setresuid(0, 0, 0)


def send_many(bus, count, method, *arguments, signature=''):
    """Calls whose answers nobody waits for."""
    for _ in range(count):
        message = dbus.lowlevel.MethodCallMessage(rig.NAME, rig.ROOT, rig.MANAGER, method)
        message.append(*arguments, signature=signature)
        bus.send_message(message)
    bus.flush()


@needs_root
def test_one_user_fills_his_share_of_the_queue():
    with rig.rig() as r, service(r, Polkit):
        r.start()

        def fill():
            bus = r.connect()
            answers = []
            for _ in range(70):
                try:
                    answers.append(bool(r.queue('detect', bus=bus)))
                except dbus.DBusException as e:
                    answers.append(e.get_dbus_name().rpartition('.')[2])
            return answers.count(True), set(answers)
        assert rig.as_nobody(fill, EVE) == str((64, {True, 'QueueFull'}))
        # everybody else gets on
        assert rig.as_nobody(lambda: r.queue('detect', bus=r.connect())[0], ADAM) == '65'
        assert r.queue('detect')[0] == 66
        # and so does he, once there is room
        r.call('/org/mtkbackup1/job/_1', rig.JOB, 'Cancel', dbus.Dictionary({}, signature='sv'))
        assert rig.as_nobody(lambda: r.queue('detect', bus=r.connect())[0], EVE) == '67'


@needs_root
def test_one_user_asks_without_end():
    """polkit waits for a password that nobody gives: no reason to refuse others."""
    with rig.rig() as r, service(r, Polkit, silent=[EVE]) as polkit:
        r.start()
        nothing = dbus.Dictionary({}, signature='sv')
        # he stays, so that it is not forgotten with him
        staying = [connect_as(r, EVE) for _ in range(5)]
        for bus in staying:
            send_many(bus, 100, 'Queue', 'detect', '', nothing, signature='ssa{sv}')
        rig.until(lambda: len(polkit.asked) >= 16, 'questions')
        assert rig.as_nobody(lambda: r.queue('detect', bus=r.connect())[0], ADAM) == '1'
        assert r.queue('detect')[0] == 2
        questions = [uid for uid, _ in polkit.asked]
        assert questions.count(EVE) == 16, questions
        # who goes away takes his questions with him
        for bus in staying:
            bus.close()
        again = connect_as(r, EVE)

        def asked_again():
            send_many(again, 1, 'Queue', 'detect', '', nothing, signature='ssa{sv}')
            return [uid for uid, _ in polkit.asked].count(EVE) > 16
        rig.until(asked_again, 'another question')


@needs_root
def test_flood_of_calls():
    with rig.rig() as r, service(r, Polkit):
        r.start()
        staying = [connect_as(r, EVE) for _ in range(30)]
        for bus in staying:
            for method in ('ListJobs', 'ListProfiles', 'ListBackups'):
                send_many(bus, 30, method)
            assert list(r.manager('ListDevices')) == []
        assert rig.as_nobody(lambda: r.queue('detect', bus=r.connect())[0], ADAM) == '1'


@needs_root
def test_lost_and_found_by_somebody():
    """Signals that claim to come from the bus or from services around: nothing happens."""
    with rig.rig() as r:
        r.start()
        _, job = r.queue('detect')
        daemon = r.bus.get_name_owner(rig.NAME)

        def lie():
            bus = r.connect()
            for path, interface, member, signature, arguments in (
                    ('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'NameLost', 's', [rig.NAME]),
                    ('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'NameOwnerChanged', 'sss',
                     [daemon, daemon, '']),
                    ('/org/freedesktop/systemd1', 'org.freedesktop.systemd1.Manager', 'JobRemoved',
                     'uoss', [1, '/org/freedesktop/systemd1/job/1', 'x.service', 'done']),
                    ('/org/freedesktop/PolicyKit1/Authority',
                     'org.freedesktop.PolicyKit1.Authority', 'Changed', '', []),
                    ('/org/freedesktop/login1', 'org.freedesktop.login1.Manager',
                     'PrepareForShutdown', 'b', [True])):
                send_signal(bus, daemon, path, interface, member, *arguments, signature=signature)
            return 'lied'
        assert rig.as_nobody(lie, EVE) == 'lied'
        assert r.job(job)['State'] == 'waiting-for-device'
        assert 'The computer' not in r.log()
        r.queue('detect')


@needs_root
def test_caller_that_is_said_to_have_gone():
    """Who waits for an export goes on waiting, whatever others say about him."""
    with rig.rig() as r:
        r.scenario({'open': OPEN, 'parts': [{'turn': 'end'}, {'send': {'TYPE': 'DONE'}}]})
        r.start()
        daemon = r.bus.get_name_owner(rig.NAME)
        me = r.bus.get_unique_name()
        path, = (b[1] for b in r.manager('ListBackups'))
        answers = []
        r.object(path).Parts(dbus_interface=rig.BACKUP, reply_handler=answers.append,
                                 error_handler=answers.append)

        def lie():
            bus = r.connect()
            send_signal(bus, daemon, '/org/freedesktop/DBus', 'org.freedesktop.DBus',
                        'NameOwnerChanged', me, me, '', signature='sss')
            return 'lied'
        assert rig.as_nobody(lie, EVE) == 'lied'
        r.turn('end')
        answer = rig.until(lambda: answers, 'the answer')[0]
        assert not isinstance(answer, Exception), answer
        assert list(answer) == []


def set_clock(r, days):
    r.write('clock.new', str(days * DAY))
    os.rename(r.path('clock.new'), r.path('clock'))


def test_clock_jumps():
    """Times of day may be wrong, but nothing ends before it begins, ids stay unique, and what is
    measured is measured by a clock that does not jump."""
    with rig.rig() as r:
        steps = [{'send': {'TYPE': 'PLAN', 'BYTES': 1000000, 'ITEMS': 1}}]
        for n in range(1, 9):
            steps += [{'sleep': 0.25}, {'send': {'TYPE': 'BYTES', 'BYTES': n * 100000,
                                                 'TOTAL': 1000000}}]
        steps += [{'await': 'CANCEL'}, {'send': {'TYPE': 'DONE', 'RESULT': 'canceled'}}]
        r.scenario({'open': OPEN, 'verify': steps})
        clock = {'LD_PRELOAD': os.environ['CLOCK_SHIM_SO'], 'CLOCK_SHIM': r.path('clock'),
                 'CLOCK_SHIM_LIVE': '1'}
        set_clock(r, 0)
        r.start(**clock)
        ids = []
        for jump in (-30, 400, -365):
            number, job = r.queue('verify', backup=ID)
            ids.append(number)
            r.wait_state(job, 'running')
            rig.until(lambda: r.get(job, rig.PROGRESS, 'BytesDone') >= 200000, 'some bytes')
            before = r.job(job)
            set_clock(r, jump)
            rig.until(lambda: r.get(job, rig.PROGRESS, 'BytesDone') >= 800000, 'the others')
            # some 400000 a second; a day more or less would make nothing or a miracle of it
            rate = r.get(job, rig.PROGRESS, 'Rate')
            assert 40000 < rate < 4000000, rate
            now = time.time() + jump * DAY
            end = r.get(job, rig.PROGRESS, 'ExpectedEndTime') / 1e6
            assert abs(end - now) < DAY, (end, now)
            r.call(job, rig.JOB, 'Cancel', dbus.Dictionary({}, signature='sv'))
            p = r.job(job)
            assert p['QueuedAt'] <= p['StartedAt'] <= p['FinishedAt'], dict(p)
            assert p['StartedAt'] == before['StartedAt']
        assert ids == sorted(set(ids)), ids
        # the clock was really another one
        assert abs(p['FinishedAt'] / 1e6 - time.time()) > 300 * DAY, dict(p)
        # a restart in another year loses nothing
        _, waiting = r.queue('detect')
        r.stop()
        set_clock(r, -3000)
        r.start(**clock)
        r.wait_state(waiting, 'waiting-for-device')
        assert r.queue('detect')[0] > ids[-1]


def test_reload_with_mistakes():
    """File, line and column are said, and what was valid stays valid: for each kind of mistake."""
    with rig.rig() as r:
        r.write('mtkbackupd.yaml', 'auto-backup: {enabled: on}\n')
        r.start()

        def automatic():
            return [r.get(rig.ROOT, rig.MANAGER, name) for name in
                    ('AutoBackup', 'AutoBackupDecidedBy')]
        assert automatic() == [True, 'configuration']
        for text, place, what in (('cage: perhaps\n', '1:7', 'cage'), ('\nstor: /x\n', '2:1', 'stor'),
                                  ('store: [\n', '2:1', ''), ('store: relative\n', '1:8', 'absolute'),
                                  ('chips: [1, 2]\n', '1:9', '0x1234=MT6765'),
                                  ('cage: optional\ncage: required\n', '2:1', 'cage'),
                                  ('\xff', '1:1', ''),
                                  ('auto-backup: {enabled: off}\ncage: perhaps\n', '2:7', 'cage'),
                                  ('auto-backup: {enabled: off, minimum-interval: x}\n', '1:47',
                                   'minimum-interval')):
            said = len(r.log())
            r.write('mtkbackupd.yaml', text)
            r.daemon.send_signal(signal.SIGHUP)
            line = rig.until(lambda: 'Not reloaded' in r.log()[said:] and r.log()[said:],
                             f'the refusal of {text!r}')
            assert f'mtkbackupd.yaml:{place}' in line and what in line, (text, line)
            assert rig.error_of(r.manager, 'Reload')[0] == 'InvalidFile'
            assert automatic() == [True, 'configuration'], text
        os.unlink(r.path('mtkbackupd.yaml'))
        os.mkdir(r.path('mtkbackupd.yaml'))
        assert rig.error_of(r.manager, 'Reload')[0] == 'InvalidFile'
        os.rmdir(r.path('mtkbackupd.yaml'))
        assert automatic() == [True, 'configuration']
        r.write('mtkbackupd.yaml', 'cage: optional\n')
        r.manager('Reload')
        assert automatic() == [False, 'default']
        r.queue('detect')


def contents(folder):
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            st = os.stat(path)
            found[path] = st.st_ino, st.st_size, st.st_mtime_ns
    return found


def test_second_daemon_on_the_same_state():
    """Whether it could have the name or not: it ends, says why, and has changed nothing."""
    with rig.rig() as r:
        r.scenario({'open': OPEN, 'verify': [{'await': 'CANCEL'},
                                             {'send': {'TYPE': 'DONE', 'RESULT': 'canceled'}}]})
        r.start()
        _, job = r.queue('verify', backup=ID)
        _, waiting = r.queue('detect')
        r.wait_state(job, 'running')
        r.wait_state(waiting, 'waiting-for-device')
        before = contents(r.path('state'))
        for address in (r.address, 'unix:path=/nonexistent'):
            second = subprocess.run(
                [rig.DAEMON, '--config', r.path('none'), '--state-directory', r.path('state'),
                 '--helper-directory', r.path('helpers'), '--profile-directory', r.path('profiles')],
                stderr=subprocess.PIPE, text=True, timeout=rig.PATIENCE, check=False,
                env=dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=address))
            assert second.returncode == 1, second
            assert 'Another mtkbackupd' in second.stderr and r.path('state') in second.stderr, second
        assert contents(r.path('state')) == before
        assert r.job(job)['State'] == 'running'
        # the first killed: the next one may at once
        r.stop(signal.SIGKILL)
        r.start()
        assert r.job(job)['State'] == 'interrupted'
        assert '(verify ): interrupted' in r.log(), r.log()
        r.wait_state(waiting, 'waiting-for-device')


def test_second_daemon_on_the_same_store():
    with rig.rig() as r, rig.rig() as other:
        for each in (r, other):
            each.write('mtkbackupd.yaml', f'store: {r.path("shared")}\n')
        r.start_bus()
        r.start()
        rig.until(lambda: r.get(rig.ROOT, rig.MANAGER, 'StoreState') == 'ok', 'the store')
        before = contents(r.path('shared'))
        other.start_bus()
        other.start()
        rig.until(lambda: 'Another mtkbackupd' in other.get(rig.ROOT, rig.MANAGER, 'StoreState'),
                  'the other to say why')
        assert rig.error_of(other.queue, 'backup', 'full')[0] == 'StoreFailed'
        # a phone can be looked at without a store
        other.queue('detect')
        assert contents(r.path('shared')) == before
        assert r.get(rig.ROOT, rig.MANAGER, 'StoreState') == 'ok'


def test_end_while_a_keeper_hangs():
    """It is asked, then told, then the daemon ends anyhow: before systemd would kill it."""
    with rig.rig() as r:
        r.scenario({'open': OPEN, 'verify': [{'sleep': 600}]})
        r.start()
        _, job = r.queue('verify', backup=ID)
        _, waiting = r.queue('detect')
        r.wait_state(job, 'running')
        r.daemon.terminate()
        assert r.daemon.wait(rig.PATIENCE) == 0
        r.start()
        p = r.job(job)
        assert p['State'] == 'interrupted' and p['ErrorMessage'], dict(p)
        r.wait_state(waiting, 'waiting-for-device')


rig.run(test_one_user_fills_his_share_of_the_queue, test_one_user_asks_without_end,
        test_flood_of_calls, test_lost_and_found_by_somebody,
        test_caller_that_is_said_to_have_gone, test_clock_jumps, test_reload_with_mistakes,
        test_second_daemon_on_the_same_state, test_second_daemon_on_the_same_store,
        test_end_while_a_keeper_hangs)
