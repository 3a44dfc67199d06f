#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside the sandbox of the service, as its ExecStartPre=, and writes down what can be done
there: a JSON object of attempt -> "ok" or the name of the error."""
import ctypes
import errno
import json
import mmap
import os
import socket
import sys

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWUSER = 0x10000000
found = {}


def attempt(name, action):
    try:
        value = action()
        found[name] = 'ok' if value is None or value is True else value
    except OSError as error:
        found[name] = errno.errorcode.get(error.errno, str(error))


def call(number, *arguments):
    if libc.syscall(ctypes.c_long(number), *(ctypes.c_long(a) for a in arguments)) < 0:
        raise OSError(ctypes.get_errno(), 'syscall')


def write(path):
    with open(path, 'w', encoding='utf-8') as file:
        file.write('x')


def setuid_file():
    write('/var/lib/mtkbackup/suid')
    try:
        os.chmod('/var/lib/mtkbackup/suid', 0o4755)
    finally:
        os.unlink('/var/lib/mtkbackup/suid')


def status(key):
    with open('/proc/self/status', encoding='utf-8') as file:
        return next(line.split(None, 1)[1].strip() for line in file if line.startswith(key + ':'))


for where in ('/etc', '/etc/mtkbackup', '/usr', '/usr/share/mtkbackup', '/usr/libexec/mtkbackup',
              '/var/log', '/var/lib', '/var/cache', '/srv', '/opt', '/run', '/boot',
              '/home/alice', '/root', '/var/lib/mtkbackup', '/tmp', '/var/tmp'):
    attempt(f'write {where}', lambda: write(f'{where}/mtkbackup-probe'))
attempt('umask', lambda: os.stat('/var/lib/mtkbackup/mtkbackup-probe').st_mode & 0o777)
attempt('remove own', lambda: os.unlink('/var/lib/mtkbackup/mtkbackup-probe'))
attempt('read home', lambda: open('/home/alice/secret', encoding='utf-8').read())
attempt('list home', lambda: os.listdir('/home'))
attempt('list root', lambda: os.listdir('/root'))
attempt('read shadow', lambda: open('/etc/shadow', encoding='utf-8').read())
attempt('processes', lambda: sorted(n for n in os.listdir('/proc') if n.isdigit()) == [
    str(os.getpid())])
attempt('sysrq', lambda: write('/proc/sys/kernel/sysrq'))
attempt('cpuinfo', lambda: bool(open('/proc/cpuinfo', encoding='utf-8').read()))
for family in ('AF_INET', 'AF_INET6', 'AF_PACKET', 'AF_BLUETOOTH', 'AF_VSOCK', 'AF_NETLINK',
               'AF_UNIX'):
    attempt(family, lambda: socket.socket(getattr(socket, family), socket.SOCK_DGRAM if family in (
        'AF_INET', 'AF_INET6', 'AF_UNIX') else socket.SOCK_RAW).close())
attempt('user namespace', lambda: call(272, CLONE_NEWUSER))
attempt('mount', lambda: call(165, 0, 0, 0, 0, 0))
attempt('ptrace', lambda: call(101, 0, 0, 0, 0))
attempt('bpf', lambda: call(321, 0, 0, 0))
attempt('keyctl', lambda: call(250, 0, 0, 0))
attempt('kexec', lambda: call(246, 0, 0, 0, 0))
attempt('reboot', lambda: call(169, 0, 0, 0, 0))
attempt('personality', lambda: call(135, 0x0040000))
attempt('realtime', lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)))
attempt('nice', lambda: os.setpriority(os.PRIO_PROCESS, 0, -5))
attempt('writable code', lambda: mmap.mmap(
    -1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close())
attempt('setuid file', setuid_file)
attempt('device node', lambda: os.mknod('/var/lib/mtkbackup/node', 0o20600, os.makedev(1, 3)))
attempt('become root', lambda: os.setuid(0))
attempt('landlock', lambda: call(444, 0, 0, 1))
for key in ('Uid', 'CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs', 'Seccomp'):
    found[key] = status(key)
with open(sys.argv[1], 'w', encoding='utf-8') as out:
    json.dump(found, out, indent=1)
