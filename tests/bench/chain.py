#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: chain.py BUILD STORE AGENT (SOCKET | usb)

One backup through the real worker and the real keeper, with this program in the daemon's place.
The phone is behind a socket or the first one on the (simulated) USB bus. Prints KEY=VALUE words:
bytes over the wire and the seconds they took, processor seconds and peak memory of both."""
import array
import fcntl
import glob
import hashlib
import os
import select
import socket
import subprocess
import sys
import time

SLOT, SLOTS = 1 << 20, 16


def send(line, kind, fds=(), **keys):
    data = '\n'.join([kind] + [f'{k}={v}' for k, v in keys.items()]).encode()
    line.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else [])


def receive(line):
    data = line.recv(65536)
    if not data:
        return None, {}
    words = data.decode('utf-8', 'replace').split('\n')
    return words[0], dict(w.split('=', 1) for w in words[1:] if '=' in w)


class Helper:
    def __init__(self, path, fd, errors=None):
        self.line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # the numbers 3 and 4 may be taken here: go round by high ones
        high = [fcntl.fcntl(f, fcntl.F_DUPFD, 50) for f in (theirs.fileno(), fd, errors or 2)]
        self.pid = os.fork()
        if self.pid == 0:
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)
            os.dup2(high[2], 2)
            os.closerange(5, 600)
            os.execv(path, [path])
        for f in high:
            os.close(f)
        theirs.close()
        self.seen = []

    def fileno(self):
        return self.line.fileno()

    def wait(self):
        _, status, usage = os.wait4(self.pid, 0)
        if status:
            sys.exit(f'helper ended with {status:#x}')
        return usage


def ring():
    fd = os.memfd_create('ring', os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(fd, SLOT * SLOTS)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    return fd


def open_phone(where):
    if where != 'usb':
        line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        line.connect(where)
        return line.detach()
    for _ in range(500):
        for device in glob.glob('/sys/bus/usb/devices/*/idVendor'):
            with open(device, encoding='ascii') as file:
                if file.read().strip() != '0e8d':
                    continue
            folder = os.path.dirname(device)
            with open(folder + '/busnum', encoding='ascii') as bus, \
                    open(folder + '/devnum', encoding='ascii') as number:
                return os.open(f'/dev/bus/usb/{int(bus.read()):03}/{int(number.read()):03}',
                               os.O_RDWR)
        time.sleep(0.01)
    sys.exit('no phone')


def main():
    build, store, agent, where = sys.argv[1:5]
    os.makedirs(store, exist_ok=True)
    errors = os.memfd_create('errors')
    phone = open_phone(where)
    worker = Helper(f'{build}/daemon/worker/mtkbackup-worker', phone)
    os.close(phone)
    folder = os.open(store, os.O_RDONLY | os.O_DIRECTORY)
    send_open = Helper(f'{build}/daemon/keeper/mtkbackup-keeper', folder)
    send(send_open.line, 'RUN', OP='open')
    while receive(send_open.line)[0] not in ('DONE', None):
        pass
    send_open.line.close()
    send_open.wait()
    keeper = None
    times, total = {}, 0
    lines = [worker]
    while lines:
        for helper in select.select(lines, [], [], 60)[0] or sys.exit('nothing happens'):
            kind, keys = receive(helper.line)
            if kind is None:
                lines.remove(helper)
            elif kind == 'FAIL':
                sys.exit(f'{keys}')
            elif kind == 'IDENTITY':
                send(worker.line, 'CONNECT')
            elif kind == 'NEED_AGENT':
                fd = os.open(agent, os.O_RDONLY)
                with open(agent, 'rb') as file:
                    digest = hashlib.sha256(file.read()).hexdigest()
                send(worker.line, 'AGENT', [fd], NAME='bench', SHA256=digest)
                os.close(fd)
            elif kind == 'IDLE' and keeper is None:
                ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                shared = ring()
                if os.environ.get('COST_SHIM'):
                    os.environ['LD_PRELOAD'] = ':'.join(
                        filter(None, (os.environ['COST_SHIM'], os.environ.get('LD_PRELOAD'))))
                keeper = Helper(f'{build}/daemon/keeper/mtkbackup-keeper', folder, errors)
                lines.append(keeper)
                send(keeper.line, 'RUN', [ours.fileno(), shared], OP='backup', JOB=1, PROFILE='bench',
                     PROFILE_SHA256='0' * 64, KIND='full', VERIFY=0, USB_PATH='1-1')
                send(worker.line, 'JOB', [theirs.fileno(), shared], JOB=1)
                ours.close()
                theirs.close()
                os.close(shared)
            elif kind == 'IDLE':
                send(worker.line, 'FINISH', ACTION='reboot')
            elif kind == 'BYTES' and helper is keeper:
                total = int(keys['BYTES'])
            elif helper is keeper and kind in ('PLAN', 'COMMITTED'):
                times[kind] = time.monotonic()
            elif helper is keeper and kind == 'PHASE':
                times.setdefault(keys['PHASE'], time.monotonic())
            if kind == 'DONE':
                lines.remove(helper)
                helper.line.close()
    costs = {}
    usage = {'WORKER': worker.wait(), 'KEEPER': keeper.wait()}
    os.lseek(errors, 0, os.SEEK_SET)
    for line in os.read(errors, 65536).decode().splitlines():
        if line.startswith('COST '):
            costs = dict(w.split('=') for w in line.split()[1:])
        elif line:
            print(line, file=sys.stderr)
    end = times.get('committing', times.get('COMMITTED'))
    out = {'BYTES': total, 'SECONDS': f'{end - times["PLAN"]:.3f}'}
    for name, u in usage.items():
        out[f'{name}_CPU'] = f'{u.ru_utime + u.ru_stime:.3f}'
        out[f'{name}_MIB'] = f'{u.ru_maxrss / 1024:.1f}'
    out.update(costs)
    print(' '.join(f'{k}={v}' for k, v in out.items()))


main()
