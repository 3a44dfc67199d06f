#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The computer must not go to sleep while a phone is read, and when it does all the same the phone
is let go first. logind is a stand-in that grants, refuses and announces (services.py)."""
import contextlib
import signal

import rig
from scripted import (BACKUP, DONE, ERROR, FAIL_DATA, FINISH, HELLO, IDLE, LEAVE, READY,
                      RELEASE, WORK, cancel, import_agent, port, scenario, station, turn)
from services import LOGIND_MANAGER, Logind, send_signal, service

BLOCK = 'sleep:shutdown:handle-lid-switch'
LOCKS = {(BLOCK, 'block'), ('sleep', 'delay'), ('shutdown', 'delay')}
# at the phone until the keeper closes the channel, which came behind the agent
BUSY = HELLO + [{'await': 'JOB'}, {'hangup': 1}, {'close': 0}, IDLE] + LEAVE
# as long as the test looks around
GO = {'turn': 'go'}
STOPPED = [{'await': 'CANCEL'}, {'close': 0}, {'send': {'TYPE': 'DONE', 'RESULT': 'canceled'}}]


def logind(**settings):
    return service(station, Logind, **settings)


def held(l):
    return {(x.what, x.mode) for x in l.held()}


def go():
    turn('go')


def begin(keeper, worker=BUSY):
    """A backup that is being read on a fresh port."""
    n = port()
    scenario([worker], backup=keeper)
    _, job = station.queue('backup', 'full')
    station.plug(n)
    rig.until(lambda: station.get(job, rig.PROGRESS, 'BytesDone'), 'bytes')
    return n, job


def take_out(n):
    station.unplug(n)
    station.wait_no_device(f'1-{n}')


def test_held_while_a_phone_is_at_work():
    with logind() as l:
        waiting = station.queue('backup', 'full', device='9-9')[1]
        assert l.locks == []
        n, job = begin(BACKUP + [GO, {'close': 0}] + FINISH)
        rig.until(lambda: held(l) == LOCKS, 'the locks')
        assert all(x.who == 'mtkbackup' and 'phone' in x.why for x in l.locks)
        go()
        # for as long as the session lasts, and once
        station.wait_state(job, 'done')
        station.wait_device(f'1-{n}', 'released')
        rig.until(lambda: not l.held(), 'the locks to be given back')
        assert len(l.locks) == len(LOCKS)
        cancel(waiting)
        take_out(n)


def test_given_back_when_the_worker_crashes():
    with logind() as l:
        n, job = begin(BACKUP + [GO, FAIL_DATA],
                       HELLO + [{'await': 'JOB'}, GO, {'kill': int(signal.SIGKILL)}])
        rig.until(lambda: held(l) == LOCKS, 'the locks')
        go()
        station.wait_state(job, 'failed')
        rig.until(lambda: not l.held(), 'the locks to be given back')
        take_out(n)


def test_sleep_all_the_same():
    """The phone is let go, the job interrupted, the locks are given back only then; what waits
    begins after the sleep, not before."""
    with logind() as l:
        n, job = begin(BACKUP + STOPPED)
        rig.until(lambda: held(l) == LOCKS, 'the locks')
        l.PrepareForSleep(True)
        p = station.wait_state(job, 'interrupted')
        assert p['ErrorName'] == ERROR + 'Interrupted' and 'put to sleep' in p['ErrorMessage']
        # as it says there
        assert f'mtkbackupctl retry {p["Id"]}.' in p['ErrorHint'], dict(p)
        rig.until(lambda: not l.held(), 'the locks to be given back')
        assert f'Port 1-{n}: session over, phone rebooted' in station.log()
        take_out(n)
        # nothing is begun now
        n = port()
        scenario([HELLO + WORK + LEAVE], backup=BACKUP + FINISH)
        _, later = station.queue('backup', 'full')
        station.plug(n)
        station.wait_device(f'1-{n}', 'attached')
        assert station.job(later)['State'] in ('queued', 'waiting-for-device')
        l.wake(station)
        assert station.wait_state(later, 'done')['Result'] == 'complete'
        take_out(n)


def test_sleep_in_the_handshake():
    """What has not begun stays in the queue."""
    with logind() as l:
        n = port()
        scenario([[READY] + RELEASE])
        _, job = station.queue('backup', 'full')
        station.plug(n)
        station.wait_device(f'1-{n}', 'connecting')
        rig.until(lambda: held(l) == LOCKS, 'the locks')
        l.PrepareForSleep(True)
        station.wait_device(f'1-{n}', 'released')
        rig.until(lambda: not l.held(), 'the locks to be given back')
        assert station.job(job)['State'] in ('queued', 'waiting-for-device')
        l.wake(station)
        cancel(job)
        take_out(n)


def test_what_needs_no_phone_goes_on():
    """A backup that is only read back from the disk is not broken off."""
    with logind() as l:
        n, job = begin(BACKUP + [{'close': 0}] + FINISH[:3] + [GO, DONE])
        station.wait_device(f'1-{n}', 'released')
        station.wait_state(job, 'verifying')
        rig.until(l.held, 'the locks')
        l.PrepareForSleep(True)
        rig.until(lambda: not l.held(), 'the locks to be given back')
        go()
        assert station.wait_state(job, 'done', 'interrupted')['State'] == 'done'
        l.wake(station)
        take_out(n)


def test_shutdown():
    with logind() as l:
        n, job = begin(BACKUP + STOPPED)
        rig.until(lambda: held(l) == LOCKS, 'the locks')
        l.PrepareForShutdown(True)
        p = station.wait_state(job, 'interrupted')
        assert 'shut down' in p['ErrorMessage'], dict(p)
        rig.until(lambda: not l.held(), 'the locks to be given back')
        station.do('daemon', 'restart')
        assert 'shut down' in station.job(job)['ErrorMessage']
        take_out(n)


def test_phone_that_cannot_be_let_go_in_time():
    """logind does not wait longer, so neither does the lock; the job ends as it ends."""
    with logind(delay_usec=1000000) as l:
        n, job = begin(BACKUP + [{'await': 'CANCEL'}, GO] + STOPPED[1:])
        rig.until(lambda: held(l) == LOCKS, 'the locks')
        l.PrepareForSleep(True)
        rig.until(lambda: not l.held(), 'the locks to be given back')
        assert station.job(job)['State'] == 'running'
        assert 'not every phone could be let go in time' in station.log()
        go()
        l.wake(station)
        station.wait_state(job, 'interrupted')
        take_out(n)


def test_block_refused():
    with logind(refuse=['block']) as l:
        for _ in range(2):
            n, job = begin(BACKUP + [GO, {'close': 0}] + FINISH)
            rig.until(lambda: held(l) == LOCKS - {(BLOCK, 'block')}, 'the delay locks')
            go()
            station.wait_state(job, 'done')
            rig.until(lambda: not l.held(), 'the lock to be given back')
            take_out(n)
        rig.until(lambda: station.log().count('logind refuses the block lock') == 1, 'the reason, once')
        n, job = begin(BACKUP + STOPPED)
        rig.until(l.held, 'the delay locks')
        l.PrepareForSleep(True)
        station.wait_state(job, 'interrupted')
        rig.until(lambda: not l.held(), 'the lock to be given back')
        l.wake(station)
        take_out(n)


def test_without_logind():
    """Nothing breaks, and it is said once; one that comes later is used."""
    station.do('daemon', 'restart')
    for pause in (GO, {'sleep': 0.5}):
        n, job = begin(BACKUP + [pause, {'close': 0}] + FINISH)
        rig.until(lambda: 'There is no logind' in station.log().split('Stopping')[-1], 'the reason')
        go()
        assert station.wait_state(job, 'done')['Result'] == 'complete'
        take_out(n)
    assert station.log().split('Stopping')[-1].count('There is no logind') == 1
    n, job = begin(BACKUP + [GO, {'close': 0}] + FINISH)
    with logind() as l:
        rig.until(lambda: held(l) == LOCKS, 'the locks')
        go()
        station.wait_state(job, 'done')
    take_out(n)


def test_logind_goes_in_between():
    """It cannot say any more that the computer is awake: work goes on."""
    with logind() as l:
        n = port()
        scenario([HELLO + WORK + LEAVE], backup=BACKUP + FINISH)
        l.PrepareForSleep(True)
        rig.until(lambda: 'put to sleep' in station.log().split('is awake')[-1], 'the news')
        _, job = station.queue('backup', 'full')
        station.plug(n)
        station.wait_device(f'1-{n}', 'attached')
    assert station.wait_state(job, 'done')['Result'] == 'complete'
    take_out(n)


def test_announced_by_somebody_else():
    """Signals that only claim to come from logind or the bus."""
    with logind() as l:
        n, job = begin(BACKUP + [GO, {'close': 0}] + FINISH)
        rig.until(lambda: held(l) == LOCKS, 'the locks')
        daemon = station.bus.get_name_owner(rig.NAME)
        real = station.bus.get_name_owner('org.freedesktop.login1')
        before = station.log()

        with contextlib.closing(station.connect()) as bus:
            me = bus.get_unique_name()
            for member in ('PrepareForSleep', 'PrepareForShutdown'):
                send_signal(bus, daemon, '/org/freedesktop/login1', LOGIND_MANAGER, member, True,
                            signature='b')
            # nor does it believe in another logind
            send_signal(bus, daemon, '/org/freedesktop/DBus', 'org.freedesktop.DBus',
                        'NameOwnerChanged', 'org.freedesktop.login1', real, me, signature='sss')
            send_signal(bus, daemon, '/org/freedesktop/login1', LOGIND_MANAGER, 'PrepareForSleep',
                        True, signature='b')
        go()
        assert station.wait_state(job, 'done', 'interrupted')['State'] == 'done'
        said = station.log().removeprefix(before)
        assert 'The computer' not in said, said
        take_out(n)


import_agent()
rig.run(test_held_while_a_phone_is_at_work, test_given_back_when_the_worker_crashes,
        test_sleep_all_the_same, test_sleep_in_the_handshake, test_what_needs_no_phone_goes_on,
        test_shutdown, test_phone_that_cannot_be_let_go_in_time, test_block_refused,
        test_without_logind, test_logind_goes_in_between, test_announced_by_somebody_else,
        before=station.clear)
