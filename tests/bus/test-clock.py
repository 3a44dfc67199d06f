#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Automatic backup and wrong clocks: the daemon's time of day is shifted (clock-shim), what the store
holds is told by scripted keepers (helper.py). No wrong date may keep a phone from ever being backed
up again, or have it read at every plug."""
import json
import os
import tempfile
import time

if 'CLOCK_SHIM' not in os.environ:
    with tempfile.TemporaryDirectory(prefix='mtkbackup-clock.') as folder:
        os.environ['CLOCK_SHIM'] = f'{folder}/offset'
        os.environ['LD_PRELOAD'] = os.environ['CLOCK_SHIM_SO']
        import scripted  # calls this program again, and ends it

import rig
from scripted import (BACKUP, FINISH, HELLO, IDENTITY, LEAVE, READY, RELEASE, WORK, import_agent,
                      scenario, station)

HOUR = 3600
DAY = 24 * HOUR
KEY = 'mt6765-0123456789ab'
NAMED = {'send': dict(IDENTITY['send'], ME_ID='00112233445566778899aabbccddeeff')}
# its mark
PHONE = {'mark': 'fa57a5cbc2da', 'chip': 'MT6765', 'key': KEY, 'refused': False, 'uid': 0, 'since': 1}
READ = [NAMED if step is IDENTITY else step for step in HELLO] + WORK + LEAVE
LET_GO = [READY, NAMED] + RELEASE
STATE = os.path.dirname(station.store)


def start(offset, *backups):
    """Restarts the daemon with its clock wrong by so many seconds; backups: when they began, in
    seconds from the right time."""
    station.do('daemon', 'stop')
    with open(os.environ['CLOCK_SHIM'], 'w', encoding='utf-8') as file:
        file.write(str(int(offset)))
    with open(f'{STATE}/auto-backup.json', 'w', encoding='utf-8') as file:
        json.dump({'version': 1, 'switch': 'on', 'phones': [PHONE]}, file)
    told = [{'send': {'TYPE': 'BACKUP', 'BACKUP': f'20261120T101112Z-{i:08x}', 'KIND': 'full',
                      'DEVICE_KEY': KEY, 'RESULT': 'complete',
                      'START': int(time.time() + at) * 1000000}} for i, at in enumerate(backups)]
    told.append({'send': {'TYPE': 'DONE', 'RESULT': 'done'}})
    scenario([[]], open=told)
    station.do('daemon', 'start')
    return told


def plug(worker, told):
    scenario([worker], open=told, backup=BACKUP + FINISH)
    station.plug(1)


def is_read(told):
    before = {j[1] for j in station.manager('ListJobs')}
    plug(READ, told)
    new = rig.until(lambda: {j[1] for j in station.manager('ListJobs')} - before, 'an automatic job')
    p = station.wait_state(new.pop(), 'done', 'failed')
    assert p['Automatic'] and p['State'] == 'done', dict(p)
    station.take_out(1)


def is_let_go(told):
    before = len(station.manager('ListJobs'))
    plug(LET_GO, told)
    message = station.wait_device('1-1', 'released')['Message']
    assert 'recent enough' in message, message
    assert len(station.manager('ListJobs')) == before
    station.take_out(1)


def test_right_time():
    is_let_go(start(0, -HOUR))
    is_read(start(0, -30 * HOUR))
    is_read(start(0))


def test_backup_of_the_future():
    is_read(start(0, 300 * DAY))
    # what lies beside it counts
    is_let_go(start(0, 300 * DAY, -HOUR))
    # set back by minutes only: that was just now
    is_let_go(start(0, 10 * 60))


def test_clock_jumps_ahead():
    is_read(start(400 * DAY, -HOUR))
    # and is set right afterwards
    is_let_go(start(0, 400 * DAY, -HOUR))


def test_clock_that_was_never_set():
    """Whatever the dates say, once a run of the daemon."""
    year_2001 = 1_000_000_000 - time.time()
    told = start(year_2001, -HOUR, year_2001 - 60)
    is_read(told)
    # the port remembers that a phone was let go there
    plug([[]], told)
    station.wait_device('1-1', 'left-alone')
    station.take_out(1)
    is_let_go(told)


import_agent()
rig.run(test_right_time, test_backup_of_the_future, test_clock_jumps_ahead,
        test_clock_that_was_never_set)
