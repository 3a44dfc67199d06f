#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Automatic backup without phones: who decides, who may say what, and what outlives the daemon."""
import json
import os
import signal

import dbus
import rig

NOTHING = dbus.Dictionary({}, signature='sv')
MARK = '0123456789ab'
ON = 'auto-backup:\n  enabled: on\n  profile: mt6765\n  minimum-interval: 7d\n'


def rules(r):
    """Is it on, who decided; the rules."""
    p = r.call(rig.ROOT, rig.PROPERTIES, 'GetAll', rig.MANAGER)
    return ((bool(p['AutoBackup']), str(p['AutoBackupDecidedBy'])),
            (str(p['AutoBackupProfile']), int(p['AutoBackupInterval']),
             bool(p['AutoBackupKnownOnly'])))


def write_state(r, *phones, switch='none'):
    r.write('state/auto-backup.json', json.dumps({
        'version': 1, 'switch': switch,
        'phones': [{'mark': mark, 'chip': 'MT6765', 'key': '', 'refused': refused, 'uid': uid,
                    'since': 1} for mark, refused, uid in phones]}))


def write_asking(r, mark=MARK):
    """A job that waits for somebody to agree, from the last run of the daemon."""
    r.write('state/queue.json', json.dumps({'version': 1, 'next_id': 2, 'jobs': [{
        'id': 1, 'kind': 'backup', 'state': 'queued', 'profile': 'mt6765', 'level': 'structure',
        'uid': 990, 'automatic': True, 'needs_approval': True, 'mark': mark}]}))
    return f'{rig.ROOT}/job/_1'


def changes(r, path):
    return [s[3][1] for s in r.signals_of('PropertiesChanged') if s[0] == path]


def phones(r):
    return {str(p[0]): (bool(p[3]), int(p[4])) for p in r.manager('ListPhones')}


def test_switch_goes_before_configuration():
    with rig.rig() as r:
        r.start()
        assert rules(r) == ((False, 'default'), ('by-chip', 72000, False))
        r.listen()
        r.write('mtkbackupd.yaml', ON)
        r.manager('Reload')
        assert rules(r) == ((True, 'configuration'), ('mt6765', 604800, False))
        r.manager('SetAutoBackup', False)
        assert rules(r)[0] == (False, 'switch')
        rig.until(lambda: [(c['AutoBackup'], c['AutoBackupDecidedBy'])
                           for c in changes(r, rig.ROOT) if 'AutoBackup' in c] == [
                               (True, 'configuration'), (False, 'switch')], 'what was announced')
        # it outlives the daemon, however that ends
        r.stop(signal.SIGKILL)
        r.start()
        assert rules(r)[0] == (False, 'switch')
        r.manager('ResetAutoBackup')
        assert rules(r)[0] == (True, 'configuration')
        r.stop()
        r.start()
        assert rules(r)[0] == (True, 'configuration')


def test_broken_configuration_keeps_the_policy():
    with rig.rig() as r:
        r.write('mtkbackupd.yaml', ON)
        r.start()
        before = rules(r)
        for text, said in ((ON + '  known-phones-only: perhaps\n', ':5:22: auto-backup.known-phones'),
                           ('auto-backup: on\n', ':1:14: auto-backup: expected'),
                           ('auto-backup:\n  minimum-interval: soon\n', 'expected a time such as'),
                           ('auto-backup:\n  every: 7d\n', ':2:3: auto-backup.every')):
            r.write('mtkbackupd.yaml', text)
            name, message = rig.error_of(r.manager, 'Reload')
            assert name == 'InvalidFile' and said in message, message
            assert rules(r) == before == ((True, 'configuration'), ('mt6765', 604800, False))


def test_what_cannot_be_saved_is_not_said():
    with rig.rig() as r:
        job = write_asking(r)
        r.start()
        # nothing can be renamed over a directory
        os.mkdir(r.path('state/auto-backup.json'))
        for call in ((r.manager, 'SetAutoBackup', True),
                     (r.call, job, rig.JOB, 'Approve', NOTHING),
                     (r.call, job, rig.JOB, 'Cancel', NOTHING)):
            name, message = rig.error_of(*call)
            assert name == 'StoreFailed', (name, message)
        assert rules(r)[0] == (False, 'default') and not phones(r)
        p = r.job(job)
        assert p['NeedsApproval'] and p['State'] == 'queued', dict(p)
        os.rmdir(r.path('state/auto-backup.json'))
        r.call(job, rig.JOB, 'Approve', NOTHING)
        assert phones(r) == {MARK: (True, os.getuid())}


def test_asking_job():
    with rig.rig() as r:
        job = write_asking(r)
        r.start()
        r.listen()
        p = r.job(job)
        assert p['Automatic'] and p['NeedsApproval'] and p['StartedByUID'] == 990, dict(p)
        rig.until(lambda: 'auto approve 1' in r.job(job)['UserAction'], 'the action')
        assert r.job(job)['State'] == 'queued'
        got = rig.error_of(r.call, job, rig.JOB, 'Approve',
                           dbus.Dictionary({'for': 'ever'}, signature='sv'))
        assert got[0] == 'InvalidOption', got
        r.call(job, rig.JOB, 'Approve', NOTHING)
        assert r.wait_state(job, 'waiting-for-device')['StartedByUID'] == os.getuid()
        rig.until(lambda: any(c.get('NeedsApproval') == 0 and c.get('StartedByUID') == os.getuid()
                              for c in changes(r, job)), 'what was announced')
        # an ordinary job is none that could be approved
        other = r.queue('detect')[1]
        assert rig.error_of(r.call, other, rig.JOB, 'Approve', NOTHING)[0] == 'Failed'
        assert not r.job(other)['Automatic'] and not r.job(other)['NeedsApproval']


def test_crash_between_the_two_files():
    """What was said is saved before the job: the job follows at the next start."""
    with rig.rig() as r:
        job = write_asking(r)
        write_state(r, (MARK, False, 65534))
        r.start()
        p = r.wait_state(job, 'waiting-for-device')
        assert not p['NeedsApproval'] and p['StartedByUID'] == 65534, dict(p)
    with rig.rig() as r:
        job = write_asking(r)
        write_state(r, (MARK, True, 65534))
        r.start()
        p = r.wait_state(job, 'canceled')
        assert not p['NeedsApproval'] and 'refused' in p['ErrorMessage'], dict(p)


def test_forget():
    with rig.rig() as r:
        write_state(r, (MARK, False, 0), ('ba9876543210', True, 1000))
        r.start()
        assert phones(r) == {MARK: (True, 0), 'ba9876543210': (False, 1000)}
        for name in ('', 'x', MARK[:11], MARK + '0', '../queue'):
            assert rig.error_of(r.manager, 'ForgetPhone', name)[0] == 'NoSuchDevice'
        r.manager('ForgetPhone', 'ba9876543210')
        r.stop(signal.SIGKILL)
        r.start()
        assert phones(r) == {MARK: (True, 0)}


def as_nobody(r, *call):
    def run():
        r.call(*call, bus=r.connect())
        return 'done'
    return rig.as_nobody(run)


def test_who_may():
    if os.getuid() != 0:
        return
    with rig.rig(polkit=True) as r:
        job = write_asking(r)
        write_state(r, ('ba9876543210', True, 0), ('fedcba987654', False, 65534))
        r.start()
        approve, refuse = (job, rig.JOB, 'Approve', NOTHING), (job, rig.JOB, 'Cancel', NOTHING)
        calls = {'configure': (rig.ROOT, rig.MANAGER, 'SetAutoBackup', True),
                 'backup': approve, 'cancel': refuse}
        for call in calls.values():
            assert 'NotAuthorized' in as_nobody(r, *call), call
        # an action is good for nothing else
        r.allow('org.mtkbackup1.detect', 'org.mtkbackup1.cancel-other', 'org.mtkbackup1.backup',
                'org.mtkbackup1.cancel')
        reset, others, own = ((rig.ROOT, rig.MANAGER, 'ResetAutoBackup'),
                              (rig.ROOT, rig.MANAGER, 'ForgetPhone', 'ba9876543210'),
                              (rig.ROOT, rig.MANAGER, 'ForgetPhone', 'fedcba987654'))
        for call in (calls['configure'], reset, others):
            assert 'NotAuthorized' in as_nobody(r, *call), call
        assert as_nobody(r, *own) == 'done'
        r.allow('org.mtkbackup1.configure')
        for call in (calls['configure'], reset, others):
            assert as_nobody(r, *call) == 'done', call
        for call in (approve, refuse):
            assert 'NotAuthorized' in as_nobody(r, *call), call
        assert not phones(r)
        r.allow('org.mtkbackup1.backup')
        assert as_nobody(r, *approve) == 'done'
        assert r.job(job)['StartedByUID'] == 65534 and phones(r) == {MARK: (True, 65534)}
    with rig.rig(polkit=True) as r:
        job = write_asking(r)
        r.start()
        # nobody has asked for it, so anybody at the machine may refuse it
        r.allow('org.mtkbackup1.cancel')
        assert as_nobody(r, job, rig.JOB, 'Cancel', NOTHING) == 'done'
        assert phones(r) == {MARK: (False, 65534)}


rig.run(test_switch_goes_before_configuration, test_broken_configuration_keeps_the_policy,
        test_what_cannot_be_saved_is_not_said, test_asking_job, test_crash_between_the_two_files,
        test_forget, test_who_may)
