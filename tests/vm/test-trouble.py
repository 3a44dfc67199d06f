#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong on a real bus: the cable is pulled, the service is killed, the person thinks
better of it, the kernel puts idle devices to sleep. And what the kernel said about all of it."""
import re

from lab import PATIENT, poll, run_tests, say

PHONE = f'mt6765,user=16M,boot=1M,{PATIENT}'

# what a kernel says about phones that come and go, and drivers that are told to let go
USUAL = '|'.join((
    r'usb \d-\d: (new \S+-speed USB device|New USB device|Product:|Manufacturer:|USB disconnect)',
    r'cdc_acm \d-\d:1\.\d: ttyACM\d: USB ACM device',
    # the data interface stands before the other one in a preloader's descriptors, and cdc_acm,
    # which is offered both, does not take that one alone
    r'cdc_acm \d-\d:1\.1: Zero length descriptor references',
    r'cdc_acm: probe of \d-\d:1\.1 failed with error -22',
    r'usbcore: registered new interface driver cdc_acm|cdc_acm: USB Abstract Control Model',
    r'systemd|audit|Process accounting resumed'))


def whole_again(lab, phone):
    phone.set()
    mark = phone.mark()
    job = lab.queue('mt6765')
    phone.plug()
    lab.whole(job, phone)
    lab.let_go(phone, mark)


def test_unplugged(lab):
    """the cable is pulled in mid-backup: one failed job with its cause, and the next one is whole"""
    phone, = lab.phones
    phone.set('fault=unplug@8000000')
    job = lab.queue('mt6765')
    phone.plug()
    ended = lab.ended(job)
    assert ended['state'] == 'failed', ended
    assert ended['error_name'] == 'org.mtkbackup1.Error.DeviceGone', ended
    phone.away()
    lab.settle()
    assert not lab.succeeds('pgrep mtkbackup-worker'), 'a worker stayed'
    whole_again(lab, phone)


def test_killed(lab):
    """the service is killed in mid-backup: systemd starts it again, and the store is whole"""
    phone, = lab.phones
    before = lab.json('backups')['backups']
    phone.set('pace=1')
    job = lab.queue('mt6765')
    phone.plug()
    lab.reading(job)
    pid = lab.run('systemctl show --value -p MainPID mtkbackupd').strip()
    lab.run(f'kill -KILL {pid}')
    poll('a new service', lambda: lab.run(
        'systemctl show --value -p MainPID -p ActiveState mtkbackupd').split() not in (
            [pid, 'active'], ['0', 'activating'], [pid, 'activating']) and
        lab.succeeds('systemctl is-active mtkbackupd'))
    assert lab.run('systemctl show --value -p NRestarts mtkbackupd').strip() == '1'
    ended = lab.ended(job)
    assert ended['state'] == 'interrupted', ended
    phone.away()
    lab.settle()
    assert lab.json('backups')['backups'][:len(before)] == before
    for backup in before:
        lab.ctl(f'verify {backup["id"]}')
    whole_again(lab, phone)


def test_canceled(lab):
    """mtkbackupctl cancel in mid-backup: the phone is let go cleanly"""
    phone, = lab.phones
    phone.set('pace=1')
    mark = phone.mark()
    job = lab.queue('mt6765')
    phone.plug()
    lab.reading(job)
    lab.ctl(f'cancel {job}')
    assert lab.ended(job)['state'] == 'canceled'
    lab.let_go(phone, mark)


def test_autosuspend(lab):
    """the kernel puts an idle phone to sleep: it is woken for its job and stays awake for it"""
    phone, = lab.phones
    lab.run('cat >/etc/udev/rules.d/99-sleep.rules <<"END"\n'
            'ACTION=="add", SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", ATTR{idVendor}=="0e8d", '
            'ATTR{power/autosuspend_delay_ms}="0", ATTR{power/control}="auto"\nEND\n'
            'udevadm control --reload')
    status = '/sys/bus/usb/devices/1-1/power/runtime_status'
    phone.set('pace=2')
    mark = phone.mark()
    phone.plug()
    lab.node()
    poll('the phone to sleep', lambda: 'suspended' in lab.run(f'cat {status}'))
    job = lab.queue('mt6765')
    lab.reading(job)
    assert lab.run(f'cat {status}').strip() == 'active'
    lab.whole(job, phone)
    lab.let_go(phone, mark)
    lab.run('rm /etc/udev/rules.d/99-sleep.rules && udevadm control --reload')


def test_kernel_log(lab):
    """the kernel had nothing to complain about"""
    said = lab.run('journalctl --no-pager -k -o cat --since "$(stat -c %z /var/lib/dpkg/info/mtkbackup.list '
                   '| cut -d. -f1)"').splitlines()
    strange = [line for line in said if not re.match(USUAL, line)]
    assert not strange, strange
    say(f'{len(said)} lines of the kernel, all usual')


if __name__ == '__main__':
    run_tests([test_unplugged, test_killed, test_canceled, test_autosuspend, test_kernel_log],
              [PHONE])
