#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon as a service: ready and watched, reloaded, and a bus that comes and goes."""
import os
import signal
import socket

import rig

ID = '20261120T101112Z-00c0ffee'
OPEN = [{'send': {'TYPE': 'BACKUP', 'BACKUP': ID, 'START': 1}},
        {'send': {'TYPE': 'DONE', 'RESULT': 'done'}}]


class Notify:
    """The service manager's end of sd_notify."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.settimeout(rig.PATIENCE)

    def wait(self, text):
        while True:
            said = self.socket.recv(4096).decode()
            if text in said:
                return said


def test_service_manager_is_told():
    with rig.rig() as r:
        r.scenario({'open': OPEN})
        notify = Notify(r.path('notify'))
        r.start(wait=False, NOTIFY_SOCKET=r.path('notify'), WATCHDOG_USEC='200000')
        notify.wait('READY=1')
        # ready means: who calls now is answered
        assert r.get(rig.ROOT, rig.MANAGER, 'BackupCount') == 1
        notify.wait('WATCHDOG=1')
        r.queue('detect')
        assert '1 waiting' in notify.wait('STATUS=0 phones attached, 0 jobs running, 1')
        r.daemon.terminate()
        notify.wait('STOPPING=1')
        assert r.daemon.wait(rig.PATIENCE) == 0


def test_reload():
    with rig.rig() as r:
        r.start()
        names = [p[0] for p in r.manager('ListProfiles')]
        assert names == ['full', 'mt6765'], names
        r.write('admin/mine.yaml', 'title: mine\n')
        r.manager('Reload')
        assert 'mine' in [p[0] for p in r.manager('ListProfiles')]
        # one that is broken now is named; the others stay
        r.write('admin/mine.yaml', 'titel: mine\n')
        r.daemon.send_signal(signal.SIGHUP)
        rig.until(lambda: not all(p[3] for p in r.manager('ListProfiles')), 'the reload')
        assert {p[0]: p[3] for p in r.manager('ListProfiles')} == {
            'full': True, 'mine': False, 'mt6765': True}


def test_reload_with_a_mistake():
    with rig.rig() as r:
        r.start()
        r.write('mtkbackupd.yaml', 'cage: perhaps\n')
        r.write('admin/mine.yaml', 'title: mine\n')
        name, text = rig.error_of(r.manager, 'Reload')
        assert name == 'InvalidFile' and 'mtkbackupd.yaml:1:7: cage' in text, text
        # nothing of it was taken
        assert 'mine' not in [p[0] for p in r.manager('ListProfiles')]
        r.queue('detect')


def test_mistake_at_the_start():
    with rig.rig() as r:
        r.write('mtkbackupd.yaml', 'stor: /x\n')
        r.start(wait=False)
        assert r.daemon.wait(rig.PATIENCE) != 0
        assert 'mtkbackupd.yaml:1:1: stor' in r.log()


def test_profile_goes_while_a_job_waits():
    with rig.rig() as r:
        r.start()
        _, job = r.queue('backup', 'full')
        r.wait_state(job, 'waiting-for-device')
        os.unlink(r.path('profiles/full.yaml'))
        r.manager('Reload')
        p = r.wait_state(job, 'failed')
        assert p['ErrorName'] == 'org.mtkbackup1.Error.NoSuchProfile'


def test_bus_restarted():
    """A job goes on without a bus, and its result is there when the bus is back."""
    with rig.rig() as r:
        r.scenario({'open': OPEN, 'verify': [
            {'send': {'TYPE': 'PLAN', 'BYTES': 10, 'ITEMS': 1}}, {'turn': 'end'},
            {'send': {'TYPE': 'BYTES', 'BYTES': 10, 'TOTAL': 10}},
            {'send': {'TYPE': 'DONE', 'RESULT': 'done'}}]})
        r.start()
        _, job = r.queue('verify', backup=ID)
        _, waiting = r.queue('detect')
        r.wait_state(job, 'running')
        r.bus_process.kill()
        r.bus_process.wait()
        r.turn('end')
        r.start_bus()
        r.wait_name()
        assert r.wait_state(job, 'done')['Result'] == 'done'
        assert r.wait_state(waiting, 'waiting-for-device')
        r.queue('detect')
        r.bus_process.kill()
        r.bus_process.wait()
        r.start_bus()
        r.wait_name()
        assert len(r.manager('ListJobs')) == 3


def test_bus_comes_later():
    with rig.rig() as r:
        r.bus_process.kill()
        r.bus_process.wait()
        notify = Notify(r.path('notify'))
        r.start(wait=False, NOTIFY_SOCKET=r.path('notify'))
        # phones can be backed up without it
        notify.wait('READY=1')
        r.start_bus()
        r.wait_name()
        r.queue('detect')


def test_command_line():
    with rig.rig() as r:
        import subprocess
        for arguments, code, text in ((['--version'], 0, 'mtkbackupd '), (['--help'], 0, '--config'),
                                      (['--what'], 2, ''), (['word'], 2, '')):
            done = subprocess.run([rig.DAEMON] + arguments, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, check=False)
            assert done.returncode == code and text in done.stdout, (arguments, done)
            assert code == 0 or arguments[0].lstrip('-') in done.stderr, done


rig.run(test_service_manager_is_told, test_reload, test_reload_with_a_mistake,
        test_mistake_at_the_start, test_profile_goes_while_a_job_waits, test_bus_restarted,
        test_bus_comes_later, test_command_line)
