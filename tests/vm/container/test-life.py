#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to a service over the years: restarts, upgrades, reboots with a queued job, a wrong
configuration, a store on another disk. The shipped unit, and the drop-ins a person would write."""
import json
import os
import re
import signal

import rig
from rig import holds, same, sh

CONFIG = '/etc/mtkbackup/mtkbackupd.yaml'
NAME = 'of years'


def queued():
    """The one job there is, as far as it may not change."""
    jobs = rig.ctl_json('jobs')['jobs']
    same(len(jobs), 1, 'number of jobs')
    job = jobs[0]
    return job['id'], job['name'], job['state'], job['profile'], job['queued_at']


def configure(text):
    with open(CONFIG, 'w', encoding='utf-8') as file:
        file.write(text)


def newer_package(version):
    """The same package with a higher number; its programs are new files."""
    sh('rm -rf /root/new && dpkg-deb -R /rig/mtkbackup.deb /root/new && '
       f"sed -i 's/^Version: .*/Version: {version}/' /root/new/DEBIAN/control && "
       f'dpkg-deb -b -Znone /root/new /root/{version}.deb')
    return f'/root/{version}.deb'


def queue():
    """a job is queued"""
    rig.install()
    rig.ctl(f'queue --profile full --no-wait --name "{NAME}"')
    same(queued()[1:4], (NAME, 'waiting-for-device', 'full'))


def restart():
    """a restart keeps the job"""
    before = queued()
    sh('systemctl restart mtkbackupd')
    same(queued(), before)


def killed():
    """so does SIGKILL"""
    before, pid = queued(), rig.main_pid()
    os.kill(pid, signal.SIGKILL)
    rig.until(lambda: rig.active() and rig.main_pid() not in (0, pid), 'another process')
    same(queued(), before)


def upgrade():
    """so does an upgrade of the package, after which the new program runs"""
    before, pid = queued(), rig.main_pid()
    sh(f'dpkg -i {newer_package("0.1.0-2")}')
    same(sh("dpkg-query -W -f '${Version}' mtkbackup").out, '0.1.0-2')
    holds(rig.active() and rig.main_pid() != pid, 'it was restarted')
    same(os.readlink(f'/proc/{rig.main_pid()}/exe'), '/usr/libexec/mtkbackup/mtkbackupd')
    same(queued(), before)


def upgrade_of_a_stopped_one():
    """an upgrade does not wake a service that was switched off"""
    sh('systemctl disable --now mtkbackupd')
    sh(f'dpkg -i {newer_package("0.1.0-3")}')
    same(rig.show('mtkbackupd.service', 'ActiveState', 'UnitFileState'), ['inactive', 'disabled'])
    sh('systemctl enable --now mtkbackupd')


def wrong_reload():
    """a wrong configuration is refused with its place when it is read again, and the old one
    stays"""
    configure('cage: sometimes\n')
    failed = rig.ctl_reload()
    holds(re.search(rf'{CONFIG}:1:\d+: ', failed.err) and 'cage' in failed.err, failed)
    pid = rig.main_pid()
    sh('systemctl reload mtkbackupd')
    rig.until(lambda: 'Not reloaded' in rig.journal(), 'a word in the journal')
    same((rig.active(), rig.main_pid()), (True, pid))
    os.unlink(CONFIG)
    same(rig.ctl_reload().code, 0)


def wrong_start():
    """with a wrong configuration it does not start, says why, and does not try for ever"""
    configure('cage: sometimes\n')
    sh('systemctl restart mtkbackupd', check=False)
    rig.until(lambda: rig.show('mtkbackupd.service', 'ActiveState')[0] == 'failed',
              'systemd to give up')
    holds(re.search(rf'{CONFIG}:1:\d+: .*cage', rig.journal()), rig.journal())
    os.unlink(CONFIG)
    sh('systemctl reset-failed mtkbackupd && systemctl start mtkbackupd')


def before_the_reboot():
    """the job is there when the machine goes down"""
    same(queued()[1:3], (NAME, 'waiting-for-device'))
    with open('/var/lib/before', 'w', encoding='utf-8') as file:
        json.dump(queued(), file)


def after_the_reboot():
    """after a reboot the service runs, and the job is the same"""
    rig.until(rig.active, 'the service to start by itself')
    with open('/var/lib/before', encoding='utf-8') as file:
        same(list(queued()), json.load(file))


def store_state():
    return rig.ctl_json('status')['store_state']


def believe(said):
    """Does what a person does who reads how a drop-in is to be made: the lines in quotes."""
    path = re.search(r'create (\S+) with the \w+ lines', said)
    lines = re.findall(r'"([^"]*)"', said)
    holds(path and lines and lines[0] == '[Service]', said)
    os.makedirs(os.path.dirname(path.group(1)), exist_ok=True)
    with open(path.group(1), 'w', encoding='utf-8') as file:
        file.write('\n'.join(lines) + '\n')
    sh('systemctl daemon-reload && systemctl restart mtkbackupd')
    return len(lines)


def other_disk():
    """a store on another disk: the sandbox refuses, and the service says which two lines help"""
    sh('mkdir -p /srv/phones && mount -t tmpfs -o mode=755 phones /srv/phones && '
       'install -d -o mtkbackup -g mtkbackup -m 700 /srv/phones/store')
    configure('store: /srv/phones/store\n')
    sh('systemctl restart mtkbackupd')
    said = store_state()
    holds('Read-only file system' in said, said)
    # everywhere a person may look: journal, status, and the refused job
    holds(said in rig.journal(), rig.journal())
    holds(said in rig.ctl('status').out, rig.ctl('status'))
    refused = rig.ctl('queue --profile full --no-wait', check=False)
    holds(refused.code == 1 and said in refused.err, refused)
    same(believe(said), 2)
    same(store_state(), 'ok')
    holds(os.path.exists('/srv/phones/store/STORE'), 'the store is there')
    same(oct(os.stat('/srv/phones/store').st_mode & 0o777), '0o700')
    same(queued()[1:3], (NAME, 'waiting-for-device'))


def other_disk_of_root():
    """a folder that belongs to root is refused with the same advice, which then helps"""
    sh('install -d -m 755 /srv/phones/roots')
    configure('store: /srv/phones/roots\n')
    rig.drop_in('store', '[Service]\nReadWritePaths=-/srv/phones/roots\n')
    sh('systemctl restart mtkbackupd')
    said = store_state()
    holds('Permission denied' in said and 'user mtkbackup' in said, said)
    sh('chown mtkbackup:mtkbackup /srv/phones/roots && systemctl restart mtkbackupd')
    same(store_state(), 'ok')


def home_as_store():
    """a store below /home, which the sandbox hides: the advice is another one, and true"""
    sh('install -d -o mtkbackup -g mtkbackup -m 700 /home/phones')
    configure('store: /home/phones\n')
    rig.drop_in('store', None)
    sh('systemctl restart mtkbackupd')
    said = store_state()
    holds('home directories' in said, said)
    same(believe(said), 3)
    same(store_state(), 'ok')
    holds(os.path.exists('/home/phones/STORE'), 'the store is there')
    # the rest of /home stays hidden
    same(sh(f'nsenter -t {rig.main_pid()} -m ls /home').out.split(), ['phones'])


def disk_not_mounted():
    """a disk that is not there: the service runs, keeps its jobs, and says what is missing"""
    configure('store: /srv/gone/store\n')
    rig.drop_in('store', '[Service]\nReadWritePaths=-/srv/gone/store\n')
    sh('systemctl restart mtkbackupd')
    said = store_state()
    holds('No such file' in said and 'Mount the disk' in said, said)
    same(queued()[1:3], (NAME, 'waiting-for-device'))
    # an empty mount point is not taken for the disk
    sh('mkdir /srv/gone && systemctl restart mtkbackupd')
    holds('Read-only file system' in store_state(), store_state())
    same(os.listdir('/srv/gone'), [])
    sh('mount -t tmpfs -o mode=755 gone /srv/gone && '
       'install -d -o mtkbackup -g mtkbackup -m 700 /srv/gone/store && '
       'systemctl restart mtkbackupd')
    same(store_state(), 'ok')


def full_disk():
    """a store whose disk is full leaves the service and its queue alive"""
    sh('mkdir -p /srv/small && mount -t tmpfs -o size=64k,nr_inodes=4 small /srv/small && '
       'install -d -o mtkbackup -g mtkbackup -m 700 /srv/small/store')
    configure('store: /srv/small/store\n')
    rig.drop_in('store', '[Service]\nReadWritePaths=-/srv/small/store\n')
    sh('systemctl restart mtkbackupd')
    holds('the disk is full' in store_state(), store_state())
    same(queued()[1:3], (NAME, 'waiting-for-device'))
    refused = rig.ctl('queue --profile full --no-wait', check=False)
    holds(refused.code == 1 and 'the disk is full' in refused.err, refused)


rig.run([queue, restart, killed, upgrade, upgrade_of_a_stopped_one, wrong_reload, wrong_start,
         before_the_reboot],
        [after_the_reboot, other_disk, other_disk_of_root, home_as_store, disk_not_mounted,
         full_disk])
