#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which job gets which phone, and when a phone is left alone."""
import rig
from phones import (ENDED, LONG, boot, cancel, events, is_whole, port, queue, station, wait_action, wait_event)


def any_phone(profile='mt6765', **options):
    return station.queue('backup', profile, **options)[1]


def handshakes(n):
    return len([e for e in events(n) if e.startswith('handshake')])


def complete(job):
    p = station.wait_state(job, *ENDED)
    assert p['Result'] == 'complete', dict(p)
    return p


def test_twice_queued_two_phones():
    """As in a repair shop: queue twice, plug one phone and, when it is done, the other."""
    one, two = port(), port()
    first, second = any_phone(partitions=['boot']), any_phone(partitions=['boot'])
    station.plug(one)
    assert complete(first)['Device'] == f'1-{one}'
    # the first phone is let go and starts, although a job that would fit waits
    wait_event(one, 'booted')
    assert handshakes(one) == 1, events(one)
    assert station.job(second)['State'] == 'waiting-for-device'
    wait_action(second, 'plug it in')
    station.plug(two)
    assert complete(second)['Device'] == f'1-{two}'
    assert handshakes(two) == 1 and handshakes(one) == 1


def test_the_same_phone_comes_back():
    """It is not backed up twice by jobs that were there before; one that is queued for it is begun."""
    one, two = port(), port()
    # in their order, the first one whole
    first, second = any_phone(), any_phone()
    station.plug(one)
    complete(first)
    is_whole(one, station.job(first)['Backup'])
    wait_event(one, 'booted')
    station.take_out(one)
    station.plug(one)
    rig.until(lambda: [s for s in station.signals_of('Log') if s[0] == second and
                       'has done the same' in s[3][1]], 'the job to say why it waits')
    wait_event(one, 'booted', 2)
    assert station.job(second)['State'] == 'waiting-for-device'
    third = queue(one)
    station.take_out(one)
    station.plug(one)
    complete(third)
    station.plug(two)
    assert complete(second)['Device'] == f'1-{two}'


def test_other_wishes_are_no_repetition():
    """Jobs for any phone that ask for different things are all for the one that comes."""
    n = port()
    jobs = [any_phone(partitions=['boot']), any_phone(partitions=['nvram']), any_phone('identity')]
    station.plug(n)
    for job in jobs:
        complete(job)
    wait_event(n, 'booted')
    assert handshakes(n) == 1, events(n)


def test_failed_in_between():
    """A job that was in vain does not count once its phone is plugged in again."""
    n = port(fault='unplug@1000000')
    first, second = any_phone(), any_phone()
    station.plug(n)
    assert station.wait_state(first, *ENDED)['State'] == 'failed'
    assert station.job(second)['State'] in ('queued', 'waiting-for-device')
    station.take_out(n)
    station.do('set', n, 'fault=flip@99000000')
    station.plug(n)
    complete(second)


def test_queued_after_it_was_let_go():
    """A job that a person queued since goes before leaving the phone alone, and only once."""
    n = port(again_ms=LONG)
    job = queue(n, partitions=['boot'])
    station.plug(n)
    complete(job)
    wait_event(n, 'reboot')
    rig.until(lambda: 'session over' in station.log().splitlines()[-1] or
              not station.device(f'1-{n}'), 'the phone to be gone')
    again = queue(n, partitions=['boot'])
    complete(again)
    station.wait_device(f'1-{n}', 'left-alone')
    boot(n)
    assert handshakes(n) == 2, events(n)


def test_queued_while_it_is_left_alone():
    n = port(again_ms=LONG)
    job = queue(n, partitions=['boot'])
    station.plug(n)
    complete(job)
    station.wait_device(f'1-{n}', 'left-alone')
    complete(queue(n, partitions=['boot']))


def test_waiting_since_before():
    """A job that waited all the time does not keep a phone from starting, nor one that is queued
    since and not for this phone, except for one round."""
    n = port(again_ms=LONG)
    waiting = any_phone('mt6768')
    job = queue(n, partitions=['boot'])
    station.plug(n)
    complete(job)
    station.wait_device(f'1-{n}', 'left-alone')
    assert handshakes(n) == 1, events(n)
    since = queue(n, 'mt6768')
    wait_event(n, 'handshake', 2)
    station.wait_device(f'1-{n}', 'left-alone')
    wait_action(since, 'let go')
    for job in (waiting, since):
        assert station.job(job)['State'] == 'waiting-for-device'
        cancel(job)
    assert handshakes(n) == 2, events(n)


rig.run(test_twice_queued_two_phones, test_the_same_phone_comes_back,
        test_other_wishes_are_no_repetition, test_failed_in_between,
        test_queued_after_it_was_let_go, test_queued_while_it_is_left_alone,
        test_waiting_since_before, before=station.clear)
