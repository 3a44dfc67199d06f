#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the daemon makes of its workers and keepers, whatever they do (scripted.py)."""
import signal

import rig
from scripted import (AGENT, BACKUP, DONE, ERROR, FAIL_DATA, FINISH, HELLO, ID, IDENTITY, IDLE,
                      LEAVE, OTHER, READY, RELEASE, STORAGE, WORK, cancel, fail, import_agent, port,
                      run_backup, scenario, station, turn)


def test_backup():
    n = port()
    scenario([HELLO + WORK + LEAVE], backup=BACKUP + [{'sleep': 0.3}] + FINISH)
    number, job = station.queue('backup', 'full')
    station.wait_state(job, 'waiting-for-device')
    station.plug(n)
    p = station.wait_state(job, 'done')
    assert (p['Result'], p['Backup'], p['ErrorName']) == ('complete', ID, ''), dict(p)
    assert p['Device'] == f'1-{n}' and p['StartedAt'] >= p['QueuedAt'] > 0
    assert p['FinishedAt'] >= p['StartedAt'] and p['UserAction'] == ''
    assert station.get(job, rig.PROGRESS, 'Progress') == 1.0
    # the phone was let go while the keeper went on
    d = station.wait_device(f'1-{n}', 'released')
    assert (d['Chip'], d['HwCode'], list(d['Security'])) == ('MT6765', 0x0766, ['sbc']), dict(d)
    station.unplug(n)
    station.wait_no_device(f'1-{n}')
    rig.until(lambda: [s for s in station.signals_of('PropertiesChanged')
                       if s[3][1].get('DeviceCount') == 0], 'the count of devices')
    rig.until(lambda: [s for s in station.signals_of('JobRemoved') if s[3][0] == number], 'the end')
    states = [s[3][1]['State'] for s in station.signals_of('PropertiesChanged')
              if s[0] == job and 'State' in s[3][1]]
    assert states == ['waiting-for-device', 'running', 'verifying', 'done'], states
    assert [s[3][1] for s in station.signals_of('BackupCommitted')][-1] == ID


def test_wrong_phone():
    """Not for this profile: let go, the job waits on and says which phone was seen; then the right
    one comes to another port."""
    wrong, right = port(), port()
    scenario([[READY, OTHER] + RELEASE, HELLO + WORK + LEAVE], backup=BACKUP + FINISH)
    _, job = station.queue('backup', 'mt6765')
    station.plug(wrong)
    station.wait_device(f'1-{wrong}', 'released')
    logs = rig.until(lambda: [s[3][1] for s in station.signals_of('Log') if s[0] == job], 'Log')
    assert 'MT6768' in logs[0] and 'mt6765' in logs[0], logs
    p = station.wait_state(job, 'waiting-for-device')
    assert p['Device'] == '' and p['UserAction']
    # what comes to that port next is the phone on its way to Android
    station.unplug(wrong)
    station.plug(wrong)
    assert station.wait_device(f'1-{wrong}', 'left-alone')['Message']
    rig.until(lambda: 'let go' in station.job(job)['UserAction'], 'the person to be told')
    station.plug(right)
    assert station.wait_state(job, 'done', 'failed')['Device'] == f'1-{right}'
    for n in (wrong, right):
        station.unplug(n)


def test_nobody_asks():
    n = port()
    scenario([[{'exit': 1}]])
    station.plug(n)
    assert station.wait_device(f'1-{n}', 'attached')['Chip'] == ''
    # a job that comes later uses it
    scenario([HELLO + LEAVE])
    _, job = station.queue('detect')
    assert station.wait_state(job, 'done')['Result'] == 'done'
    report = station.call(job, rig.JOB, 'GetReport')
    assert '"hw_code":"0x0766"' in report and 'EMMC_USER' in report, report
    station.unplug(n)


def test_detect_without_agent():
    n = port()
    identity = {'send': dict(OTHER['send'])}
    scenario([[READY, identity] + RELEASE])
    _, job = station.queue('detect')
    station.plug(n)
    p = station.wait_state(job, 'done')
    report = station.call(job, rig.JOB, 'GetReport')
    assert 'MT6768' in report and '"storage"' not in report and 'agents import' not in report
    assert 'No imported download agent' in report, report
    station.unplug(n)


def test_backup_without_agent():
    n = port()
    scenario([[READY, OTHER] + RELEASE])
    _, job = station.queue('backup', 'full')
    station.plug(n)
    p = station.wait_state(job, 'failed')
    assert p['ErrorName'] == ERROR + 'NoDownloadAgent' and 'MT6768' in p['ErrorMessage'], dict(p)
    assert 'mtkbackupctl agents import' in p['ErrorHint']
    station.unplug(n)


def test_worker_fails():
    """Before the phone is known, while it is prepared, while it is read: the worker's own words."""
    for worker, keeper in (
            ([READY, fail('HandshakeTimeout', 'The phone did not answer.', PHASE='handshake'),
              {'send': {'TYPE': 'DONE', 'LEFT': 'gone'}}], []),
            ([READY, IDENTITY, {'await': 'CONNECT'},
              fail('HandshakeTimeout', 'The phone did not answer.', PHASE='handshake'),
              {'send': {'TYPE': 'DONE', 'LEFT': 'rebooted'}}], []),
            (HELLO + [{'await': 'JOB'}, {'sleep': 0.1},
                      fail('HandshakeTimeout', 'The phone did not answer.', PHASE='handshake'),
                      {'close': 0}, {'send': {'TYPE': 'DONE', 'LEFT': 'gone'}}],
             BACKUP + [FAIL_DATA]),
            # the keeper is quicker with its lesser words
            (HELLO + [{'await': 'JOB'}, {'close': 0}, {'sleep': 0.5},
                      fail('HandshakeTimeout', 'The phone did not answer.', PHASE='handshake')],
             BACKUP + [FAIL_DATA])):
        p = run_backup(worker, keeper)
        assert p['State'] == 'failed' and p['Result'] == 'failed', dict(p)
        assert p['ErrorName'] == ERROR + 'HandshakeTimeout', dict(p)
        assert p['ErrorMessage'] == 'The phone did not answer.'


def test_worker_crashes():
    """Killed at every step: one result, and the daemon says which process it was."""
    steps = HELLO + [{'await': 'JOB'}, {'sleep': 0.1}]
    kill = {'kill': int(signal.SIGKILL)}
    for n in (0, 1, 3, 5, 7, len(steps)):
        p = run_backup(steps[:n] + [kill], BACKUP + [{'sleep': 0.2}, FAIL_DATA])
        assert (p['State'], p['ErrorName']) == ('failed', ERROR + 'WorkerCrashed'), (n, dict(p))
        assert 'talks to the phone' in p['ErrorMessage'] and 'signal 9' in p['ErrorMessage']
        assert 'power button' in p['ErrorHint']


def test_worker_out_of_turn():
    for worker in ([READY, IDLE], [READY, STORAGE[0]], [READY, IDENTITY, IDENTITY],
                   [READY, {'send': {'TYPE': 'IDENTITY', 'HW_CODE': 'many'}}],
                   [READY, {'send': {'TYPE': 'not a type'}}]):
        p = run_backup(worker + [{'await': 'nothing'}], [{'await': 'CANCEL'}])
        assert p['ErrorName'] == ERROR + 'WorkerCrashed', (worker, dict(p))


def test_worker_that_only_pretends():
    """Says that it is through while the keeper still waits for data, then holds its end open: it is
    told to leave, and ended when it does not."""
    p = run_backup(HELLO + [{'await': 'JOB'}, IDLE, {'await': 'FINISH'}],
                   BACKUP + [{'sleep': 0.5}, FAIL_DATA])
    assert (p['State'], p['ErrorName']) == ('failed', ERROR + 'Interrupted'), dict(p)


def test_phone_that_could_not_be_left():
    """By the worker's own words, or because it ended in the middle of trying."""
    for end in ({'send': {'TYPE': 'DONE', 'LEFT': 'stuck'}}, {'kill': int(signal.SIGKILL)}):
        p = run_backup([READY, fail('DeviceRefused', 'The phone refused.', STATUS='0xc0070004'),
                        end], [])
        assert p['ErrorName'] == ERROR + 'DeviceRefused' and p['ErrorStatus'] == 0xc0070004
        assert 'power button' in p['ErrorHint'], (end, dict(p))


def test_keeper_crashes():
    """The phone is not to blame: it is let go well, and the store is looked over."""
    p = run_backup(HELLO + WORK + LEAVE, BACKUP + [{'kill': int(signal.SIGKILL)}])
    assert (p['State'], p['ErrorName']) == ('failed', ERROR + 'WorkerCrashed'), dict(p)
    assert 'keeps the store' in p['ErrorMessage']
    rig.until(lambda: station.get(rig.ROOT, rig.MANAGER, 'StoreState') == 'ok', 'the store')


def test_keeper_fails():
    p = run_backup(HELLO + WORK + LEAVE, BACKUP + [fail('StoreFull', 'The disk is full.')])
    assert (p['State'], p['ErrorName']) == ('failed', ERROR + 'StoreFull'), dict(p)


def test_verify_fails_after_the_commit():
    p = run_backup(HELLO + WORK + LEAVE,
                   BACKUP + FINISH[:3] + [fail('VerifyFailed', 'The disk gave other bytes back.')])
    assert (p['State'], p['ErrorName'], p['Backup']) == ('failed', ERROR + 'VerifyFailed', ID)


def test_damaged_is_due_again():
    """What could not be read back from the disk does not count as a backup for the automatic ones:
    the phone is backed up again the next time it is there."""
    known = [{'send': dict(IDENTITY['send'], SOC_ID='1f' * 32)} if step is IDENTITY else step
             for step in HELLO]
    p = run_backup(known + WORK + LEAVE,
                   BACKUP + FINISH[:3] + [fail('VerifyFailed', 'The disk gave other bytes back.')])
    assert p['ErrorName'] == ERROR + 'VerifyFailed', dict(p)
    n = port()
    scenario([known + WORK + LEAVE], backup=BACKUP + FINISH)
    station.manager('SetAutoBackup', True)
    station.plug(n)
    d = station.wait_device(f'1-{n}', 'released')
    station.manager('SetAutoBackup', False)
    assert d['Message'] == '', d['Message']
    job, = [path for _, path, *_ in station.manager('ListJobs') if station.job(path)['Automatic']]
    assert station.wait_state(job, 'done', 'failed')['Result'] == 'complete'
    station.unplug(n)


def test_two_jobs_one_session():
    n = port()
    scenario([HELLO + WORK + WORK + LEAVE, [{'exit': 1}]], backup=BACKUP + FINISH)
    jobs = [station.queue('backup', 'full', name=name, device=f'1-{n}')[1] for name in ('a', 'b')]
    station.plug(n)
    for job in jobs:
        assert station.wait_state(job, 'done', 'failed')['State'] == 'done'
    station.unplug(n)


def test_two_phones():
    one, two = port(), port()
    scenario([HELLO + WORK + LEAVE], backup=BACKUP + [{'sleep': 3}] + FINISH)
    jobs = [station.queue('backup', 'full')[1] for _ in range(2)]
    station.plug(one)
    station.plug(two)
    ports = {station.wait_state(job, 'done', 'failed')['Device'] for job in jobs}
    assert ports == {f'1-{one}', f'1-{two}'}, ports
    for n in (one, two):
        station.unplug(n)


def test_two_phones_that_are_taken_for_each_other():
    """Each has claimed the other's job before it could say what it is. The first that can gets its
    own, whoever has that; so does the second."""
    one, two = port(), port()
    scenario([HELLO[:2] + [{'turn': 'first'}] + HELLO[2:] + LEAVE,
              HELLO[:2] + [{'turn': 'second'}, OTHER] + RELEASE])
    other, own = (station.queue('detect', name)[1] for name in ('mt6768', 'mt6765'))
    for n, job in ((one, other), (two, own)):
        station.plug(n)
        rig.until(lambda: station.get(job, rig.JOB, 'Phase') == 'handshake', 'the claim')
        assert station.job(job)['Device'] == f'1-{n}'
    turn('first')
    assert station.wait_state(own, 'done', 'failed')['Device'] == f'1-{one}'
    assert 'MT6765' in station.call(own, rig.JOB, 'GetReport')
    turn('second')
    assert station.wait_state(other, 'done', 'failed')['Device'] == f'1-{two}'
    assert 'MT6768' in station.call(other, rig.JOB, 'GetReport')
    for n in (one, two):
        station.unplug(n)


def test_port_of_a_job():
    one, two = port(), port()
    scenario([HELLO + WORK + LEAVE], backup=BACKUP + FINISH)
    _, job = station.queue('backup', 'full', device=f'1-{two}')
    station.plug(one)
    station.wait_device(f'1-{one}', 'attached')
    assert station.wait_state(job, 'waiting-for-device')['Device'] == f'1-{two}'
    station.plug(two)
    assert station.wait_state(job, 'done', 'failed')['Device'] == f'1-{two}'
    for n in (one, two):
        station.unplug(n)


def test_cancel_at_any_moment():
    hold = {'await': 'RELEASE'}
    for worker, wait in (
            # in the handshake; once it is known; while the agent starts; while it is read
            ([READY] + RELEASE, lambda job, n: station.wait_device(f'1-{n}', 'connecting')),
            ([READY, IDENTITY, {'await': 'CONNECT'}, {'turn': 'go'}] + AGENT + STORAGE + [IDLE] +
             LEAVE, lambda job, n: station.wait_state(job, 'running')),
            (HELLO + WORK + LEAVE,
             lambda job, n: rig.until(lambda: station.get(job, rig.PROGRESS, 'BytesDone'), 'bytes'))):
        n = port()
        scenario([worker], backup=BACKUP + [{'await': 'CANCEL'}, {'close': 0},
                                            {'send': {'TYPE': 'DONE', 'RESULT': 'canceled'}}])
        _, job = station.queue('backup', 'full')
        station.plug(n)
        wait(job, n)
        cancel(job)
        p = station.job(job)
        assert (p['State'], p['ErrorName']) == ('canceled', ERROR + 'Canceled'), dict(p)
        turn('go')
        # the phone is not left hanging
        station.wait_device(f'1-{n}', 'released')
        station.unplug(n)
        station.wait_no_device(f'1-{n}')


def test_cancel_after_the_commit():
    n = port()
    scenario([HELLO + WORK + LEAVE], backup=BACKUP + FINISH[:3] + [{'turn': 'end'}, DONE])
    _, job = station.queue('backup', 'full')
    station.plug(n)
    rig.until(lambda: station.job(job)['Backup'], 'the commit')
    assert not station.job(job)['Cancelable']
    assert rig.error_of(cancel, job)[0] == 'NotCancelable'
    turn('end')
    assert station.wait_state(job, 'done', 'canceled')['State'] == 'done'
    station.unplug(n)


def test_unplugged_before_anything():
    """Gone again before the worker did anything: it notices, or is ended."""
    n = port()
    scenario([[READY, {'await': 'nothing'}]])
    _, job = station.queue('detect')
    station.plug(n)
    station.wait_device(f'1-{n}', 'connecting')
    station.unplug(n)
    p = station.wait_state(job, 'failed')
    assert p['ErrorMessage'], dict(p)
    station.wait_no_device(f'1-{n}')


def test_flood_of_plugs():
    """A loose contact: nobody asks for the phone, and the daemon still works afterwards."""
    ports = [port() for _ in range(3)]
    scenario([HELLO + WORK + LEAVE], backup=BACKUP + FINISH)
    for _ in range(15):
        for n in ports:
            station.plug(n)
        for n in ports:
            station.unplug(n)
    for n in ports:
        station.wait_no_device(f'1-{n}')
    _, job = station.queue('backup', 'full', device=f'1-{ports[0]}')
    station.plug(ports[0])
    assert station.wait_state(job, 'done', 'failed')['Result'] == 'complete'
    station.unplug(ports[0])


def test_stop_lets_phones_go():
    n = port()
    scenario([HELLO + WORK + LEAVE], backup=BACKUP + [
        {'await': 'CANCEL'}, {'close': 0}, {'send': {'TYPE': 'DONE', 'RESULT': 'canceled'}}])
    _, job = station.queue('backup', 'full')
    station.plug(n)
    rig.until(lambda: station.get(job, rig.PROGRESS, 'BytesDone'), 'bytes')
    station.do('daemon', 'stop')
    assert f'Port 1-{n}: session over, phone rebooted' in station.log()
    station.do('daemon', 'start')
    p = station.job(job)
    assert p['State'] == 'interrupted' and 'stopped' in p['ErrorMessage'], dict(p)
    station.unplug(n)


def test_killed_in_the_middle():
    n = port()
    scenario([HELLO + [{'await': 'JOB'}, {'await': 'nothing'}]], backup=BACKUP + [{'await': 'x'}])
    _, job = station.queue('backup', 'full')
    _, waiting = station.queue('backup', 'full', device='9-9')
    station.plug(n)
    rig.until(lambda: station.get(job, rig.PROGRESS, 'BytesDone'), 'bytes')
    station.do('daemon', 'kill')
    station.unplug(n)
    station.do('daemon', 'start')
    p = station.job(job)
    assert (p['State'], p['ErrorName']) == ('interrupted', ERROR + 'Interrupted'), dict(p)
    station.wait_state(waiting, 'waiting-for-device')
    cancel(waiting)


import_agent()
rig.run(test_backup, test_wrong_phone, test_nobody_asks, test_detect_without_agent,
        test_backup_without_agent, test_worker_fails, test_worker_crashes, test_worker_out_of_turn,
        test_worker_that_only_pretends,
        test_phone_that_could_not_be_left, test_keeper_crashes, test_keeper_fails,
        test_verify_fails_after_the_commit, test_damaged_is_due_again, test_two_jobs_one_session,
        test_two_phones, test_two_phones_that_are_taken_for_each_other, test_port_of_a_job,
        test_cancel_at_any_moment, test_cancel_after_the_commit, test_unplugged_before_anything,
        test_flood_of_plugs, test_stop_lets_phones_go,
        test_killed_in_the_middle, before=station.clear)
