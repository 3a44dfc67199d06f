#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cancelled, unplugged, killed: one result with one cause, earlier backups untouched, and the next
backup is whole."""
import os
import signal

import rig
from phones import (ENDED, ERROR, backup, backups, boot, cancel, events, go, helpers, is_whole,
                    path_of, port, queue, slow, slowly, station, wait_event)
from services import Logind, service


def test_cancel():
    """While it is read: at the next packet border, the phone restarts, and can be backed up."""
    n = port(fault=slow(20 << 20))
    before = backups()
    job = queue(n)
    station.plug(n)
    slowly(n, job)
    cancel(job)
    p = station.job(job)
    assert (p['State'], p['ErrorName']) == ('canceled', ERROR + 'Canceled'), dict(p)
    wait_event(n, 'reboot')
    wait_event(n, 'booted')
    # the critical set was safe before; nothing else is there
    for new in backups() - before:
        assert station.get(path_of(new), rig.BACKUP, 'Kind') == 'critical'
    station.take_out(n)
    assert backup(n, partitions=['boot'])['Result'] == 'complete'


def test_cancel_in_the_handshake():
    n = port(cdc_acm_ms=0, fault='hang@tokens', tokens_ms=300)
    job = queue(n)
    station.plug(n)
    wait_event(n, 'fault hang')
    cancel(job)
    assert station.job(job)['State'] == 'canceled'
    station.do('go', n)
    boot(n)


def unplug_case(least):
    n = port(fault=slow(least))
    before = backups()
    job = queue(n)
    station.plug(n)
    slowly(n, job)
    station.unplug(n)
    p = station.wait_state(job, *ENDED)
    assert (p['State'], p['ErrorName']) == ('failed', ERROR + 'DeviceGone'), dict(p)
    assert p['ErrorMessage'] and p['ErrorHint'], dict(p)
    station.wait_no_device(f'1-{n}')
    for new in backups() - before:
        assert station.get(path_of(new), rig.BACKUP, 'Kind') == 'critical'
    # plugged in again: what was read is not stored twice
    p = backup(n)
    assert p['Result'] == 'complete', dict(p)
    is_whole(n, p['Backup'])


def test_unplugged_at_once():
    unplug_case(2 << 20)


def test_unplugged_late():
    unplug_case(40 << 20)


def killed(name, error):
    n = port(fault=slow(20 << 20))
    job = queue(n)
    station.plug(n)
    slowly(n, job)
    pid, = helpers(name)
    os.kill(pid, signal.SIGKILL)
    p = station.wait_state(job, *ENDED)
    assert (p['State'], p['ErrorName']) == ('failed', ERROR + error), dict(p)
    assert 'signal 9' in p['ErrorMessage'], p['ErrorMessage']
    return n, p


def test_worker_killed():
    n, p = killed('mtkbackup-worker', 'WorkerCrashed')
    assert 'power button' in p['ErrorHint'], dict(p)
    station.take_out(n)
    p = backup(n)
    assert p['Result'] == 'complete', dict(p)
    is_whole(n, p['Backup'])


def test_keeper_killed():
    n, _ = killed('mtkbackup-keeper', 'WorkerCrashed')
    wait_event(n, 'reboot')
    wait_event(n, 'booted')
    station.take_out(n)
    p = backup(n)
    assert p['Result'] == 'complete', dict(p)
    is_whole(n, p['Backup'])
    assert os.listdir(os.path.join(station.store, 'incoming')) == []


def test_daemon_killed():
    n = port(fault=slow(20 << 20))
    job, waiting = queue(n), queue(n, 'identity')
    station.plug(n)
    slowly(n, job)
    station.do('daemon', 'kill')
    station.unplug(n)
    station.do('daemon', 'start')
    p = station.job(job)
    assert (p['State'], p['ErrorName']) == ('interrupted', ERROR + 'Interrupted'), dict(p)
    assert os.listdir(os.path.join(station.store, 'incoming')) == []
    # the one that waited is done now
    station.plug(n)
    assert station.wait_state(waiting, *ENDED)['Result'] == 'complete'


def test_daemon_stopped():
    n = port(fault=slow(20 << 20))
    job = queue(n)
    station.plug(n)
    slowly(n, job)
    station.do('daemon', 'stop')
    wait_event(n, 'reboot')
    wait_event(n, 'booted')
    station.do('daemon', 'start')
    assert station.job(job)['State'] == 'interrupted'


def test_put_to_sleep():
    """logind waits until the phone has been told to restart, and gets on then."""
    with service(station, Logind) as logind:
        n = port(fault=slow(20 << 20))
        job, waiting = queue(n), queue(n, 'identity')
        station.plug(n)
        slowly(n, job)
        rig.until(logind.held, 'the locks')
        logind.PrepareForSleep(True)
        rig.until(lambda: not logind.held(), 'the locks to be given back')
        assert [e for e in events(n) if e.startswith('reboot')], events(n)
        p = station.job(job)
        assert (p['State'], p['ErrorName']) == ('interrupted', ERROR + 'Interrupted'), dict(p)
        wait_event(n, 'booted')
        logind.wake(station)
        station.take_out(n)
        # what waited is done on the next occasion, which is not the phone's way to its start
        assert station.job(waiting)['State'] in ('queued', 'waiting-for-device')
        cancel(waiting)
        assert os.listdir(os.path.join(station.store, 'incoming')) == []


def test_bus_restarted():
    n = port(fault=slow(1 << 20))
    job = queue(n)
    station.plug(n)
    slowly(n, job)
    station.do('bus', 'restart')
    go(n)
    station.bus = station.connect()
    rig.until(lambda: station.bus.name_has_owner(rig.NAME), 'the daemon')
    station.listen()
    p = station.wait_state(job, *ENDED)
    assert p['Result'] == 'complete', dict(p)


def test_silent_phone():
    n = port(fault='hang@#1')
    p = backup(n)
    assert (p['State'], p['ErrorName']) == ('failed', ERROR + 'HandshakeTimeout'), dict(p)
    assert p['ErrorHint'], dict(p)


rig.run(test_cancel, test_cancel_in_the_handshake, test_unplugged_at_once, test_unplugged_late,
        test_worker_killed, test_keeper_killed, test_daemon_killed, test_daemon_stopped,
        test_put_to_sleep, test_bus_restarted, test_silent_phone, before=station.clear)
