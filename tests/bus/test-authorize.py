#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what: the shipped bus policy, and polkit asked for each action."""
import os
import subprocess
import sys

import dbus
import rig
from services import Polkit, service

if os.getuid() != 0:
    print('1..0 # SKIP calling as another user needs root')
    sys.exit(0)


def queue_as_nobody(r, kind='detect', profile='', **options):
    def call():
        return r.queue(kind, profile, bus=r.connect(), **options)[1]
    return rig.as_nobody(call)


def cancel_as_nobody(r, job):
    def call():
        r.call(job, rig.JOB, 'Cancel', dbus.Dictionary({}, signature='sv'), bus=r.connect())
        return 'done'
    return rig.as_nobody(call)


def test_retry_is_asked_for():
    with rig.rig(polkit=True) as r:
        r.start()
        no_options = dbus.Dictionary({}, signature='sv')
        job = r.queue('detect')[1]
        r.call(job, rig.JOB, 'Cancel', no_options)

        def retry():
            return r.call(job, rig.JOB, 'Retry', no_options, bus=r.connect())[1]
        assert 'NotAuthorized' in rig.as_nobody(retry)
        r.allow('org.mtkbackup1.detect')
        assert r.job(rig.as_nobody(retry))['StartedByUID'] == 65534


def test_polkit_decides():
    with rig.rig(polkit=True) as r:
        r.start()
        assert 'Error.NotAuthorized' in queue_as_nobody(r)
        assert list(r.manager('ListJobs')) == []
        r.allow('org.mtkbackup1.detect')
        job = queue_as_nobody(r)
        assert job.startswith('/org/mtkbackup1/job/'), job
        assert r.job(job)['StartedByUID'] == 65534
        # another kind is another action
        assert 'Error.NotAuthorized' in queue_as_nobody(r, 'backup', 'full')


def test_each_action_is_asked_for():
    with rig.rig(polkit=True) as r:
        r.start()
        _, others = r.queue('detect')
        r.allow('org.mtkbackup1.detect')
        own = queue_as_nobody(r)
        assert 'NotAuthorized' in cancel_as_nobody(r, own)
        r.allow('org.mtkbackup1.cancel')
        assert cancel_as_nobody(r, own) == 'done'
        assert r.job(own)['State'] == 'canceled'
        assert 'NotAuthorized' in cancel_as_nobody(r, others)
        r.allow('org.mtkbackup1.cancel-other')
        assert cancel_as_nobody(r, others) == 'done'

        def reload():
            r.manager('Reload', bus=r.connect())
            return 'done'
        assert 'NotAuthorized' in rig.as_nobody(reload)
        r.allow('org.mtkbackup1.configure')
        assert rig.as_nobody(reload) == 'done'

        def import_agent():
            with open('/dev/null', 'rb') as file:
                r.manager('ImportAgent', 'x', dbus.types.UnixFd(file.fileno()), bus=r.connect())
        assert 'NotAuthorized' in rig.as_nobody(import_agent)


def test_lists_are_free():
    with rig.rig(polkit=True) as r:
        r.start()
        r.queue('detect')

        def look():
            bus = r.connect()
            return [len(r.manager(m, bus=bus)) for m in
                    ('ListJobs', 'ListDevices', 'ListBackups', 'ListAgents')]
        assert rig.as_nobody(look) == '[1, 0, 0, 0]', rig.as_nobody(look)


def test_mistakes_are_told_before_anybody_is_asked():
    with rig.rig(polkit=True) as r:
        r.start()
        assert 'Error.InvalidOption' in queue_as_nobody(r, colour='red')
        assert 'Error.InvalidOption' in queue_as_nobody(r, 'steal')


def test_without_polkit():
    with rig.rig() as r:
        r.start()
        text = queue_as_nobody(r)
        assert 'Error.NotAuthorized' in text and 'polkit' in text and 'root' in text, text
        # who needs nobody's permission still gets on
        r.queue('detect')


def test_polkit_comes_later():
    with rig.rig() as r:
        r.start()
        assert 'NotAuthorized' in queue_as_nobody(r)
        r.start_polkit()
        r.allow('org.mtkbackup1.detect')
        assert queue_as_nobody(r).startswith('/org/mtkbackup1/job/')


def test_polkit_fails():
    """An answer that is none means no."""
    for error in ('org.freedesktop.PolicyKit1.Error.Failed', 'org.freedesktop.DBus.Error.AccessDenied',
                  'org.freedesktop.DBus.Error.NoReply'):
        with rig.rig() as r, service(r, Polkit, error=error) as polkit:
            r.start()
            text = queue_as_nobody(r)
            assert 'Error.NotAuthorized' in text and 'gave no answer' in text, text
            assert polkit.asked and list(r.manager('ListJobs')) == []
            polkit.error = None
            assert queue_as_nobody(r).startswith('/org/mtkbackup1/job/')


def test_name_is_refused_to_others():
    with rig.rig() as r:
        def own():
            return r.connect().request_name('org.mtkbackup1')
        assert 'AccessDenied' in rig.as_nobody(own)


def test_second_daemon_gives_up():
    with rig.rig() as r:
        r.start()
        second = subprocess.run(
            [rig.DAEMON, '--config', r.path('none'), '--state-directory', r.path('admin'),
             '--helper-directory', r.path('helpers'), '--profile-directory', r.path('profiles')],
            stderr=subprocess.PIPE, text=True, timeout=rig.PATIENCE, check=False)
        assert second.returncode != 0 and 'org.mtkbackup1' in second.stderr, second
        r.queue('detect')


rig.run(test_polkit_decides, test_retry_is_asked_for, test_each_action_is_asked_for,
        test_lists_are_free,
        test_mistakes_are_told_before_anybody_is_asked, test_without_polkit,
        test_polkit_comes_later, test_polkit_fails, test_name_is_refused_to_others, test_second_daemon_gives_up)
