#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup that is complete and verified is handed on by the unit mtkbackup-committed@.service, and
whatever becomes of that is no affair of the job. systemd is a stand-in (services.py)."""
import os
import subprocess

import rig
from scripted import (BACKUP, DONE, ERROR, FINISH, HELLO, ID, LEAVE, WORK, fail, import_agent,
                      run_backup, station, turn)
from services import Systemd, service

WORKER = HELLO + WORK + LEAVE


def systemd(**settings):
    return service(station, Systemd, **settings)


def unit():
    """As the tool of systemd names it."""
    return subprocess.run(['systemd-escape', '--template=mtkbackup-committed@.service', ID],
                          check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def test_started_once_and_late():
    with systemd() as s:
        p = run_backup(WORKER, BACKUP + FINISH[:3] + [{'turn': 'end'}, DONE], ('verifying',))
        assert s.started == [], s.started
        turn('end')
        assert p['Backup'] == ID
        rig.until(lambda: s.started, 'the unit')
        path, = (j[1] for j in station.manager('ListJobs') if j[0] == p['Id'])
        station.wait_state(path, 'done')
        assert s.started == [unit()] or not os.path.exists('/usr/bin/systemd-escape'), s.started
        assert '\\x2d' in s.started[0], s.started


def test_not_for_a_damaged_one():
    with systemd() as s:
        p = run_backup(WORKER, BACKUP + FINISH[:3] +
                       [fail('VerifyFailed', 'The disk gave other bytes back.')])
        assert p['ErrorName'] == ERROR + 'VerifyFailed'
        run_backup(WORKER, BACKUP + [fail('StoreFull', 'The disk is full.')])
        run_backup(WORKER, BACKUP + FINISH)
        rig.until(lambda: s.started, 'the unit of the good one')
        assert len(s.started) == 1, s.started


def test_refused():
    for error in ('org.freedesktop.DBus.Error.AccessDenied',
                  'org.freedesktop.systemd1.NoSuchUnit',
                  'org.freedesktop.DBus.Error.InteractiveAuthorizationRequired'):
        with systemd(error=error) as s:
            before = len(station.log())
            p = run_backup(WORKER, BACKUP + FINISH)
            assert (p['State'], p['Result']) == ('done', 'complete'), dict(p)
            rig.until(lambda: 'the test says no' in station.log()[before:], 'the refusal')
            said, = (x for x in station.log()[before:].splitlines() if 'test says no' in x)
            assert ID in said and 'mtkbackup-committed@.service' in said, said
            assert s.started


def test_no_answer():
    with systemd(silent=True) as s:
        assert run_backup(WORKER, BACKUP + FINISH)['Result'] == 'complete'
        rig.until(lambda: s.started, 'the unit')
        # the next one is not kept waiting by it
        assert run_backup(WORKER, BACKUP + FINISH)['Result'] == 'complete'
        rig.until(lambda: len(s.started) == 2, 'the second unit')
        station.do('daemon', 'restart')


def test_without_systemd():
    p = run_backup(WORKER, BACKUP + FINISH)
    assert (p['State'], p['Result']) == ('done', 'complete'), dict(p)


import_agent()
rig.run(test_started_once_and_late, test_not_for_a_damaged_one, test_refused, test_no_answer,
        test_without_systemd, before=station.clear)
