#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent beside the real service, real helpers and simulated phones."""
import os
import signal
import subprocess
import sys
import time

import dbus

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../bus'))
from phones import backup, backups, cancel, go, port, queue, reading, slow, station, wait_event
from desk import desk
import rig
from rig import until

# long enough for several updates
SLOW = {'pace': 8}


def ours(server, job):
    """The bubbles of one job."""
    number = job.rsplit('_', 1)[1]
    return [b for b in server.shown if f'ob {number}' in b.body.splitlines()[-1]]


def test_a_backup_from_plug_to_end():
    with desk() as d:
        n = port(**SLOW, fault=slow(32 << 20))
        server = d.server()
        d.start()
        began = time.monotonic()
        job = queue(n, name='holidays <b>')
        first = server.wait('plug it in')
        assert first.urgency == 1 and first.buttons == ['cancel'], first
        station.plug(n)
        until(lambda: len({b.value for b in ours(server, job)} - {None}) >= 3, 'three values')
        go(n)
        last = server.wait('complete')
        took = time.monotonic() - began
        shown = ours(server, job)
        assert shown == server.shown and {b.id for b in shown} == {first.id}, server.shown
        values = [b.value for b in shown if b.value is not None]
        assert len(values) >= 3 and values == sorted(values) and values[0] < values[-1], values
        assert len(shown) <= took / 2 + 2, (took, shown)
        assert all('MT6765' in b.summary and f'1-{n}' in b.summary
                   for b in shown if b.value is not None), shown
        assert last.buttons == ['show'] and 'holidays <b>' in last.body, last
        server.press(last, 'show')
        more = server.wait('partitions')
        assert station.job(job)['Backup'] in more.body and 'Checked: ok' in more.body, more
        wait_event(n, 'booted')


def test_canceled_by_its_button():
    with desk() as d:
        n = port(**SLOW)
        server = d.server()
        d.start()
        job = queue(n)
        station.plug(n)
        reading(job)
        server.press(server.wait(lambda b: b.value), 'cancel')
        server.wait('canceled')
        assert station.wait_state(job, 'canceled')['Result'] == 'canceled'
        wait_event(n, 'reboot')


def test_failed_and_tried_again():
    with desk() as d:
        n = port(**SLOW)
        server = d.server()
        d.start()
        job = queue(n, partitions=['boot', 'nv*', 'system'], name='some')
        station.plug(n)
        reading(job)
        station.unplug(n)
        failed = server.wait('failed')
        assert failed.urgency == 2 and f'1-{n}' in failed.text, failed
        assert str(station.job(job)['ErrorMessage']) in failed.body, failed
        before = {str(j[1]) for j in station.manager('ListJobs')}
        server.press(failed, 'retry')
        again, = until(lambda: {str(j[1]) for j in station.manager('ListJobs')} - before, 'a job')
        server.wait(lambda b: b in ours(server, again))
        station.plug(n)
        p = station.wait_state(again, 'done', 'failed')
        assert (p['Result'], p['Name']) == ('complete', 'some'), dict(p)
        kind = station.call([b[1] for b in station.manager('ListBackups')
                             if b[0] == p['Backup']][0], rig.PROPERTIES, 'Get', rig.BACKUP, 'Kind')
        assert kind == 'selection', kind
        server.wait(lambda b: 'complete' in b.summary and b in ours(server, again))


def test_service_restarts():
    with desk() as d:
        n = port(**SLOW)
        server = d.server()
        job = queue(n)
        d.start()
        server.wait(lambda b: b in ours(server, job))
        station.do('daemon', 'restart')
        station.plug(n)
        reading(job)
        server.wait(lambda b: b.value is not None)
        station.do('daemon', 'kill')
        station.do('daemon', 'start')
        end = server.wait('interrupted')
        assert end.urgency == 2 and end in ours(server, job), end
        assert {b.id for b in ours(server, job)} == {end.id}


def test_old_news_is_none():
    with desk() as d:
        n = port()
        backup(n)
        job = queue(n)
        cancel(job)
        server = d.server()
        d.start()
        waiting = queue(n)
        server.wait(lambda b: b in ours(server, waiting))
        assert server.shown == ours(server, waiting), server.shown
        cancel(waiting)


def test_question_about_a_stranger():
    """automatic backup asks before a phone that was never seen, and does what it is told"""
    station.manager('SetAutoBackup', True)
    before = len(backups())
    with desk() as d:
        server = d.server()
        d.start()
        yes, no = port(serial=4711), port(serial=4712)
        station.plug(yes)
        question = server.wait('Back up this phone?')
        assert question.buttons == ['approve', 'refuse'] and question.timeout == 0, question
        assert f'MT6765, port 1-{yes}' in question.body and 'Automatic' in question.body, question
        assert 'mtkbackupctl' not in question.body, question
        assert len(backups()) == before, 'read before anybody agreed'
        # it is held for a while: who answers at once need not plug it in again
        server.press(question, 'approve')
        server.wait('Backup complete')
        assert len(backups()) == before + 1
        wait_event(yes, 'booted')
        station.take_out(yes)

        station.plug(no)
        question = server.wait(lambda b: 'refuse' in b.buttons and f'1-{no}' in b.body)
        server.press(question, 'refuse')
        server.wait(lambda b: 'canceled' in b.summary and f'1-{no}' in b.summary)
        wait_event(no, 'booted')
        assert len(backups()) == before + 1
    station.manager('SetAutoBackup', False)


def test_damaged_store():
    """a backup that is not whole any more is told, whoever finds it"""
    with desk() as d:
        n = port()
        p = backup(n)
        path = os.path.join(station.store, 'chunks.castr')
        for folder, _, files in os.walk(path):
            for name in files:
                os.chmod(os.path.join(folder, name), 0o600)
                with open(os.path.join(folder, name), 'r+b') as file:
                    file.truncate(10)
        server = d.server()
        d.start()
        job = station.queue('verify', backup=str(p['Backup']))[1]
        damage = server.wait('store of backups is damaged')
        assert damage.urgency == 2 and damage.timeout == 0 and not damage.buttons, damage
        assert station.wait_state(job, 'failed', 'done')['State'] == 'failed'
        failed = server.wait(lambda b: b in ours(server, job) and b.urgency == 2)
        assert 'amaged' in failed.text, failed


def test_stock_server():
    """the template of python3-dbusmock takes our calls"""
    with desk() as d:
        log = f'{d.dir}/mock.log'
        with open(log, 'w', encoding='utf-8') as file:
            mock = subprocess.Popen(
                ['/usr/bin/python3', '-m', 'dbusmock', '--session', '--template',
                 'notification_daemon'], stdout=file, stderr=file,
                env={**os.environ, 'DBUS_SESSION_BUS_ADDRESS': d.address})

        def said():
            with open(log, encoding='utf-8') as lines:
                return [line for line in lines if ' Notify ' in line]
        try:
            d.start()
            n = port()
            job = queue(n)
            station.plug(n)
            station.wait_state(job, 'done')
            end = until(lambda: [line for line in said() if 'complete' in line], 'the end')
            assert '"mtkbackup" 1 "phone"' in end[0], end
        finally:
            mock.send_signal(signal.SIGTERM)
            mock.wait(rig.PATIENCE)


rig.run(test_a_backup_from_plug_to_end, test_canceled_by_its_button, test_failed_and_tried_again,
        test_service_restarts, test_old_news_is_none, test_stock_server,
        test_question_about_a_stranger, test_damaged_store, before=station.clear)
