#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes through a keeper: verify jobs, parts, export, delete, and keepers that break."""
import os
import signal

import dbus
import rig

ID = '20261120T101112Z-00c0ffee'
BACKUP = {'TYPE': 'BACKUP', 'BACKUP': ID, 'DEVICE_KEY': 'mt6765-0123456789ab', 'SEQ': 1,
          'KIND': 'full', 'RESULT': 'complete', 'CHIP': 'MT6765', 'PROFILE': 'mt6765',
          'START': 1700000000000000, 'END': 1700000060000000, 'SIZE': 1000, 'PARTS': 2,
          'REQUESTED_BY': 65534}
DONE = {'TYPE': 'DONE', 'RESULT': 'done'}
OPEN = [{'send': BACKUP}, {'send': DONE}]
NOTHING = dbus.Dictionary({}, signature='sv')
SLOW = [{'send': {'TYPE': 'PHASE', 'PHASE': 'reading'}}, {'send': {'TYPE': 'PLAN', 'BYTES': 1000, 'ITEMS': 2}},
        {'send': {'TYPE': 'ITEM', 'INDEX': 0, 'NAME': 'boot', 'SIZE': 500}},
        {'send': {'TYPE': 'BYTES', 'BYTES': 250, 'TOTAL': 1000}}, {'await': 'CANCEL'}]


def started(r, **steps):
    r.scenario({'open': OPEN, **steps})
    r.start()
    (_, path, _, _, _), = r.manager('ListBackups')
    return path


def test_verify_finds_nothing():
    with rig.rig() as r:
        started(r, verify=[{'send': {'TYPE': 'PLAN', 'BYTES': 10, 'ITEMS': 1}},
                           {'send': {'TYPE': 'BYTES', 'BYTES': 10, 'TOTAL': 10}}, {'send': DONE}])
        _, job = r.queue('verify', backup=ID, level='structure')
        p = r.wait_state(job, 'done')
        assert (p['Result'], p['ErrorName'], p['Backup']) == ('done', '', ID)
        assert r.get(job, rig.PROGRESS, 'Progress') == 1.0


def test_verify_finds_damage():
    with rig.rig() as r:
        backup = started(r, verify=[
            {'send': {'TYPE': 'DAMAGED', 'BACKUP': ID, 'PART': 'boot', 'OFFSET': 0, 'SIZE': 1048576,
                      'TEXT': 'chunk 0 of boot is missing.'}}, {'send': DONE}])
        r.listen()
        _, job = r.queue('verify', backup=ID)
        p = r.wait_state(job, 'failed')
        assert p['ErrorName'] == 'org.mtkbackup1.Error.VerifyFailed'
        assert 'chunk 0 of boot' in p['ErrorMessage'], p['ErrorMessage']
        assert r.get(backup, rig.BACKUP, 'Verified') == 'damaged'
        assert r.get(backup, rig.BACKUP, 'VerifiedAt') > 0
        rig.until(lambda: r.signals_of('StoreDamaged'), 'StoreDamaged')


def test_one_at_a_time():
    with rig.rig() as r:
        started(r, verify=SLOW + [{'send': {'TYPE': 'DONE', 'RESULT': 'canceled'}}])
        _, first = r.queue('verify', backup=ID)
        _, second = r.queue('verify', backup=ID)
        p = r.wait_state(first, 'running')
        rig.until(lambda: r.get(first, rig.PROGRESS, 'BytesDone') == 250, 'progress')
        assert r.get(first, rig.PROGRESS, 'Item') == 'boot'
        assert r.get(first, rig.PROGRESS, 'ItemCount') == 2
        assert r.job(second)['State'] == 'queued'
        r.call(first, rig.JOB, 'Cancel', NOTHING)
        assert r.job(first)['State'] == 'canceled'
        r.wait_state(second, 'running')


def test_two_cancel_at_once():
    with rig.rig() as r:
        started(r, verify=SLOW + [{'turn': 'end'}, {'send': {'TYPE': 'DONE', 'RESULT': 'canceled'}}])
        r.listen()
        _, job = r.queue('verify', backup=ID)
        r.wait_state(job, 'running')
        answers = []
        for _ in range(2):
            r.object(job).Cancel(NOTHING, dbus_interface=rig.JOB,
                                 reply_handler=lambda: answers.append('ok'),
                                 error_handler=lambda e: answers.append(e))
        # which comes after both on their way
        assert r.job(job)['State'] == 'running'
        r.turn('end')
        rig.until(lambda: len(answers) == 2, 'both answers')
        assert answers == ['ok', 'ok'], answers
        rig.until(lambda: r.signals_of('JobRemoved'), 'JobRemoved')
        assert len(r.signals_of('Finished')) == 1
        assert len(r.signals_of('JobRemoved')) == 1


def test_cancel_that_comes_too_late():
    with rig.rig() as r:
        started(r, verify=SLOW + [{'send': DONE}])
        _, job = r.queue('verify', backup=ID)
        r.wait_state(job, 'running')
        name, _ = rig.error_of(r.call, job, rig.JOB, 'Cancel', NOTHING)
        assert name == 'NotCancelable'
        assert r.job(job)['State'] == 'done'


def test_keeper_killed():
    with rig.rig() as r:
        started(r, verify=SLOW[:4] + [{'kill': int(signal.SIGKILL)}])
        _, job = r.queue('verify', backup=ID)
        p = r.wait_state(job, 'failed')
        assert p['ErrorName'] == 'org.mtkbackup1.Error.WorkerCrashed', dict(p)
        assert 'signal 9' in p['ErrorMessage'], p['ErrorMessage']
        # the store is looked over, and goes on
        rig.until(lambda: r.get(rig.ROOT, rig.MANAGER, 'StoreState') == 'ok', 'the store')
        r.scenario({'open': OPEN})
        _, job = r.queue('verify', backup=ID)
        r.wait_state(job, 'done')


def test_keeper_that_lies():
    """Out of form, or silent at its end: one failure, and the daemon lives."""
    with rig.rig() as r:
        started(r)
        for steps in ([{'exit': 0}], [{'exit': 3}], [{'send': {'TYPE': 'bad type'}}, {'await': 'x'}],
                      [{'send': {'TYPE': 'FAIL'}}], [{'send': {'TYPE': 'FAIL', 'ERROR': 'Odd'}}]):
            r.scenario({'open': OPEN, 'verify': steps})
            _, job = r.queue('verify', backup=ID)
            p = r.wait_state(job, 'failed')
            assert p['ErrorMessage'], steps


def test_daemon_killed():
    with rig.rig() as r:
        started(r, verify=SLOW)
        _, job = r.queue('verify', backup=ID)
        r.wait_state(job, 'running')
        r.stop(signal.SIGKILL)
        r.start()
        p = r.job(job)
        assert (p['State'], p['Result']) == ('interrupted', 'interrupted')
        assert p['ErrorName'] == 'org.mtkbackup1.Error.Interrupted' and p['ErrorHint']


def test_daemon_stopped():
    with rig.rig() as r:
        started(r, verify=SLOW + [{'send': {'TYPE': 'DONE', 'RESULT': 'canceled'}}])
        _, job = r.queue('verify', backup=ID)
        _, waiting = r.queue('detect')
        r.wait_state(job, 'running')
        assert r.stop() == 0
        r.start()
        p = r.job(job)
        assert p['State'] == 'interrupted' and 'stopped' in p['ErrorMessage'], p
        r.wait_state(waiting, 'waiting-for-device')


def test_parts():
    with rig.rig(polkit=True) as r:
        backup = started(r, parts=[
            {'send': {'TYPE': 'PART', 'NAME': n, 'REGION': 'EMMC_USER', 'OFFSET': o, 'SIZE': 512,
                      'CLASS': 'loader', 'STATUS': 'ok', 'SHA256': 'ab'}}
            for n, o in (('boot', 0), ('lk', 512))] + [{'send': DONE}])
        parts = r.call(backup, rig.BACKUP, 'Parts')
        assert [tuple(p) for p in parts] == [
            ('boot', 'EMMC_USER', 0, 512, 'loader', 'ok', 'ab'),
            ('lk', 'EMMC_USER', 512, 512, 'loader', 'ok', 'ab')]
        # its owner needs no permission for what is his, others do
        def look():
            return len(r.call(backup, rig.BACKUP, 'Parts', bus=r.connect()))
        if os.getuid() == 0:
            assert rig.as_nobody(look) == '2', rig.as_nobody(look)


def test_export():
    with rig.rig(polkit=True) as r:
        backup = started(r, export=[{'write': 'bytes of boot'}, {'send': DONE}])

        def export(bus=None, format='raw'):
            with open(r.path('out'), 'wb') as file:
                r.call(backup, rig.BACKUP, 'Export', 'boot', format,
                       dbus.types.UnixFd(file.fileno()), NOTHING, bus=bus)
        export()
        with open(r.path('out'), encoding='utf-8') as file:
            assert file.read() == 'bytes of boot'
        assert rig.error_of(export, format='zip')[0] == 'InvalidOption'

        def export_as_nobody():
            with open('/dev/null', 'wb') as file:
                r.call(backup, rig.BACKUP, 'Export', 'boot', 'raw',
                       dbus.types.UnixFd(file.fileno()), NOTHING, bus=r.connect())
            return 'done'
        if os.getuid() == 0:
            assert 'NotAuthorized' in rig.as_nobody(export_as_nobody)
            r.allow('org.mtkbackup1.export')
            assert rig.as_nobody(export_as_nobody) == 'done'
        r.scenario({'export': [{'send': {'TYPE': 'FAIL', 'ERROR': 'ChecksumMismatch',
                                         'TEXT': 'Chunk 3 of boot is damaged.'}}]})
        assert rig.error_of(export) == ('ChecksumMismatch', 'Chunk 3 of boot is damaged.')


def test_delete():
    with rig.rig() as r:
        backup = started(r, delete=[{'send': {'TYPE': 'REMOVED', 'BACKUP': ID}}, {'send': DONE}])
        r.listen()
        r.call(backup, rig.BACKUP, 'Delete', NOTHING)
        assert list(r.manager('ListBackups')) == []
        assert rig.error_of(r.call, backup, rig.BACKUP, 'Parts')[0] == 'NoSuchBackup'
        rig.until(lambda: r.signals_of('InterfacesRemoved'), 'InterfacesRemoved')
        assert r.get(rig.ROOT, rig.MANAGER, 'BackupCount') == 0
        rig.until(lambda: [s for s in r.signals_of('PropertiesChanged')
                           if s[3][1].get('BackupCount') == 0], 'the count')


rig.run(test_verify_finds_nothing, test_verify_finds_damage, test_one_at_a_time,
        test_two_cancel_at_once, test_cancel_that_comes_too_late, test_keeper_killed,
        test_keeper_that_lies, test_daemon_killed, test_daemon_stopped, test_parts, test_export,
        test_delete)
