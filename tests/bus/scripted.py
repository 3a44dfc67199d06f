# SPDX-License-Identifier: GPL-3.0-or-later
"""A station whose workers and keepers are scripts (helper.py); the phones are real to the daemon but
never spoken to. A program that imports this runs itself under tests/sim/station. Each test has a
port of its own, since a port remembers that a phone was let go there."""
import os
import shutil
import subprocess
import sys
import tempfile

import dbus
import rig

PORTS = 16


def run_in_station():
    """Calls this program again with a station around it."""
    with tempfile.TemporaryDirectory(prefix='mtkbackup-session.') as folder:
        for name in ('mtkbackup-worker', 'mtkbackup-keeper'):
            shutil.copy(os.path.join(rig.HERE, 'helper.py'), os.path.join(folder, name))
        rig.write_scenario(folder, {'worker': [[]]})
        phones = ['--phone', 'mt6765,user=64M,window_ms=600000'] * PORTS
        return subprocess.run(
            [os.environ['STATION'], '--state', os.path.join(folder, 'state'), '--helpers', folder,
             '--no-cage', '--quiet', *phones, '--', sys.executable, *sys.argv],
            env=dict(os.environ, HELPERS=folder), check=False).returncode


if 'HELPERS' not in os.environ:
    sys.exit(run_in_station())

FOLDER = os.environ['HELPERS']
NOTHING = dbus.Dictionary({}, signature='sv')
ERROR = 'org.mtkbackup1.Error.'
ID = '20261120T101112Z-00c0ffee'

READY = {'send': {'TYPE': 'READY'}}
IDENTITY = {'send': {'TYPE': 'IDENTITY', 'HW_CODE': '0x0766', 'HW_SUB': '0x8a00',
                     'HW_VER': '0xca00', 'SW_VER': '0', 'CHIP': 'MT6765', 'MODE': 'preloader',
                     'BL_VER': 3, 'TARGET_CONFIG': '0x1', 'PROTOCOL': 'xflash'}}
OTHER = {'send': dict(IDENTITY['send'], HW_CODE='0x0707', CHIP='MT6768')}
STORAGE = [{'send': {'TYPE': 'STORAGE', 'TYPE_': '', 'BLOCK_SIZE': 512}},
           {'send': {'TYPE': 'REGION', 'REGION': 'EMMC_USER', 'SIZE': 1048576, 'READABLE': 1}}]
IDLE = {'send': {'TYPE': 'IDLE'}}
AGENT = [{'send': {'TYPE': 'NEED_AGENT', 'HW_CODE': '0x0766', 'DA_CODE': '0x6765'}},
         {'await': 'AGENT'}]
HELLO = [READY, {'send': {'TYPE': 'PHASE', 'PHASE': 'handshake'}}, IDENTITY, {'await': 'CONNECT'},
         *AGENT, *STORAGE, IDLE]
LEAVE = [{'await': 'FINISH'}, {'send': {'TYPE': 'DONE', 'LEFT': 'rebooted'}}]
RELEASE = [{'await': 'RELEASE'}, {'send': {'TYPE': 'DONE', 'LEFT': 'released'}}]
WORK = [{'await': 'JOB'}, {'sleep': 0.1}, {'close': 0}, IDLE]
DONE = {'send': {'TYPE': 'DONE', 'RESULT': 'complete', 'BACKUP': ID}}
COMMITTED = {'send': {'TYPE': 'COMMITTED', 'BACKUP': ID, 'KIND': 'full', 'START': 1,
                      'RESULT': 'complete', 'DEVICE_KEY': 'mt6765-0123456789ab'}}
BACKUP = [{'send': {'TYPE': 'PHASE', 'PHASE': 'reading'}},
          {'send': {'TYPE': 'PLAN', 'BYTES': 100, 'ITEMS': 1}},
          {'send': {'TYPE': 'ITEM', 'INDEX': 0, 'NAME': 'boot', 'SIZE': 100}},
          {'send': {'TYPE': 'BYTES', 'BYTES': 50, 'TOTAL': 100}}]
FINISH = [{'send': {'TYPE': 'PHASE', 'PHASE': 'committing'}}, COMMITTED,
          {'send': {'TYPE': 'PHASE', 'PHASE': 'verifying'}}, DONE]
ENTRY = [{'send': {'TYPE': 'ENTRY', 'HW_CODE': '0x6765', 'HW_VER': '0xca00', 'SW_VER': '0'}},
         {'send': {'TYPE': 'DONE'}}]
FAIL_DATA = {'send': {'TYPE': 'FAIL', 'ERROR': 'Interrupted', 'PHASE': 'reading',
                      'TEXT': 'The data ended.'}}

station = rig.Station()
station.listen()
next_port = [0]


def port():
    """The next port. All used: a daemon that starts has forgotten what was let go where."""
    if next_port[0] == PORTS:
        next_port[0] = 0
        station.do('daemon', 'restart')
    next_port[0] += 1
    return next_port[0]


def scenario(worker, **keeper):
    rig.write_scenario(FOLDER, {'worker': worker, 'agent': ENTRY, **keeper})


def turn(name):
    rig.write_turn(FOLDER, name)


def fail(error, text, **keys):
    return {'send': {'TYPE': 'FAIL', 'ERROR': error, 'TEXT': text, **keys}}


def cancel(job):
    station.call(job, rig.JOB, 'Cancel', NOTHING)


def run_backup(worker, keeper, states=('done', 'failed', 'canceled', 'interrupted')):
    """One backup on a fresh port; the job when it has ended."""
    n = port()
    scenario([worker], backup=keeper)
    _, job = station.queue('backup', 'full')
    station.plug(n)
    p = station.wait_state(job, *states)
    station.unplug(n)
    station.wait_no_device(f'1-{n}')
    return p


def import_agent():
    scenario([[]])
    with open('/dev/null', 'rb') as file:
        station.manager('ImportAgent', 'DA.bin', dbus.types.UnixFd(file.fileno()))
