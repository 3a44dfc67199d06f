#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person is told to do while a job waits, one test a sentence."""
import re

import rig
from phones import (ENDED, LONG, PORTS, boot, cancel, configure, events, port, queue, station, wait_action,
                    wait_event)

OWN = '0x1234abcd'


def clear():
    """Also of phones that are on, of which the service tells nobody."""
    station.clear()
    for n in range(1, PORTS + 1):
        station.take_out(n)


def test_own_usb_id():
    """A phone with ids of its maker's own: not seen, then seen by configuration, then not again."""
    n = port(usb_id=OWN, again_ms=LONG)
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
    n = port(usb_id=OWN)
    station.plug(n)
    station.wait_device(f'1-{n}', 'attached')
    configure()
    station.wait_no_device(f'1-{n}')


def test_no_rights():
    """The service's rule is not there."""
    n = port(port='no-access')
    job = queue(n, partitions=['boot'])
    station.plug(n)
    wait_action(job, 'may not open', f'1-{n}', '60-mtkbackup.rules', 'udevadm control --reload')
    assert station.job(job)['State'] == 'waiting-for-device'
    cancel(job)


def test_gone_before_it_was_opened():
    """That is no lack of rights: it is said quietly, and the job waits for the next plug."""
    n = port(port='no-node')
    job = queue(n, partitions=['boot'])
    station.plug(n)
    message = station.wait_device(f'1-{n}', 'failed')['Message']
    assert 'was gone again before' in message, message
    line, = (x for x in station.log().splitlines() if message in x)
    assert not line.startswith(('<3>', '<4>')), line
    assert station.job(job)['State'] == 'waiting-for-device'
    station.take_out(n)
    station.do('set', n, 'port=none')
    station.plug(n)
    assert station.wait_state(job, *ENDED)['Result'] == 'complete'


def test_no_rights_by_configuration():
    """The rule for an id of one's own, to be copied; once it is there the job goes on."""
    configure('usb-ids: [1234:abcd=preloader]\n')
    n = port(usb_id=OWN, port='no-access')
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


def told(job, *pieces):
    """The sentence, whole: it ends as one, and the job waits on."""
    text = wait_action(job, *pieces)
    assert text.endswith('.') and len(text) < 500, text
    assert station.job(job)['State'] == 'waiting-for-device'
    return text


def test_plain():
    """Nothing is known that could be in the way."""
    n = port()
    here, anywhere = queue(n), station.queue('backup', 'mt6765')[1]
    assert told(here) == ('Switch the phone off, then plug it in with its USB cable at USB port '
                          f'1-{n}.')
    assert told(anywhere) == 'Switch the phone off, then plug it in with its USB cable.'
    cancel(here)
    cancel(anywhere)


def awake(on, *pieces):
    """A phone that is on when it is plugged in, then off."""
    n = port(on=on)
    job = station.queue('backup', 'mt6765', partitions=['boot'])[1]
    station.plug(n)
    text = told(job, f'1-{n}', *pieces)
    assert not station.device(f'1-{n}'), 'it is no phone in download mode'
    station.take_out(n)
    rig.until(lambda: str(station.job(job)['UserAction']).startswith('Switch the phone off'),
              'the phone to be forgotten')
    station.do('set', n, 'on=no')
    station.plug(n)
    assert station.wait_state(job, *ENDED)['Result'] == 'complete'
    return text


def test_android_files():
    awake('mtp', '(0e8d:2008) is switched on. Unplug it, switch it off, then plug it in again')


def test_android_adb():
    awake('adb', '(0e8d:201d) is switched on.')


def test_fastboot():
    awake('fastboot', '(0e8d:201c) is in fastboot mode. Unplug it, hold its power key')


def test_charging():
    awake('charging', '(0e8d:2009) is switched on or charging, not in download mode.')


def test_other_maker():
    """Nobody knows whether this is a MediaTek phone: it is mentioned, no more."""
    text = awake('other', 'If the one at USB port', '(18d1:4ee7, switched on) is meant')
    assert text.startswith('Switch the phone off, then plug it in'), text


def test_only_this_port():
    """A phone at another port than the job's is none of its business."""
    n, other = port(), port(on='mtp')
    job = queue(n)
    station.plug(other)
    rig.until(lambda: 'switched on' in str(station.job(
        station.queue('backup', 'mt6765')[1])['UserAction']), 'it to be seen')
    assert 'switched on' not in told(job)


def test_started_meanwhile():
    """A phone that was let go and shows itself in Android is no reason to tell a person anything
    but what the waiting job wants: another phone."""
    n = port(android=1)
    first, second = (station.queue('backup', 'mt6765', partitions=['boot'])[1] for _ in range(2))
    station.plug(n)
    assert station.wait_state(first, *ENDED)['Result'] == 'complete'
    wait_event(n, 'attached 0e8d:2008')
    told(second, f'has done the same for the phone at USB port 1-{n}. Switch another phone off')


def test_left_alone():
    n = port(again_ms=LONG)
    before = station.queue('backup', 'mt6768')[1]
    job = queue(n, partitions=['boot'])
    station.plug(n)
    assert station.wait_state(job, *ENDED)['Result'] == 'complete'
    told(before, f'The phone at USB port 1-{n} was let go a moment ago')


def test_taken():
    """Another program has the phone; this one can be seen and is named. Once it has ended the job
    goes on with the next plug."""
    n = port(port='claim-busy')
    job = queue(n, partitions=['boot'])
    station.plug(n)
    # who serves the simulated bus holds its nodes
    text = told(job, f'The phone at USB port 1-{n} is taken by another program, ',
                'End it, then plug the phone in again.')
    pid = re.search(r'\(process (\d+)\)', text).group(1)
    with open(f'/proc/{pid}/cmdline', encoding='utf-8') as file:
        assert 'station' in file.read()
    assert station.device(f'1-{n}')['State'] == 'failed'
    station.take_out(n)
    station.do('set', n, 'port=none')
    station.plug(n)
    assert station.wait_state(job, *ENDED)['Result'] == 'complete'


def missed(**settings):
    """A job whose phone is silent, and goes while the service still calls it."""
    n = port(fault='hang@listen', **settings)
    job = queue(n)
    station.plug(n)
    rig.until(lambda: station.get(job, rig.JOB, 'Phase') == 'handshake', 'the handshake')
    boot(n)
    return station.wait_state(job, *ENDED)


def test_modem_manager():
    """No rule keeps other programs away from a phone of one's own, and it goes before it answers."""
    configure('usb-ids: [1234:abcd=preloader]\n')
    p = missed(usb_id=OWN, port='no-rule')
    assert 'ModemManager' in p['ErrorHint'] and '"abcd", GROUP="mtkbackup"' in p['ErrorHint'], dict(p)
    assert 'ModemManager' not in missed()['ErrorHint']
    configure()


def test_agent_left_running():
    """An agent that is not ours shows in its id: not a byte is sent to it."""
    n = port(usb_id='0x0e8d2001')
    job = queue(n)
    station.plug(n)
    told(job, f'runs on the phone at USB port 1-{n}. Unless another program works with it, hold ')
    assert not [e for e in events(n) if e.startswith(('first', 'handshake'))], events(n)
    assert station.device(f'1-{n}')['State'] == 'failed'
    cancel(job)


rig.run(test_own_usb_id, test_own_usb_id_with_a_mistake, test_no_rights,
        test_gone_before_it_was_opened, test_no_rights_by_configuration, test_plain, test_android_files, test_android_adb,
        test_fastboot, test_charging, test_other_maker, test_only_this_port,
        test_started_meanwhile, test_left_alone, test_taken, test_modem_manager,
        test_agent_left_running, before=clear)
