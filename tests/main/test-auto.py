#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Automatic backup as a person at the machine lives through it, with the client alone."""
from station import *


def asking():
    """The job that waits for somebody to agree, once there is one."""
    end = time.monotonic() + LIMIT
    while not (jobs := answer('auto')['jobs']):
        assert time.monotonic() < end, events()[-10:]
        time.sleep(0.05)
    return jobs[0]


def finished(automatic=1):
    """The automatic jobs that are done, once there are so many."""
    end = time.monotonic() + LIMIT
    while True:
        done = [j for j in answer('jobs')['jobs'] if j['automatic'] and j['state'] == 'done']
        if len(done) >= automatic:
            return done
        assert time.monotonic() < end, answer('jobs')['jobs']
        time.sleep(0.05)


def starts():
    """The phone has listened for long enough; it is taken out once Android runs, and listens again
    when it is plugged in the next time."""
    call('change', '1', 'window_ms=0', 'again_ms=1')
    settle()
    call('change', '1', 'window_ms=600000', 'again_ms=600000')


@station(phones=('mt6765,user=48M,again_ms=600000',))
def test_life():
    """auto on: a new phone is asked about, approved, backed up at the plug, then not due"""
    import_agent()
    assert answer('auto', 'status')['decided_by'] == 'default'
    switched = answer('auto', 'on')
    assert (switched['on'], switched['decided_by']) == (True, 'switch'), switched
    plug()
    job = asking()
    assert job['needs_approval'] and job['state'] == 'queued', job
    assert answer('backups')['backups'] == []
    out, _ = ctl('auto')
    assert f'auto approve {job["id"]}' in out, out
    # the phone is still there, waiting for the answer
    ctl('auto', 'approve', str(job['id']))
    done, = finished()
    assert done['id'] == job['id'] and done['result'] == 'complete', done
    target = f'{os.environ["STATION_STATE"]}/out'
    ctl('export', 'latest', target)
    assert compare(answer('show', 'latest'), target) == flash_size()
    ctl('verify', 'latest')
    starts()
    # not due: it is let go and starts, and the client says why
    plug()
    end = time.monotonic() + LIMIT
    while not any('recent enough' in d['message'] for d in answer('devices')['devices']):
        assert time.monotonic() < end, answer('devices')
        time.sleep(0.02)
    starts()
    assert len(answer('backups')['backups']) == 1
    phone, = answer('auto')['phones']
    assert phone['agreed'] and phone['uid'] == os.getuid() and phone['chip'] == 'MT6765', phone
    assert phone['device_key'] == answer('backups')['backups'][0]['device_key']

    # forgotten, it is a stranger again
    ctl('auto', 'forget', phone['id'])
    ctl('auto', 'forget', phone['id'], code=5)
    assert answer('auto')['phones'] == []
    plug()
    job = asking()
    ctl('cancel', str(job['id']))
    starts()
    refused, = answer('auto')['phones']
    assert not refused['agreed'] and refused['id'] == phone['id'], refused
    # and off means off
    assert not answer('auto', 'off')['on']
    before = len(events())
    plug()
    starts()
    assert not [e for e in events()[before:] if ' handshake' in e], events()[before:]
    assert answer('auto', 'reset')['decided_by'] == 'default'


run_tests([test_life])
