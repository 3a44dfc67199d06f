#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""More than one device: two phones at once, one of which leaves the bus to come back faster, and a
device that is no phone in download mode."""
from lab import PATIENT, poll, run_tests, say

# the second starts in its boot ROM at full speed, is given its agent there, changes to high speed
# and another identity, and goes on
PHONES = [f'mt6765,user=16M,boot=1M,{PATIENT}', f'mt6580-brom,user=16M,boot=1M,{PATIENT}']


def seen(lab, port):
    """What the kernel shows at the port of the second bus' root hub: ids and speed."""
    return lab.run(f'cd /sys/bus/usb/devices/1-{port} && cat idVendor idProduct speed',
                   check=False).split()


def test_speed_switch(lab):
    """a phone in boot ROM mode changes its speed in mid-session and is the same one"""
    _, phone = lab.phones
    mark = phone.mark()
    phone.set('pace=2')
    job = lab.queue('mt6580')
    phone.plug()
    poll('the slow one', lambda: seen(lab, 2) == ['0e8d', '0003', '12'])
    phone.wait('speed switch', mark)
    poll('the fast one', lambda: seen(lab, 2) == ['0e8d', '2001', '480'])
    assert lab.run('stat -c "%G %a" /dev/bus/usb/001/$(printf %03d '
                   '$(cat /sys/bus/usb/devices/1-2/devnum))').split() == ['mtkbackup', '660']
    lab.whole(job, phone)
    lab.let_go(phone, mark)


def test_two_at_once(lab):
    """two phones at once, each with the job that is for it"""
    one, other = lab.phones
    one.set()
    other.set()
    marks = one.mark(), other.mark()
    jobs = [lab.queue('mt6765'), lab.queue('mt6580')]
    other.plug()
    one.plug()
    size = lab.whole(jobs[0], one) + lab.whole(jobs[1], other)
    assert [lab.job(job)['device'] for job in jobs] == ['1-1', '1-2']
    say(f'{size} MiB compared')
    one.wait('detached reset', marks[0])
    other.wait('detached reset', marks[1])
    one.away()
    other.away()
    lab.settle()


def test_android(lab):
    """a phone that has started Android is left to others, also with a job that waits"""
    phone, _ = lab.phones
    mark = phone.mark()
    phone.set('android=1', 'window_ms=100')
    phone.plug()
    phone.wait('attached 0e8d:2008', mark)
    poll('the kernel to see it', lambda: seen(lab, 1) == ['0e8d', '2008', '480'])
    job = lab.queue('mt6765')
    lab.run('udevadm settle')
    assert lab.run('stat -c "%U %G" /dev/bus/usb/001/$(printf %03d '
                   '$(cat /sys/bus/usb/devices/1-1/devnum))').split() == ['root', 'root']
    assert lab.job(job)['state'] == 'waiting-for-device'
    assert 'first-out' not in phone.since(mark), phone.since(mark)
    lab.ctl(f'cancel {job}')
    phone.away()
    lab.settle()


if __name__ == '__main__':
    run_tests([test_speed_switch, test_two_at_once, test_android], PHONES)
