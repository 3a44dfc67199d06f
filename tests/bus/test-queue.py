#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manager.Queue: what is refused at once, limits, cancelling, and what survives a restart."""
import json
import os
import signal

import dbus
import rig

ENTRY = {'TYPE': 'ENTRY', 'HW_CODE': '0x6765', 'HW_VER': '0xca00', 'SW_VER': '0',
         'PROTOCOL': 'xflash', 'DESCRIPTION': 'MTK_DA_v3.3001'}
DONE = {'TYPE': 'DONE', 'RESULT': 'done'}


def import_agent(r, name='DA.bin', data=b'agent'):
    with open(r.path('agent'), 'wb') as file:
        file.write(data)
    with open(r.path('agent'), 'rb') as file:
        return r.manager('ImportAgent', name, dbus.types.UnixFd(file.fileno()))


def test_refused_by_name():
    with rig.rig() as r:
        r.write('admin/broken.yaml', 'titel: x\n')
        r.start()
        for arguments, options, name, text in (
                (('steal', ''), {}, 'InvalidOption', '"steal"'),
                (('backup', 'nothing'), {}, 'NoSuchProfile', '"nothing"'),
                (('backup', '../mt6765'), {}, 'NoSuchProfile', '../mt6765'),
                (('backup', ''), {}, 'NoSuchProfile', 'needs a profile'),
                (('backup', 'broken'), {}, 'InvalidProfile', 'broken.yaml:1:1'),
                (('backup', 'full'), {'colour': 'red'}, 'InvalidOption', '"colour"'),
                (('detect', ''), {'partitions': ['boot']}, 'InvalidOption', '"partitions"'),
                (('backup', 'full'), {'partitions': 'boot'}, 'InvalidOption', '"as"'),
                (('backup', 'full'), {'partitions': ['a b']}, 'InvalidOption', 'partitions'),
                (('backup', 'full'), {'device': 'usb'}, 'InvalidOption', 'device'),
                (('backup', 'full'), {'name': 'x' * 200}, 'InvalidOption', 'name'),
                (('verify', ''), {}, 'InvalidOption', 'backup'),
                (('verify', ''), {'backup': 'no-such'}, 'NoSuchBackup', 'no-such'),
                (('verify', ''), {'backup': 'x', 'level': 'deep'}, 'InvalidOption', 'level'),
                (('verify', 'full'), {'backup': 'x'}, 'InvalidOption', 'profile')):
            got = rig.error_of(r.queue, *arguments, **options)
            assert got[0] == name and text in got[1], (arguments, options, got)
        assert list(r.manager('ListJobs')) == []


def test_retry():
    with rig.rig() as r:
        r.start()
        no_options = dbus.Dictionary({}, signature='sv')
        id, path = r.queue('backup', 'full', partitions=['boot', 'nv*'], device='1-7', name='mine')
        assert rig.error_of(r.call, path, rig.JOB, 'Retry', no_options)[0] == 'Failed'
        r.call(path, rig.JOB, 'Cancel', no_options)
        again, second = r.call(path, rig.JOB, 'Retry', no_options)
        assert again > id
        p = r.job(second)
        assert (p['Kind'], p['Profile'], p['Name'], p['Device']) == ('backup', 'full', 'mine', '1-7')
        assert p['State'] in ('queued', 'waiting-for-device') and not p['Automatic'], dict(p)
        r.stop()
        with open(r.path('state/queue.json'), encoding='utf-8') as file:
            jobs = json.load(file)['jobs']
        assert [j.get('partitions') for j in jobs] == [['boot', 'nv*']] * 2, jobs


def test_missing_agent():
    with rig.rig() as r:
        r.scenario({'agent': [{'send': ENTRY}, {'send': DONE}]})
        r.start()
        name, text = rig.error_of(r.queue, 'backup', 'mt6765')
        assert name == 'NoDownloadAgent' and 'MT6765' in text, text
        assert 'mtkbackupctl agents import' in text, text
        # a profile for any chip has to see the phone first
        r.queue('backup', 'full')
        id, description, chips = import_agent(r)
        assert description == 'MTK_DA_v3.3001' and 'MT6765' in chips
        (listed, agent, _, _), = r.manager('ListAgents')
        assert (listed, agent) == (id, 'DA')
        r.queue('backup', 'mt6765')
        # and it is still there after a restart
        r.stop()
        r.start()
        assert [a[0] for a in r.manager('ListAgents')] == [id]
        r.queue('backup', 'mt6765')


def test_told_about_agents():
    """What is missing on this side is said while a job waits, and the keys once they may matter."""
    def action(job):
        return str(r.job(job)['UserAction'])

    with rig.rig() as r:
        preloader = dict(ENTRY, PROTOCOL='preloader', HW_CODE='0', DESCRIPTION='')
        r.scenario({'agent': [{'send': preloader}, {'send': DONE}]})
        r.start()
        job = r.queue('backup', 'full')[1]
        detect = r.queue('detect')[1]
        rig.until(lambda: 'mtkbackupctl agents import FILE' in action(job), 'the command')
        assert action(job).startswith('No download agent is imported'), action(job)
        rig.until(lambda: action(detect).startswith('Switch the phone off'), 'detect to need none')
        # a preloader is none
        import_agent(r, 'preloader.bin', b'preloader')
        rig.until(lambda: 'volume up, volume down or both' in action(detect), 'the keys')
        assert action(job).startswith('No download agent is imported'), action(job)
        r.scenario({'agent': [{'send': ENTRY}, {'send': DONE}]})
        import_agent(r)
        rig.until(lambda: action(job).startswith('Switch the phone off'), 'the agent to count')
        assert 'for boot ROM mode hold volume up' in action(job), action(job)


def test_agent_files():
    with rig.rig() as r:
        r.scenario({'agent': [{'send': {'TYPE': 'FAIL', 'ERROR': 'InvalidFile',
                                        'TEXT': 'This is no download agent.'}}]})
        r.start()
        assert rig.error_of(import_agent, r) == ('InvalidFile', 'This is no download agent.')
        assert os.listdir(r.path('state/agents')) == []
        r.scenario({'agent': [{'send': DONE}]})
        assert rig.error_of(import_agent, r)[0] == 'InvalidFile'
        r.scenario({'agent': [{'kill': 9}]})
        assert rig.error_of(import_agent, r)[0] == 'WorkerCrashed'
        assert os.listdir(r.path('state/agents')) == []
        r.scenario({'agent': [{'send': ENTRY}, {'send': DONE}]})
        first = import_agent(r, '/some/where/DA.bin')[0]
        assert os.listdir(r.path('state/agents')) == [f'{first}-DA.bin']
        # the same bytes under another name are the same agent, others are another
        assert import_agent(r, 'other.bin')[0] == first
        assert import_agent(r, 'DA.bin', b'another')[0] != first
        assert len(os.listdir(r.path('state/agents'))) == 2


def test_store_that_cannot_be_used():
    with rig.rig() as r:
        r.scenario({'open': [{'send': {'TYPE': 'FAIL', 'ERROR': 'StoreDamaged',
                                       'TEXT': 'The file STORE is damaged.'}}]})
        r.start()
        name, text = rig.error_of(r.queue, 'backup', 'full')
        assert (name, text) == ('StoreDamaged', 'The file STORE is damaged.')
        assert r.get(rig.ROOT, rig.MANAGER, 'StoreState') == 'The file STORE is damaged.'
        # who looks at a phone needs no store
        r.queue('detect')


def test_store_elsewhere():
    with rig.rig() as r:
        r.write('mtkbackupd.yaml', f'store: {r.path("elsewhere")}\n')
        r.start()
        assert r.get(rig.ROOT, rig.MANAGER, 'StorePath') == r.path('elsewhere')
        assert os.path.isdir(r.path('elsewhere'))
        r.stop()
        r.write('mtkbackupd.yaml', 'store: /proc/nowhere\n')
        r.start()
        name, text = rig.error_of(r.queue, 'backup', 'full')
        assert name == 'StoreFailed' and '/proc/nowhere' in text, text
        # what happened, and what can be done
        state = r.get(rig.ROOT, rig.MANAGER, 'StoreState')
        assert '/proc/nowhere cannot be used: ' in state and 'Mount the disk' in state, state


def test_two_daemons_one_store():
    with rig.rig() as r, rig.rig() as other:
        for each in (r, other):
            each.write('mtkbackupd.yaml', f'store: {r.path("shared")}\n')
        r.start_bus()
        r.start()
        other.start_bus()
        other.start()
        name, text = rig.error_of(other.queue, 'backup', 'full')
        assert name == 'StoreFailed' and 'Another mtkbackupd' in text, text


def test_waiting():
    with rig.rig() as r:
        r.start()
        r.listen()
        number, job = r.queue('detect', device='3-1.4', name='mine')
        p = r.wait_state(job, 'waiting-for-device')
        assert 'plug it in' in p['UserAction'] and '3-1.4' in p['UserAction']
        assert p['Device'] == '3-1.4' and p['Name'] == 'mine' and p['Cancelable']
        assert p['QueuedAt'] > 0 and p['StartedAt'] == 0 and p['Result'] == ''
        rig.until(lambda: r.signals_of('JobNew'), 'JobNew')
        assert r.signals_of('JobNew')[0][3] == (number, job)


def test_cancel():
    with rig.rig() as r:
        r.start()
        r.listen()
        number, job = r.queue('detect')
        nothing = dbus.Dictionary({}, signature='sv')
        wrong = dbus.Dictionary({'hard': True}, signature='sv')
        assert rig.error_of(r.call, job, rig.JOB, 'Cancel', wrong)[0] == 'InvalidOption'
        r.call(job, rig.JOB, 'Cancel', nothing)
        p = r.job(job)
        assert (p['State'], p['Result']) == ('canceled', 'canceled')
        assert p['ErrorName'] == 'org.mtkbackup1.Error.Canceled' and not p['Cancelable']
        assert p['UserAction'] == ''
        assert rig.error_of(r.call, job, rig.JOB, 'Cancel', nothing)[0] == 'NotCancelable'
        missing = '/org/mtkbackup1/job/_99'
        assert rig.error_of(r.call, missing, rig.JOB, 'Cancel', nothing)[0] == 'NoSuchJob'
        assert rig.error_of(r.get, missing, rig.JOB, 'State')[0] == 'NoSuchJob'
        rig.until(lambda: r.signals_of('JobRemoved'), 'JobRemoved')
        finished, = r.signals_of('Finished')
        assert finished[3][:2] == ('canceled', 'org.mtkbackup1.Error.Canceled')
        assert r.signals_of('JobRemoved')[0][3] == (number, job, 'canceled')
        assert r.get(rig.ROOT, rig.MANAGER, 'JobCount') == 0


def test_limit():
    with rig.rig() as r:
        r.start()
        for _ in range(256):
            r.queue('detect')
        assert rig.error_of(r.queue, 'detect')[0] == 'QueueFull'


def test_restart_with_queued_jobs():
    with rig.rig() as r:
        r.start()
        _, first = r.queue('detect', name='first')
        _, second = r.queue('backup', 'full', partitions=['boot*', 'nvram'], name='second')
        r.stop(signal.SIGKILL)
        r.start()
        assert r.wait_state(first, 'waiting-for-device')['Name'] == 'first'
        p = r.wait_state(second, 'waiting-for-device')
        assert (p['Name'], p['Profile'], p['Kind']) == ('second', 'full', 'backup')
        number, _ = r.queue('detect')
        assert number == 3
        assert r.stop() == 0


def test_damaged_queue_file():
    with rig.rig() as r:
        r.write('state/queue.json', '{"version": 1')
        r.start()
        assert list(r.manager('ListJobs')) == []
        with open(r.path('state/queue.json.bad'), encoding='utf-8') as file:
            assert file.read() == '{"version": 1'
        assert 'queue.json.bad' in r.log()


rig.run(test_refused_by_name, test_retry, test_missing_agent, test_told_about_agents, test_agent_files,
        test_store_that_cannot_be_used, test_store_elsewhere, test_two_daemons_one_store, test_waiting, test_cancel, test_limit,
        test_restart_with_queued_jobs, test_damaged_queue_file)
