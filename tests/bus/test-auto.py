#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Automatic backup with the real worker and keeper and simulated phones: what is read, from whom, and
that every phone that is not to be backed up starts."""
import contextlib
import json
import os
import subprocess

import rig
from phones import (ENDED, LONG, NOTHING, OTHER_PORT, backup, backups, boot, cancel, events,
                    is_whole, path_of, queue, station, use, wait_event)

last_serial = [1000]
configured = []


def auto(on):
    station.manager('SetAutoBackup', on)


def clean():
    """Nobody is asked, nothing is switched on, no phone is there."""
    auto(False)
    station.clear()


def configure(*lines, hold='0s'):
    """Restarts the daemon with this automatic policy."""
    lines += (f'hold-for-answer: {hold}',)
    path = os.path.join(os.environ['STATION_STATE'], 'auto.yaml')
    with open(path, 'w', encoding='utf-8') as file:
        file.write('auto-backup:\n' + ''.join(f'  {line}\n' for line in lines))
    # which forgets that phones were let go at the ports, too
    station.do('daemon', 'restart', *([] if configured else ['--config', path]))
    configured.append(path)


def stranger(n=1, **settings):
    """A phone that was never seen before at this port."""
    last_serial[0] += 1
    return use(n, **{'serial': last_serial[0], 'again_ms': LONG, 'reboot_ms': 150, 'optional': 1} |
               settings)


def jobs():
    """Automatic jobs that are not finished, by object."""
    found = {}
    for _, path, _, state, *_ in station.manager('ListJobs'):
        if state not in ENDED and station.job(path)['Automatic']:
            found[str(path)] = station.job(path)
    return found


def automatic_job():
    path, = rig.until(jobs, 'an automatic job')
    return path


def approve(job):
    station.call(job, rig.JOB, 'Approve', NOTHING)


def gone(n):
    """The phone was let go and is back on its way to Android; then its cable is pulled. What the
    device said."""
    device = station.wait_device(f'1-{n}', 'left-alone')
    station.take_out(n)
    return device['Message']


def let_go(n):
    station.plug(n)
    return gone(n)


def plug_and_boot(n):
    """The same without pulling the cable: the phone starts after one extra round."""
    station.plug(n)
    device = station.wait_device(f'1-{n}', 'left-alone')
    boot(n)
    station.take_out(n)
    return device['Message']


def handshakes(n):
    return len([e for e in events(n) if e.startswith('handshake')])


def started_agents(n):
    return [e for e in events(n) if e.startswith('stage')]


def acquaint(n):
    """A phone that somebody agreed to, without any backup of it yet: its job, canceled."""
    let_go(n)
    job = automatic_job()
    approve(job)
    cancel(job)


def restart():
    station.do('daemon', 'restart')


def test_off_is_the_default():
    configure()
    p = station.call(rig.ROOT, rig.PROPERTIES, 'GetAll', rig.MANAGER)
    # another test may have used the switch
    assert not p['AutoBackup']
    n = stranger()
    station.plug(n)
    station.wait_device(f'1-{n}', 'attached')
    boot(n)
    assert not [e for e in events(n) if e.startswith(('first', 'handshake'))], events(n)


def test_consent_and_due():
    """Nothing is read from a stranger; once somebody agreed it is backed up, and then is not due."""
    configure('enabled: yes')
    auto(True)
    n = stranger()
    message = let_go(n)
    job = automatic_job()
    p = station.job(job)
    assert p['NeedsApproval'] and p['State'] == 'queued' and p['Profile'] == 'mt6765', dict(p)
    assert 'Nobody has agreed' in message, message
    assert f'auto approve {p["Id"]}' in p['UserAction'], p['UserAction']
    assert handshakes(n) == 1 and not started_agents(n), events(n)
    # the same phone once more makes no second job, a restart changes nothing
    restart()
    message = let_go(n)
    assert list(jobs()) == [job] and station.job(job)['NeedsApproval'], jobs()
    assert not started_agents(n), events(n)
    approve(job)
    approve(job)
    p = station.wait_state(job, 'waiting-for-device')
    assert not p['NeedsApproval'] and 'plug it in' in p['UserAction'], dict(p)
    assert p['StartedByUID'] == os.getuid()
    # an approval survives, and does not mean another phone
    restart()
    assert not station.job(job)['NeedsApproval']
    other = stranger(2)
    let_go(other)
    assert station.job(job)['State'] == 'waiting-for-device' and not started_agents(other)
    assert len(jobs()) == 2
    station.plug(n)
    p = station.wait_state(job, *ENDED)
    assert (p['State'], p['Result']) == ('done', 'complete'), dict(p)
    is_whole(n, p['Backup'])
    gone(n)
    # not due: one extra round, and it starts
    before = backups()
    message = plug_and_boot(n)
    assert 'recent enough' in message, message
    assert handshakes(n) == 4 and backups() == before, events(n)
    assert not [j for j in jobs().values() if not j['NeedsApproval']]


def test_held_for_the_answer():
    """Who answers at once need not plug the phone in again; no answer does not keep it."""
    configure('enabled: yes', hold='10m')
    auto(True)
    for settings in ({}, {'optional': 0}):
        n = stranger(**settings)
        station.plug(n)
        job = automatic_job()
        rig.until(lambda: 'Nobody has agreed' in station.device(f'1-{n}')['Message'], 'the reason')
        # something else that happens meanwhile
        cancel(station.queue('detect', device='9-9')[1])
        assert not [e for e in events(n) if e.startswith(('reboot', 'detached'))], events(n)
        approve(job)
        p = station.wait_state(job, *ENDED)
        assert p['Result'] == 'complete', dict(p)
        is_whole(n, p['Backup'])
        gone(n)
        assert handshakes(n) == 1, events(n)
    # refused: it goes at once
    n = stranger()
    station.plug(n)
    cancel(automatic_job())
    gone(n)
    # gone: the job stays
    n = stranger()
    station.plug(n)
    job = automatic_job()
    station.take_out(n)
    assert station.job(job)['NeedsApproval'] and station.job(job)['State'] == 'queued'
    # switched off: nobody is waited for
    station.plug(n)
    rig.until(lambda: handshakes(n) == 2, 'the handshake')
    auto(False)
    gone(n)
    cancel(job)
    # time over
    configure('enabled: yes', hold='1s')
    auto(True)
    n = stranger()
    message = let_go(n)
    assert 'Nobody has agreed' in message and len(jobs()) == 1, message


def test_known_phone_is_backed_up_at_the_plug():
    configure('enabled: yes', 'minimum-interval: 0h')
    auto(True)
    n = stranger()
    assert backup(n)['Result'] == 'complete'
    gone(n)
    station.plug(n)
    job = automatic_job()
    p = station.wait_state(job, *ENDED)
    assert p['Automatic'] and p['Result'] == 'complete', dict(p)
    assert not p['NeedsApproval'] and p['StartedByUID'] == os.getuid(), dict(p)
    is_whole(n, p['Backup'])
    gone(n)
    assert handshakes(n) == 2, events(n)


def test_refused():
    configure('enabled: yes')
    auto(True)
    n = stranger()
    let_go(n)
    job = automatic_job()
    cancel(job)
    assert station.job(job)['State'] == 'canceled'
    message = let_go(n)
    assert 'refused' in message and not jobs(), message
    got = rig.error_of(approve, job)
    assert got[0] == 'Failed', got
    # by hand it can be backed up all the same, which does not mean consent
    assert backup(n, partitions=['boot'])['Result'] == 'complete'
    gone(n)
    assert 'refused' in let_go(n)


def test_known_phones_only():
    configure('enabled: yes', 'known-phones-only: yes')
    auto(True)
    n = stranger()
    message = plug_and_boot(n)
    assert 'Only known phones' in message and not jobs(), message
    assert not started_agents(n), events(n)


def test_identity_in_the_storage():
    """A preloader that knows no ids: the agent has to run before anybody can be asked."""
    configure('enabled: yes')
    auto(True)
    n = stranger(optional=0)
    let_go(n)
    job = automatic_job()
    assert started_agents(n)
    assert station.job(job)['NeedsApproval'] and not backups() & {station.job(job)['Backup']}
    approve(job)
    # not even with the switch off is that job for anybody else
    auto(False)
    station.plug(n)
    p = station.wait_state(job, *ENDED)
    assert p['Result'] == 'complete', dict(p)
    is_whole(n, p['Backup'])
    gone(n)
    auto(True)
    assert 'recent enough' in let_go(n)


def test_no_identity():
    configure('enabled: yes')
    auto(True)
    for ids in ('zero', 'ff'):
        n = stranger(ids=ids)
        message = let_go(n)
        assert 'no id of its own' in message and not jobs(), message


def test_profile():
    configure('enabled: yes', 'profile: mt6768')
    auto(True)
    n = stranger()
    assert 'is not for this phone' in let_go(n)
    configure('enabled: yes', 'profile: gone')
    assert 'no profile "gone"' in let_go(stranger())
    configure('enabled: yes', 'profile: identity')
    n = stranger()
    acquaint(n)
    station.plug(n)
    p = station.wait_state(automatic_job(), *ENDED)
    assert p['Profile'] == 'identity' and p['Result'] == 'complete', dict(p)
    kind = station.get(path_of(p['Backup']), rig.BACKUP, 'Kind')
    assert kind == 'critical', kind


def test_queued_jobs_come_first():
    configure('enabled: yes')
    auto(True)
    n = stranger()
    job = queue(n, partitions=['boot'])
    station.plug(n)
    assert station.wait_state(job, *ENDED)['Result'] == 'complete'
    gone(n)
    assert not jobs()
    # backed up by hand, a part of it: known, and due
    station.plug(n)
    assert station.wait_state(automatic_job(), *ENDED)['Result'] == 'complete'


def test_asked_phone_is_backed_up_by_hand():
    configure('enabled: yes')
    auto(True)
    n = stranger()
    let_go(n)
    asking = automatic_job()
    assert backup(n)['Result'] == 'complete'
    assert station.job(asking)['State'] == 'canceled', dict(station.job(asking))
    assert 'by hand' in station.job(asking)['ErrorMessage']


def test_switched_on_while_it_waits():
    configure()
    n = stranger()
    station.plug(n)
    station.wait_device(f'1-{n}', 'attached')
    auto(True)
    rig.until(jobs, 'an automatic job')
    wait_event(n, 'detached reset')


def test_failures_have_an_end():
    """A phone whose backup fails again and again is left alone after three times."""
    configure('enabled: yes')
    auto(True)
    n = stranger()
    acquaint(n)
    for _ in range(3):
        use(n, serial=last_serial[0], fault='unplug@2000000')
        station.plug(n)
        p = station.wait_state(automatic_job(), *ENDED)
        assert p['State'] == 'failed', dict(p)
        station.take_out(n)
    use(n, serial=last_serial[0], again_ms=LONG)
    message = let_go(n)
    assert 'failed several times' in message and not jobs(), message


def test_killed_and_started_again():
    """Whatever was being done when it died: the phone is asked about or backed up once, not twice."""
    configure('enabled: yes')
    auto(True)
    n = stranger()
    station.plug(n)
    job = automatic_job()
    station.do('daemon', 'kill')
    station.do('daemon', 'start')
    assert station.job(job)['NeedsApproval']
    gone(n)
    approve(job)
    station.do('daemon', 'kill')
    station.do('daemon', 'start')
    assert not station.job(job)['NeedsApproval']
    station.plug(n)
    rig.until(lambda: station.get(job, rig.PROGRESS, 'BytesDone') > 1 << 20, 'bytes')
    station.do('daemon', 'kill')
    with contextlib.suppress(subprocess.CalledProcessError):
        station.unplug(n)
    station.do('daemon', 'start')
    assert station.job(job)['State'] == 'interrupted'
    station.take_out(n)
    station.plug(n)
    p = station.wait_state(automatic_job(), *ENDED)
    assert p['Result'] == 'complete', dict(p)
    is_whole(n, p['Backup'])


def test_broken_state_is_put_aside():
    configure()
    auto(True)
    station.do('daemon', 'stop')
    path = os.path.join(os.path.dirname(station.store), 'auto-backup.json')
    with open(path, encoding='utf-8') as file:
        assert json.load(file)['switch'] == 'on'
    with open(path, 'w', encoding='utf-8') as file:
        file.write('{')
    station.do('daemon', 'start')
    p = station.call(rig.ROOT, rig.PROPERTIES, 'GetAll', rig.MANAGER)
    assert (p['AutoBackup'], p['AutoBackupDecidedBy']) == (False, 'default'), dict(p)
    assert os.path.exists(path + '.bad')


def test_phone_in_other_hands():
    """An agent that somebody else started may be writing: it is not disturbed."""
    configure('enabled: yes')
    auto(True)
    n = stranger(usb_id=0x0e8d2001)
    station.plug(n)
    message = station.wait_device(f'1-{n}', 'attached', 'failed')['Message']
    assert 'download agent' in message.lower(), message
    boot(n)
    assert not [e for e in events(n) if e.startswith('first')], events(n)
    use(n, usb_id=0)


def test_several_at_once():
    configure('enabled: yes')
    auto(True)
    strangers = [stranger(i) for i in range(1, 6)]
    for n in strangers:
        station.plug(n)
    for n in strangers:
        gone(n)
    assert len(jobs()) == len(strangers), jobs()
    waiting = list(jobs())
    for job in waiting:
        approve(job)
    # not in the order of their jobs: each claims another's before it has said what it is
    for n in reversed(strangers):
        station.plug(n)
    for job in waiting:
        p = station.wait_state(job, *ENDED)
        assert p['Result'] == 'complete', dict(p)
        is_whole(int(p['Device'].split('-')[1]), p['Backup'])


def test_two_phones_that_claim_to_be_one():
    """Cloned ids: one of them is backed up, the other starts."""
    configure('enabled: yes')
    auto(True)
    one = stranger()
    acquaint(one)
    two = use(2, serial=last_serial[0], again_ms=LONG, optional=1)
    station.plug(one)
    job = automatic_job()
    station.plug(two)
    assert 'queued already' in station.wait_device(f'1-{two}', 'left-alone')['Message']
    assert list(jobs()) in ([job], []), jobs()
    assert station.wait_state(job, *ENDED)['Result'] == 'complete'


def test_strangers_in_crowds():
    """So many phones that nobody agreed to: the number of jobs has an end, every phone starts."""
    configure('enabled: yes')
    auto(True)
    n = stranger()
    let_go(n)
    # thirteen more of that kind
    station.do('daemon', 'stop')
    path = os.path.join(os.path.dirname(station.store), 'queue.json')
    with open(path, encoding='utf-8') as file:
        state = json.load(file)
    template, = (j for j in state['jobs'] if j['needs_approval'] and j['state'] == 'queued')
    for i in range(13):
        state['jobs'].append(template | {'id': state['next_id'], 'mark': f'{i:012x}'})
        state['next_id'] += 1
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(state, file)
    station.do('daemon', 'start')
    for asked in (15, 16, 16):
        message = let_go(stranger())
        assert len(jobs()) == asked, len(jobs())
    assert 'Too many phones wait' in message, message
    assert all(j['NeedsApproval'] for j in jobs().values())


def test_no_agent():
    configure('enabled: yes')
    auto(True)
    agents = os.path.join(os.path.dirname(station.store), 'agents')
    n = use(OTHER_PORT, again_ms=LONG)
    assert os.listdir(agents)
    station.do('daemon', 'stop')
    kept = {}
    for name in os.listdir(agents):
        with open(os.path.join(agents, name), 'rb') as file:
            kept[name] = file.read()
        os.unlink(os.path.join(agents, name))
    station.do('daemon', 'start')
    message = let_go(n)
    station.do('daemon', 'stop')
    for name, data in kept.items():
        with open(os.path.join(agents, name), 'wb') as file:
            file.write(data)
    station.do('daemon', 'start')
    assert 'agents import' in message and not jobs(), message


rig.run(test_off_is_the_default, test_consent_and_due, test_held_for_the_answer,
        test_known_phone_is_backed_up_at_the_plug,
        test_refused, test_known_phones_only, test_identity_in_the_storage, test_no_identity,
        test_profile, test_queued_jobs_come_first, test_asked_phone_is_backed_up_by_hand,
        test_switched_on_while_it_waits, test_failures_have_an_end, test_killed_and_started_again,
        test_broken_state_is_put_aside, test_phone_in_other_hands, test_several_at_once,
        test_two_phones_that_claim_to_be_one, test_strangers_in_crowds, test_no_agent, before=clean)
