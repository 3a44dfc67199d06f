#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the daemon shows on the bus is what org.mtkbackup1.xml says."""
import os
import xml.etree.ElementTree as ElementTree

import rig


def canonical(interface):
    """An interface element as comparable data, in its order."""
    members = []
    for member in interface:
        if member.tag == 'annotation':
            continue
        arguments = [(a.get('name'), a.get('type'),
                      None if member.tag == 'signal' else a.get('direction', 'in'))
                     for a in member.findall('arg')]
        annotations = sorted((a.get('name'), a.get('value')) for a in member.findall('annotation'))
        members.append((member.tag, member.get('name'), member.get('type'), member.get('access'),
                        arguments, annotations))
    return members


def shipped():
    root = ElementTree.parse(os.path.join(rig.TOP, 'dbus/org.mtkbackup1.xml')).getroot()
    return {i.get('name'): canonical(i) for i in root.findall('interface')}


def live(r, path):
    text = r.call(path, 'org.freedesktop.DBus.Introspectable', 'Introspect')
    root = ElementTree.fromstring(text)
    return ({i.get('name'): canonical(i) for i in root.findall('interface')},
            [n.get('name') for n in root.findall('node')])


BACKUP = {'TYPE': 'BACKUP', 'BACKUP': '20261120T101112Z-00c0ffee', 'DEVICE_KEY': 'mt6765-0123456789ab',
          'SEQ': 3, 'KIND': 'full', 'RESULT': 'complete', 'CHIP': 'MT6765', 'PROFILE': 'mt6765',
          'NAME': 'before the update', 'START': 1700000000000000, 'END': 1700000060000000,
          'SIZE': 536870912, 'NEW_BYTES': 1024, 'STORED': 2048, 'PARTS': 42, 'VERIFIED': 'ok',
          'VERIFIED_AT': 1700000070000000, 'REQUESTED_BY': 1000}
DONE = {'TYPE': 'DONE', 'RESULT': 'done'}


def test_introspection_is_the_shipped_xml():
    with rig.rig() as r:
        r.scenario({'open': [{'send': BACKUP}, {'send': DONE}]})
        r.start()
        expected = shipped()
        _, job = r.queue('detect')
        backup, = (b[1] for b in r.manager('ListBackups'))
        seen = {}
        for path in (rig.ROOT, job, backup):
            interfaces, _ = live(r, path)
            seen.update({k: v for k, v in interfaces.items() if k.startswith(rig.NAME)})
        for name, members in seen.items():
            assert members == expected[name], (name, members, expected[name])
        # a device needs a phone: see the station's tests
        assert set(seen) == set(expected) - {rig.DEVICE}, seen.keys()


def test_objects_are_managed():
    with rig.rig() as r:
        r.scenario({'open': [{'send': BACKUP}, {'send': DONE}]})
        r.start()
        _, job = r.queue('detect', name='which one?')
        managed = r.call(rig.ROOT, 'org.freedesktop.DBus.ObjectManager', 'GetManagedObjects')
        assert managed[job][rig.JOB]['Name'] == 'which one?'
        assert rig.PROGRESS in managed[job]
        backup, = (p for p in managed if '/backup/' in p)
        properties = managed[backup][rig.BACKUP]
        assert properties['Id'] == BACKUP['BACKUP']
        assert properties['OwnerUID'] == 1000 and properties['PartCount'] == 42
        assert properties['Verified'] == 'ok' and properties['Size'] == 536870912
        _, nodes = live(r, rig.ROOT)
        assert {'job', 'backup'} <= set(nodes), nodes


def test_manager_properties():
    with rig.rig() as r:
        r.scenario({'open': [{'send': BACKUP}, {'send': DONE}]})
        r.start()
        r.queue('detect')
        p = r.call(rig.ROOT, rig.PROPERTIES, 'GetAll', rig.MANAGER)
        assert p['StorePath'] == r.path('state/store') and p['StoreState'] == 'ok'
        assert (p['JobCount'], p['DeviceCount'], p['BackupCount']) == (1, 0, 1), p
        assert p['Version']


def test_lists():
    with rig.rig() as r:
        r.write('admin/broken.yaml', 'title: x\nread:\n  kind: everything\n')
        r.start()
        profiles = {p[0]: p for p in r.manager('ListProfiles')}
        assert profiles['mt6765'][1] == 'MT6765' and profiles['mt6765'][3]
        assert profiles['full'][1] == ''
        assert not profiles['broken'][3]
        assert 'admin/broken.yaml:3:9' in profiles['broken'][2], profiles['broken'][2]
        assert list(r.manager('ListAgents')) == []
        assert list(r.manager('ListDevices')) == []
        number, job = r.queue('detect', device='1-2.3')
        (id, path, kind, state, profile, device), = r.manager('ListJobs')
        assert (id, path, kind, profile, device) == (number, job, 'detect', '', '1-2.3')
        assert state in ('queued', 'waiting-for-device')


rig.run(test_introspection_is_the_shipped_xml, test_objects_are_managed, test_manager_properties,
        test_lists)
