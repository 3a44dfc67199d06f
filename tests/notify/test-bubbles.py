#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent between a made-up service and notification servers of all kinds."""
import contextlib
import os
import time

import dbus

from desk import desk, pause
from made_up import Service, forge
import rig
from rig import until

PLUG = 'Switch the phone off, then plug it in with its USB cable.'


@contextlib.contextmanager
def scene(agent=True, server=True, **keys):
    """A session (d), a service (s) and a server (n) that the agent has met."""
    with rig.rig() as r, desk() as d:
        s = Service(r.address)
        n = d.server(**keys) if server else None
        if agent:
            d.start()
            until(lambda: s.listener, 'the agent to ask for the list')
            assert not s.would_start, 'listening must not start the service'
        d.rig = r
        try:
            yield d, s, n
        finally:
            with contextlib.suppress(Exception):
                s.leave()


def test_one_bubble_a_job():
    with scene() as (d, s, n):
        began = time.monotonic()
        job = s.job(State='waiting-for-device', UserAction=PLUG, Name='my phone')
        first = n.wait(PLUG)
        assert first.buttons == ['cancel'] and first.urgency == 1 and first.value is None, first
        assert '“my phone”' in first.body and 'mt6765' in first.body, first
        s.plug('1-2', 'MT6765')
        job.change(State='running', Phase='reading', UserAction='', Device='1-2')
        for step in range(1, 60):
            job.advance(step / 60)
            pause(0.1)
        job.change(State='verifying')
        job.end('done', 'complete', Backup='20261120T141703Z-0badc0de')
        last = n.wait('complete')
        assert last.value is None and last.urgency == 1 and last.buttons == ['show'], last
        values = [b.value for b in n.shown if b.value is not None]
        assert values and values == sorted(values) and values[-1] > values[0], values
        assert all(f'{b.value} %' in b.body for b in n.shown if b.value is not None)
        # one and the same, not too often
        assert {b.id for b in n.shown} == {1} and [b.replaces for b in n.shown][1:] == [1] * (
            len(n.shown) - 1), n.shown
        assert len(n.shown) <= (time.monotonic() - began) / 2 + 2, n.shown
        assert n.calls.count('GetCapabilities') == 1


def test_markup_and_ids():
    evil = '<b>now</b> & "<a href=\'http://x\'>click</a>"\u202e\x07'
    with scene() as (d, s, n):
        s.job(State='waiting-for-device', UserAction=PLUG, Name=evil)
        bubble = n.wait('click')
        assert '&lt;b&gt;now&lt;/b&gt; &amp;' in bubble.raw_body, bubble.raw_body
        job = s.job(State='running', Phase='reading', Device='1-2<i>')
        job.end('failed', ErrorName=f'{rig.NAME}.Error.WrongDevice',
                ErrorMessage='IMEI 356938035643809 is not that of mt6765-00c0ffee00c0ffee.')
        bubble = n.wait('is not that')
        assert '35693803' not in bubble.text and 'c0ffee00' not in bubble.text, bubble
        assert '3569…' in bubble.text, bubble
    with scene(capabilities=('body',)) as (d, s, n):
        s.job(State='waiting-for-device', UserAction=PLUG, Name=evil)
        bubble = n.wait('click')
        assert '<b>now</b> & "<a' in bubble.raw_body, bubble.raw_body


def test_failure_and_retry():
    with scene() as (d, s, n):
        job = s.job(State='running', Phase='reading')
        job.end('failed', ErrorName=f'{rig.NAME}.Error.DeviceGone', ErrorStatus=0xc0040030,
                ErrorMessage='The phone at USB port 1-2 went away.', ErrorHint='Plug it in again.')
        bubble = n.wait('failed')
        assert bubble.urgency == 2 and bubble.timeout == 0, bubble
        assert 'went away' in bubble.body and 'Plug it in again' in bubble.body, bubble
        assert bubble.buttons == ['retry', 'show'], bubble
        n.press(bubble, 'show')
        bubble = n.wait('0xc0040030')
        assert 'DeviceGone' in bubble.body and 'mtkbackupctl job 1' in bubble.body, bubble
        assert 'reading' in bubble.body and bubble.buttons == ['retry'], bubble
        n.press(bubble, 'retry')
        until(lambda: s.calls == [('Retry', 1)], 'the call')
        s.jobs[2].change(State='waiting-for-device', UserAction=PLUG)
        second = n.wait('Job 2')
        until(lambda: list(n.visible) == [second.id], 'only the new job to be seen')


def test_cancel():
    with scene() as (d, s, n):
        job = s.job(State='running', Phase='reading')
        job.advance(0.3)
        n.press(n.wait('30 %'), 'cancel')
        last = n.wait('canceled')
        assert s.calls == [('Cancel', 1)] and last.urgency == 0 and last.buttons == [], last
        # who may not is told so, in the bubble
        s.refusal = 'You are not allowed to do that.'
        s.job(State='waiting-for-device', UserAction=PLUG)
        n.press(n.wait(lambda b: 'Job 2' in b.text), 'cancel')
        n.wait('did not work: You are not allowed')
        assert s.calls[-1] == ('Cancel', 2)


def test_which_phone():
    """the phone that is worked on, also when it has left, and never the one that was there before"""
    with scene() as (d, s, n):
        s.plug('1-2', 'MT6765')
        job = s.job(State='running', Phase='reading', Device='1-2')
        n.wait('Backing up MT6765, port 1-2')
        s.unplug('1-2')
        job.end('failed', ErrorMessage='Gone.')
        n.wait('Backup failed: MT6765, port 1-2')
        s.plug('1-2', '')
        job = s.job(State='running', Phase='handshake', Device='1-2')
        n.wait('Backing up a phone at port 1-2')
        s.plug('1-2', 'MT6785')
        n.wait('Backing up MT6785, port 1-2')
        job.change(State='waiting-for-device', UserAction=PLUG)
        s.unplug('1-2')
        n.wait('Waiting to back up a phone at port 1-2')


def test_question():
    with scene() as (d, s, n):
        s.plug('1-2', 'MT6765')
        for key, call in (('approve', 'Approve'), ('refuse', 'Cancel')):
            s.job(Automatic=True, NeedsApproval=True, StartedByUID=4242, Device='1-2',
                  UserAction='To agree: mtkbackupctl auto approve 1.')
            question = n.wait(lambda b: b.buttons == ['approve', 'refuse'])
            assert 'mtkbackupctl' not in question.body, question
            assert question.summary == 'Back up this phone?' and '1-2' in question.body, question
            assert question.timeout == 0
            n.press(question, key)
            until(lambda: (call, len(s.jobs)) in s.calls, 'the call')
            n.shown.clear()
    # where there are no buttons, the command stands in the text
    with scene(capabilities=('body',)) as (d, s, n):
        s.job(Automatic=True, NeedsApproval=True, StartedByUID=4242, Device='1-2',
              UserAction='To agree: mtkbackupctl auto approve 1.')
        question = n.wait('Back up this phone?')
        assert question.body.count('mtkbackupctl auto approve 1') == 1, question
        assert 'mtkbackupctl cancel 1' in question.body, question


def test_who_sees_what():
    with scene() as (d, s, n):
        d.presence('no')
        s.job(State='running', StartedByUID=4242)                     # somebody else's
        s.job(State='running', StartedByUID=4242, Automatic=True)     # for whoever is in front
        s.job(State='failed', Result='failed')                        # over before: no news? it is new
        s.job(State='running')
        n.wait('ob 4')
        n.wait('ob 3')
        assert not [b for b in n.shown if 'ob 2' in b.text or 'ob 1' in b.text], n.shown
        s.StoreDamaged('Chunk 0123 is damaged.')
        d.presence('active')
        two = n.wait('ob 2')
        damage = n.wait('store of backups is damaged')
        assert damage.urgency == 2 and 'Chunk 0123' in damage.body, damage
        assert 'Automatic backup, job 2' in two.body, two
        # the screen is somebody else's now
        d.presence('no')
        until(lambda: two.id not in n.visible, 'the automatic job to be hidden')
        assert any('ob 4' in b.text for b in n.visible.values())
        d.presence('active')
        until(lambda: any('ob 2' in b.text for b in n.visible.values()), 'it to be back')
        assert not [b for b in n.shown if 'ob 1' in b.text], n.shown


def test_false_sender():
    with scene() as (d, s, n):
        s.job(State='waiting-for-device', UserAction=PLUG)
        first = n.wait(PLUG)
        rogue = dbus.bus.BusConnection(d.rig.address)
        agent, path = s.listener, s.jobs[1].path
        for to in (None, agent):
            forge(rogue, to, rig.ROOT, rig.MANAGER, 'StoreDamaged', 's', 'Forged.')
            forge(rogue, to, path, rig.PROPERTIES, 'PropertiesChanged', 'sa{sv}as', rig.JOB,
                  {'State': 'failed', 'ErrorMessage': 'Forged.'}, [])
            forge(rogue, to, rig.ROOT, 'org.freedesktop.DBus.ObjectManager', 'InterfacesAdded',
                  'oa{sa{sv}}', f'{rig.ROOT}/job/_9', {rig.JOB: {
                      'Id': dbus.UInt32(9), 'State': 'failed', 'ErrorMessage': 'Forged.',
                      'StartedByUID': dbus.UInt32(os.getuid())}})
            # even who owns the name: then all of the above would be believed
            forge(rogue, to, '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'NameOwnerChanged',
                  'sss', rig.NAME, s.link.get_unique_name(), rogue.get_unique_name())
            forge(rogue, to, rig.ROOT, rig.MANAGER, 'StoreDamaged', 's', 'Forged.')
        # and a button that nobody pressed
        stranger = dbus.bus.BusConnection(d.address)
        names = stranger.get_name_owner('org.mtkbackup1.Notify')
        forge(stranger, names, '/org/freedesktop/Notifications', 'org.freedesktop.Notifications',
              'ActionInvoked', 'us', dbus.UInt32(first.id), 'cancel')
        stranger.close()
        rogue.get_name_owner(rig.NAME)
        # what comes from the right one afterwards is the only thing that is seen
        s.job(State='waiting-for-device', UserAction='True.')
        n.wait('True.')
        assert not [b for b in n.shown if 'Forged' in b.text or 'failed' in b.text], n.shown
        assert s.calls == [], s.calls
        rogue.close()


def test_closed_by_the_person():
    with scene() as (d, s, n):
        job = s.job(State='running', Phase='reading', Device='1-2')
        job.advance(0.1)
        n.close(n.wait('10 %').id)
        for step in range(2, 9):
            job.advance(step / 10)
            pause(0.4)
        # what the person has to do is worth coming back for
        job.change(UserAction='Unplug the phone, wait, plug it in again.')
        again = n.wait('Unplug the phone')
        assert len(n.shown) == 2 and again.id in n.visible and again.urgency == 1, n.shown
        n.close(again.id)
        seen = len(n.shown)
        job.change(UserAction='')
        job.advance(0.9)
        job.end('done', 'complete', Backup='20261120T141703Z-0badc0de')
        end = n.wait('complete')
        assert len(n.shown) == seen + 1 and end.id in n.visible, n.shown
        n.close(end.id)
        job.change(Backup='20261120T141703Z-0badc0df')
        s.job(State='waiting-for-device', UserAction=PLUG)
        n.wait('Job 2')
        assert list(n.visible) == [n.shown[-1].id] and len(n.shown) == seen + 2, n.shown


def test_server_comes_later():
    with scene(server=False) as (d, s, _):
        job = s.job(State='running', Phase='reading')
        for step in range(100):
            job.advance(step / 100)
        job.end('failed', ErrorMessage='First.')
        s.job(State='waiting-for-device', UserAction=PLUG)
        pause(0)
        n = d.server(first_id=100)
        n.wait('First.')
        n.wait(PLUG)
        assert [b.replaces for b in n.shown] == [0, 0], n.shown
        assert n.calls == ['GetServerInformation', 'GetCapabilities', 'Notify', 'Notify'], n.calls


def test_server_is_replaced():
    with scene() as (d, s, one):
        done, going = s.job(State='running'), s.job(State='running', Phase='reading')
        done.end('failed', ErrorMessage='Told.')
        going.advance(0.2)
        one.wait('Told.')
        one.wait('20 %')
        one.leave()
        two = d.server(capabilities=('body',), first_id=50)
        shown = two.wait('20 %')
        # ids of another server are not used, what had its end is not told again
        assert shown.replaces == 0 and shown.buttons == [], shown
        # one that takes the name over while the other still runs
        three = d.server(first_id=70)
        three.wait('20 %')
        going.end('failed', ErrorMessage='At last.')
        three.wait('At last.')
        for n in (two, three):
            assert not [b for b in n.shown if 'Told' in b.text], n.shown


def test_silent_server():
    with scene(mode='silent') as (d, s, n):
        jobs = [s.job(State='running', Phase='reading') for _ in range(20)]
        for step in range(100):
            for job in jobs:
                job.advance(step / 100)
            pause(0)
        until(lambda: n.calls, 'the first call')
        # it never answers: one call, however much there is to say
        assert n.calls == ['GetServerInformation'], n.calls
        n.mode = 'answer'
        n.leave()
        other = d.server()
        until(lambda: len(other.visible) == 20, 'twenty bubbles')
        assert len(other.shown) == 20, len(other.shown)
        # this one answers the question and nothing else
        other.mode = 'silent'
        count = len(other.calls)
        for job in jobs:
            job.end('failed')
        until(lambda: len(other.calls) > count, 'a call')
        for job in jobs:
            job.change(ErrorMessage='More.')
            pause(0)
        assert len(other.calls) == count + 1, other.calls[count:]
        # one that takes over is not kept waiting by the one that still does not answer
        last = d.server()
        until(lambda: len(last.visible) == 20, 'twenty ends')


def test_server_that_shows_the_bar_only():
    with scene(name='Xfce Notify Daemon') as (d, s, n):
        s.job(State='running', Phase='reading').advance(0.42)
        bubble = n.wait('42 %')
        assert bubble.value is None and bubble.buttons, bubble


def test_server_that_refuses():
    with scene(mode='refuse') as (d, s, n):
        job = s.job(State='waiting-for-device', UserAction=PLUG)
        until(lambda: n.calls, 'a call')
        n.mode = 'answer'
        n.wait(PLUG) # tried again after a while
        assert len(n.calls) <= 6, n.calls
        job.end('canceled')
        n.wait('canceled')


def test_service_comes_and_goes():
    with scene() as (d, s, n):
        s.job(State='waiting-for-device', UserAction=PLUG, Name='first')
        s.job(State='running', Name='forgotten')
        n.wait('first')
        lost = n.wait('forgotten')
        s.leave()
        again = Service(d.rig.address)
        again.job(State='interrupted', Result='interrupted', ErrorMessage='The service ended.')
        until(lambda: again.listener, 'the agent to ask for the list')
        n.wait('The service ended.')
        # its queue does not know the other one any more
        until(lambda: lost.id not in n.visible, 'the forgotten job to go')
        third = again.job(State='running', Name='third')
        shown = n.wait('third')
        again.InterfacesRemoved(dbus.ObjectPath(third.path), [rig.JOB])
        until(lambda: shown.id not in n.visible, 'the removed job to go')
        again.leave()


def test_service_stays_away():
    with scene() as (d, s, n):
        s.job(State='waiting-for-device', UserAction=PLUG, Name='waits')
        job = s.job(State='running', Phase='reading', Device='1-2', Name='runs')
        job.advance(0.5)
        waits, runs = n.wait('waits'), n.wait('runs')
        s.leave()
        stopped = n.wait('service has stopped')
        assert stopped.id == runs.id and not stopped.buttons and stopped.value is None, stopped
        # nobody would notice a phone now
        until(lambda: waits.id not in n.visible, 'the call for the phone to go')
        again = Service(d.rig.address)
        again.job(State='waiting-for-device', UserAction=PLUG, Name='waits')
        again.job(State='interrupted', Result='interrupted', Name='runs')
        n.wait(lambda b: 'nterrupted' in b.summary and 'runs' in b.text)
        until(lambda: any('waits' in b.text for b in n.visible.values()), 'the call to be back')
        again.leave()


def test_system_bus_restarts():
    with scene() as (d, s, n):
        s.job(State='waiting-for-device', UserAction=PLUG)
        n.wait(PLUG)
        d.rig.bus_process.terminate()
        d.rig.bus_process.wait()
        d.rig.start_bus()
        again = Service(d.rig.address)
        until(lambda: again.listener, 'the agent to ask for the list')
        again.job(State='waiting-for-device', UserAction='Once more.', Name='later')
        n.wait('Once more.')
        again.leave()


def test_session_ends():
    with scene() as (d, s, n):
        s.job(State='waiting-for-device', UserAction=PLUG)
        n.wait(PLUG)
        d.stop_bus()
        # no success: systemd starts it again if the session goes on
        assert d.agent_end() == 1, d.log()
        assert 'session bus is gone' in d.log(), d.log()


def test_one_agent_a_session():
    with scene() as (d, s, n):
        first = d.agent
        d.start()
        assert d.agent_end() == 0
        d.agent = first
        assert first.poll() is None


def test_too_many_jobs():
    with scene() as (d, s, n):
        for _ in range(200):
            s.job(State='failed', Result='failed', Name='x' * 128)
        n.wait('Job 200')
        assert len(n.shown) <= 200


rig.run(test_one_bubble_a_job, test_markup_and_ids, test_failure_and_retry, test_cancel,
        test_which_phone, test_question, test_who_sees_what, test_false_sender,
        test_closed_by_the_person, test_server_comes_later, test_server_is_replaced,
        test_silent_server, test_server_that_shows_the_bar_only, test_server_that_refuses,
        test_service_comes_and_goes, test_service_stays_away, test_system_bus_restarts,
        test_session_ends, test_one_agent_a_session, test_too_many_jobs)
