#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cable is pulled: at the protocol's steps, and inside each kind of transfer. Each time the job
ends once, with one named error; what was safe stays safe, and the next backup is whole.

Normally every step by its name, the repeated ones several times; all of them in the long form."""
import scene
from scene import rig

PORTS = range(1, 5)
scene.enter([f'mt6765,{scene.SMALL}'] * len(PORTS))
s = scene.Scene()
learnt = []


def whole_session(n):
    s.use(n, 'trace=1')
    job = s.backup(n)
    s.plug(n)
    yield s.ended(job)
    p = s.complete(job)
    yield s.saw(n, 'booted')
    s.is_whole(n, p['Backup'])


def test_nothing_goes_wrong():
    s.play([whole_session], PORTS)
    learnt.extend(s.steps(1))
    assert len(learnt) > 60, learnt
    assert {'handshake', 'agent-data', 'stage2-data', 'chunk', 'ack', 'shutdown-params'} <= set(learnt)


def pulled(place):
    def scenario(n):
        before = s.backups()
        s.use(n, f'fault=unplug@{place}')
        job = s.backup(n)
        s.plug(n)
        yield s.ended(job)
        yield s.saw(n, 'detached')
        if s.job(job)['State'] == 'done':
            # it was all read, and the phone was being let go already
            s.complete(job)
            assert [e for e in s.events(n) if e.startswith(('step', 'fault unplug'))]
            return
        s.failed(job, 'DeviceGone', *(['HandshakeTimeout'] if place in EARLY else []))
        yield lambda: not s.device(f'1-{n}')
        for new in set(s.backups()) - set(before):
            kind = s.get(s.backups()[new], rig.BACKUP, 'Kind')
            assert kind in ('critical', 'full'), kind
    scenario.__name__ = f'pulled at {place}'
    return scenario


EARLY = ()


def places():
    """First, last and one in between of each kind of step in which something is said."""
    kinds = {}
    first = learnt.index('handshake') + 1
    for i, name in enumerate(learnt, 1):
        if i < first:
            continue
        if name == 'reboot':
            break
        kinds.setdefault(name, []).append(i)
    last = learnt.index('shutdown-params') + 1
    if scene.LONG:
        return [f'#{i}' for i in range(first, last + 1)]
    some = {i for at in kinds.values() for i in (at[0], at[len(at) // 2], at[-1]) if i <= last}
    return [f'#{i}' for i in sorted(some)]


def test_at_every_step():
    s.play([pulled(place) for place in places()], PORTS)


def test_before_a_word_was_said():
    """The job waits for the next plug, unless the phone was being spoken to already."""
    def scenario(n):
        s.use(n, 'fault=unplug@listen')
        job = s.backup(n)
        s.plug(n)
        yield s.saw(n, 'detached')
        yield lambda: not s.device(f'1-{n}')
        s.use(n)
        s.plug(n)
        yield s.ended(job)
        if s.job(job)['State'] == 'done':
            s.is_whole(n, s.complete(job)['Backup'])
        else:
            s.failed(job, 'DeviceGone')
    s.play([scenario] * len(PORTS), PORTS)


def test_inside_the_data():
    """Bytes of the flash that were sent: around packets, the frame's border and the chunk's."""
    s.play([pulled(place) for place in
            (1, 511, 512, 513, (1 << 20) + 1, (2 << 20) - 1, 2 << 20, (8 << 20) + 700)], PORTS)


def test_for_a_moment():
    """A plug that wobbles: the phone starts anew, and is another appearance at the same port."""
    def scenario(n):
        s.use(n, 'fault=unplug@chunk#3=300')
        job = s.backup(n)
        s.plug(n)
        yield s.ended(job)
        s.failed(job, 'DeviceGone')
    s.play([scenario], PORTS)


def test_what_is_left():
    def scenario(n):
        s.use(n)
        job = s.backup(n)
        s.plug(n)
        yield s.ended(job)
        s.is_whole(n, s.complete(job)['Backup'])
    s.play([scenario] * len(PORTS), PORTS)
    s.no_left_overs()
    assert s.all_verify() >= len(PORTS)
    s.no_breaches()


rig.run(test_nothing_goes_wrong, test_at_every_step, test_before_a_word_was_said,
        test_inside_the_data, test_for_a_moment, test_what_is_left)
