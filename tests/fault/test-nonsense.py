#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Phones that talk nonsense, refuse, start too soon or hold broken tables, before the whole chain."""
import json

import scene
from scene import rig

PORTS = range(1, 5)
# what is wrong with the table, the checks that say so
TABLES = {
    'overlap': {'layout', 'tiling'},
    'beyond': {'layout', 'tiling'},
    'both-broken': {'partition-table', 'gpt-primary', 'gpt-backup'},
    'none': {'partition-table', 'gpt-primary', 'gpt-backup'},
    'primary-broken': {'gpt-primary', 'layout'},
    'different': {'gpt-equal', 'layout'},
}
FUSED = len(PORTS) + len(TABLES) + 1
scene.enter([f'mt6765,{scene.SMALL}'] * len(PORTS) +
            [f'mt6765,{scene.SMALL},gpt={kind}' for kind in TABLES] +
            [f'mt6765-fused,{scene.SMALL}'])
s = scene.Scene()


def refused(names, *settings):
    """A phone with these settings makes the job fail in one of these errors, and is left as well as
    it can be: it starts, or the person hears that it has to be switched off by hand."""
    def scenario(n):
        s.use(n, *settings)
        job = s.backup(n)
        s.plug(n)
        yield s.ended(job)
        p = s.failed(job, *names)
        by_hand = 'power' in p['ErrorHint'] or 'switch it off' in p['ErrorHint']
        yield lambda: by_hand or s.saw(n, 'booted')()
        yield lambda: (d := s.device(f'1-{n}')) is None or d['State'] in ('failed', 'left-alone',
                                                                         'released')
    scenario.__name__ = ' '.join(settings)
    return scenario


def test_nonsense():
    s.play([refused(names, f'fault={fault}') for fault, names in (
        ('magic@environment', ['ProtocolViolation']),
        ('magic@ctrl:040001', ['ProtocolViolation']),
        ('magic@chunk#9', ['ProtocolViolation']),
        ('length@ctrl:040001=0xffffffff', ['ProtocolViolation']),
        ('length@ctrl:040005=3', ['ProtocolViolation']),
        ('length@chunk#3=0xffffffff', ['ProtocolViolation']),
        ('length@chunk#40=0', ['ProtocolViolation']),
        ('garbage@chunk#3=64', ['ProtocolViolation']),
        ('garbage@boot:fc=3', ['ProtocolViolation']),
        ('babble@chunk#5', ['ProtocolViolation']),
        ('checksum@agent-data', ['ChecksumMismatch']),
        ('reboot@stage1', ['DeviceGone']),
        ('reboot@chunk#3', ['DeviceGone']))], PORTS)


def test_data_lost():
    """Part of a packet is missing: nobody waits for it for ever."""
    s.play([refused(['ProtocolViolation'], 'fault=lose@2000000')], PORTS)


def test_window_missed():
    """It starts while it is still called; nobody was heard."""
    def scenario(n):
        s.use(n, 'fault=hang@listen')
        job = s.backup(n)
        s.plug(n)
        yield lambda: s.get(job, rig.JOB, 'Phase') == 'handshake'
        s.do('change', n, 'window_ms=0')
        yield s.ended(job)
        s.failed(job, 'DeviceGone')
        yield s.saw(n, 'booted')
    s.play([scenario] * 2, PORTS)


def test_agent_refused():
    def fused(n):
        s.use(n)
        job = s.backup(n)
        s.plug(n)
        yield s.ended(job)
        p = s.failed(job, 'AuthRequired')
        assert 'maker' in p['ErrorHint'] and p['ErrorStatus'] == 0x7024, dict(p)
        yield s.saw(n, 'booted')
    s.play([fused], [FUSED])
    s.play([refused(['AuthRequired'], 'fault=status@agent-status=0x1d10'),
            refused(['DeviceRefused', 'ProtocolViolation'], 'storage=0')], PORTS)


def table(n, kind, failed):
    s.use(n)
    job = s.backup(n)
    s.plug(n)
    yield s.ended(job)
    p = s.complete(job, 'complete-with-errors')
    shown = json.loads(scene.client('show', p['Backup'], '--json')[0])
    assert {c['name'] for c in shown['checks'] if c['result'] == 'fail'} == failed, shown['checks']
    assert all(c.get('detail') for c in shown['checks'] if c['result'] == 'fail'), shown['checks']
    # a person who reads no JSON is told as well
    text = scene.client('show', p['Backup'])[0]
    assert all(c['detail'] in text for c in shown['checks'] if c['result'] == 'fail'), text
    assert all(x['status'] == 'ok' for x in shown['parts'])
    s.is_whole(n, p['Backup'])


def test_tables():
    """Every area is read in full whatever its table says, and the backup tells what is wrong."""
    cases = {n: case for n, case in enumerate(TABLES.items(), len(PORTS) + 1)}
    s.play([lambda n: table(n, *cases[n])] * len(cases), cases)


def test_what_is_left():
    s.no_left_overs()
    s.all_verify()
    s.no_breaches()


rig.run(*([test_data_lost] if scene.LONG else []), test_nonsense, test_window_missed,
        test_agent_refused, test_tables, test_what_is_left)
