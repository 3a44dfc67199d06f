#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person is told to do while a job waits, one test a sentence."""
import rig
from phones import ENDED, cancel, configure, port, queue, station, wait_action, wait_event

OWN = '0x1234abcd'


def test_own_usb_id():
    """A phone with ids of its maker's own: not seen, then seen by configuration, then not again."""
    n = port(usb_id=OWN, window_ms=60000)
    job = queue(n, partitions=['boot'])
    station.plug(n)
    station.wait_state(job, 'waiting-for-device')
    assert not station.device(f'1-{n}')
    configure('usb-ids: [1234:abcd=preloader]\n')
    assert station.wait_state(job, *ENDED)['Result'] == 'complete'
    station.take_out(n)
    station.plug(n)
    station.wait_device(f'1-{n}', 'left-alone', 'attached')
    configure()
    station.wait_no_device(f'1-{n}')


def test_own_usb_id_with_a_mistake():
    """The old configuration stays, and the mistake is named with its place."""
    configure('usb-ids: [1234:abcd=preloader]\n')
    for text, said in (('usb-ids: [1234:abcd]\n', ':1:11: usb-ids: expected something like '),
                       ('usb-ids:\n- 1234:abcd=off\n', ':2:3: usb-ids: expected preloader,')):
        name, message = rig.error_of(configure, text)
        assert name == 'InvalidFile' and said in message, message
    n = port(usb_id=OWN, window_ms=60000)
    station.plug(n)
    station.wait_device(f'1-{n}', 'attached')
    configure()
    station.wait_no_device(f'1-{n}')


def test_no_rights():
    """The service's rule is not there."""
    n = port(port='no-access', window_ms=60000)
    job = queue(n, partitions=['boot'])
    station.plug(n)
    wait_action(job, 'may not open', f'1-{n}', '60-mtkbackup.rules', 'udevadm control --reload')
    assert station.job(job)['State'] == 'waiting-for-device'
    cancel(job)


def test_no_rights_by_configuration():
    """The rule for an id of one's own, to be copied; once it is there the job goes on."""
    configure('usb-ids: [1234:abcd=preloader]\n')
    n = port(usb_id=OWN, port='no-access', window_ms=60000)
    job = queue(n, partitions=['boot'])
    station.plug(n)
    wait_action(job, '/etc/udev/rules.d/61-mtkbackup.rules',
                'SUBSYSTEM=="usb", ATTR{idVendor}=="1234", ATTR{idProduct}=="abcd", '
                'GROUP="mtkbackup", MODE="0660", ENV{ID_MM_DEVICE_IGNORE}="1"')
    station.take_out(n)
    station.do('set', n, 'port=none')
    station.plug(n)
    assert station.wait_state(job, *ENDED)['Result'] == 'complete'
    wait_event(n, 'reboot')
    configure()


rig.run(test_own_usb_id, test_own_usb_id_with_a_mistake, test_no_rights,
        test_no_rights_by_configuration, before=station.clear)
