#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person lives through with phones that are as they should be."""
import json
import os
import subprocess
import xml.etree.ElementTree as ElementTree

import rig
from phones import (ENDED, ERROR, OTHER_PORT, backup, backups, boot, cancel, events, go, is_whole,
                    path_of, port, queue, reading, slow, station, use, wait_event)


def test_backup_is_the_phone():
    n = port()
    p = backup(n)
    assert (p['State'], p['Result']) == ('done', 'complete'), dict(p)
    b = station.call(path_of(p['Backup']), rig.PROPERTIES, 'GetAll', rig.BACKUP)
    assert (b['Chip'], b['Kind'], b['Verified']) == ('MT6765', 'full', 'ok'), dict(b)
    assert b['OwnerUID'] == os.getuid() and b['Profile'] == 'mt6765'
    is_whole(n, p['Backup'])
    # one finished job leaves one backup
    assert len(backups()) == 1, backups()
    parts = {str(x[0]): x for x in station.call(path_of(p['Backup']), rig.BACKUP, 'Parts')}
    assert parts['nvram'][4] == 'device-identity', parts.keys()
    # the phone starts: its next appearance on the way to Android is left alone
    wait_event(n, 'reboot')
    wait_event(n, 'booted')
    assert len([e for e in events(n) if e.startswith('handshake')]) == 1, events(n)


def test_second_backup_stores_what_is_new():
    n = port()
    first = backup(n)
    wait_event(n, 'booted')
    station.take_out(n)
    second = backup(n)
    for p in (first, second):
        assert p['Result'] == 'complete', dict(p)
    new = [int(station.get(path_of(p['Backup']), rig.BACKUP, 'NewBytes')) for p in (first, second)]
    assert new[1] < new[0] / 10, new
    is_whole(n, second['Backup'])


def test_partitions_only():
    n = port()
    p = backup(n, partitions=['boot', 'nv*'])
    assert p['Result'] == 'complete', dict(p)
    b = station.call(path_of(p['Backup']), rig.PROPERTIES, 'GetAll', rig.BACKUP)
    assert b['Kind'] == 'selection'
    parts = {str(x[0]) for x in station.call(path_of(p['Backup']), rig.BACKUP, 'Parts')
             if x[5] == 'ok'}
    assert {'boot', 'nvram', 'nvdata'} <= parts and 'system' not in parts, parts


def test_detect():
    n = port()
    job = station.queue('detect', device=f'1-{n}')[1]
    station.plug(n)
    p = station.wait_state(job, *ENDED)
    assert p['Result'] == 'done', dict(p)
    report = json.loads(station.call(job, rig.JOB, 'GetReport'))
    assert report['identity']['chip'] == 'MT6765' and report['identity']['hw_code'] == '0x0766'
    regions = {r['name']: r['size'] for r in report['storage']['regions']}
    assert regions['EMMC_USER'] == 64 << 20, regions
    assert report['storage']['type'] == 'emmc' and report['storage']['cid']


def test_two_jobs_one_session():
    n = port()
    jobs = [queue(n, partitions=['boot']), queue(n, 'identity'),
            station.queue('detect', device=f'1-{n}')[1]]
    station.plug(n)
    for job in jobs:
        p = station.wait_state(job, *ENDED)
        assert p['State'] == 'done', dict(p)
    wait_event(n, 'reboot')
    assert len([e for e in events(n) if e.startswith('handshake')]) == 1, events(n)


def test_two_phones():
    one, two = port(fault=slow(1 << 20)), port(fault=slow(1 << 20))
    jobs = [station.queue('backup', 'mt6765')[1] for _ in range(2)]
    station.plug(one)
    station.plug(two)
    rig.until(lambda: all(station.job(j)['State'] in ('running', 'verifying') for j in jobs),
              'both at once')
    go(one)
    go(two)
    for job in jobs:
        p = station.wait_state(job, *ENDED)
        assert p['Result'] == 'complete', dict(p)
        is_whole(int(p['Device'].split('-')[1]), p['Backup'])


def test_nobody_asks():
    n = port()
    station.plug(n)
    station.wait_device(f'1-{n}', 'attached')
    # without being spoken to it gives up and starts
    boot(n)
    assert not [e for e in events(n) if e.startswith(('first', 'handshake'))], events(n)


def test_job_comes_while_the_phone_waits():
    n = port()
    station.plug(n)
    station.wait_device(f'1-{n}', 'attached')
    assert station.wait_state(queue(n, partitions=['boot']), *ENDED)['Result'] == 'complete'


def test_wrong_phone():
    """Not for this profile: it reaches Android after one extra round, the job waits on."""
    n = port()
    job = queue(n, 'mt6768')
    station.plug(n)
    rig.until(lambda: [s for s in station.signals_of('Log') if s[0] == job], 'Log')
    wait_event(n, 'booted')
    assert len([e for e in events(n) if e.startswith('handshake')]) == 1, events(n)
    assert station.job(job)['State'] == 'waiting-for-device'
    cancel(job)


def test_phone_waits_at_the_start():
    n = port()
    job = queue(n, partitions=['boot'])
    station.do('daemon', 'stop')
    station.plug(n)
    station.do('daemon', 'start')
    assert station.wait_state(job, *ENDED)['Result'] == 'complete'


def test_two_add_events():
    n = port(port='double-add')
    p = backup(n, partitions=['boot'])
    assert p['Result'] == 'complete', dict(p)
    assert len([e for e in events(n) if e.startswith('handshake')]) == 1, events(n)


def test_authorisation_demanded():
    n = use(OTHER_PORT)
    p = backup(n, 'mt6768')
    assert (p['State'], p['ErrorName']) == ('failed', ERROR + 'AuthRequired'), dict(p)
    wait_event(n, 'booted')


def test_no_ids():
    n = port(ids='zero')
    p = backup(n, partitions=['boot'])
    assert p['Result'] == 'complete', dict(p)
    key = station.get(path_of(p['Backup']), rig.BACKUP, 'DeviceKey')
    assert key.startswith('anon-'), key


def test_device_says_who_it_is():
    """On the bus and in the client, while it is worked on."""
    n = port(fault=slow(1 << 20))
    job = queue(n)
    station.plug(n)
    reading(job)
    d = station.device(f'1-{n}')
    assert (d['HwCode'], d['HwSubCode'], d['HwVersion'], d['SwVersion']) == (
        0x0766, 0x8a00, 0xca00, 0x0200), dict(d)
    assert len(d['MeId']) == 32 and len(d['SocId']) == 64 and d['Protocol'] == 'xflash', dict(d)
    out = subprocess.run(['mtkbackupctl', 'devices', f'1-{n}'], stdout=subprocess.PIPE, text=True,
                         check=True).stdout
    for piece in ('MT6765', 'preloader', '0x0766', '0x8a00', '0xca00', '0x0200', 'xflash',
                  str(d['MeId']), str(d['SocId'])):
        assert piece in out, (piece, out)
    cancel(job)
    assert station.wait_state(job, *ENDED)['State'] == 'canceled'


def test_device_interface():
    """The one interface that needs a phone to be seen at all."""
    n = port()
    station.plug(n)
    station.wait_device(f'1-{n}', 'attached')
    path, = (d[1] for d in station.manager('ListDevices') if d[0] == f'1-{n}')
    text = station.call(path, 'org.freedesktop.DBus.Introspectable', 'Introspect')
    with open(os.path.join(rig.TOP, 'dbus/org.mtkbackup1.xml'), encoding='utf-8') as file:
        shipped = ElementTree.fromstring(file.read())
    found = []
    for root in (ElementTree.fromstring(text), shipped):
        interface, = (i for i in root.findall('interface') if i.get('name') == rig.DEVICE)
        found.append([(m.get('name'), m.get('type'), m.get('access'),
                       [(a.get('name'), a.get('value')) for a in m.findall('annotation')])
                      for m in interface.findall('property')])
    assert found[0] == found[1], found


rig.run(test_backup_is_the_phone, test_second_backup_stores_what_is_new, test_partitions_only,
        test_detect, test_two_jobs_one_session, test_two_phones, test_nobody_asks,
        test_job_comes_while_the_phone_waits, test_wrong_phone, test_phone_waits_at_the_start,
        test_two_add_events, test_authorisation_demanded, test_no_ids,
        test_device_says_who_it_is, test_device_interface,
        before=station.clear)
