#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Daemon, worker and keeper under valgrind while things go wrong: the station fails when it found
anything. No cage, since valgrind would not live in it; phones listen as long as it takes."""
import scene
from scene import rig

PORTS = (1, 2)
rig.PATIENCE = 240
FACTORY = ('window_ms=600000', 'enum_ms=600000')
scene.enter([f'mt6765,{scene.SMALL}'] * 2 + [f'mt6765-fused,{scene.SMALL}',
                                             f'mt6765,{scene.SMALL},gpt=overlap'], '--valgrind')
s = scene.Scene()


def ends(*settings, profile='identity', names=None):
    def scenario(n):
        s.use(n, *FACTORY, *settings)
        job = s.backup(n, profile)
        s.plug(n)
        yield s.ended(job)
        s.failed(job, *(names or scene.NAMES))
        # it may still be on its way out; one that has reset itself is there again
        yield lambda: (d := s.device(f'1-{n}')) is None or d['State'] in (
            'failed', 'left-alone', 'released', 'attached')
        s.unplug_if_there(n)
        s.do('daemon', 'restart')
    scenario.__name__ = ' '.join(settings)
    return scenario


def test_unplugged():
    for place in ('boot:fc', 'stage2-data', 'chunk#9') if not scene.LONG else \
            [f'#{i}' for i in range(1, 60, 3)]:
        s.play([ends(f'fault=unplug@{place}', names=['DeviceGone'])], PORTS)


def test_nonsense():
    for fault in ('magic@chunk#9', 'length@ctrl:040001=0xffffffff'):
        s.play([ends(f'fault={fault}', names=['ProtocolViolation'])], PORTS)


def test_refused():
    s.play([ends(names=['AuthRequired'])], [3])


def test_strange_table():
    def scenario(n):
        s.use(n, *FACTORY)
        job = s.backup(n, 'full')
        s.plug(n)
        yield s.ended(job)
        p = s.complete(job, 'complete-with-errors')
        scene.client('show', p['Backup'])
    s.play([scenario], [4])
    s.all_verify()
    s.no_left_overs()
    s.no_breaches()


rig.run(test_unplugged, test_nonsense, test_refused, test_strange_table)
