#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A helper that does what a file says: stands in for mtkbackup-keeper or mtkbackup-worker (by the
name it is called by) where a test is about the daemon alone.

scenario.json beside it: {OP: [step, …]} for keepers, {"worker": [[step, …], …]} for workers, of
which the first takes the first list and so on, the last list staying in use. A step is
{"send": {"TYPE": "…", KEY: value}}, {"await": TYPE}, {"write": text} into the descriptor that came
with RUN, {"close": 0}, which closes the descriptors that came, {"hangup": n}, which waits until the
other end of the one with this number is closed, {"turn": name}, which waits for the test
(write_turn in rig.py), {"sleep": seconds}, {"kill": signal} or {"exit": status}. An
OP without steps is simply done."""
import array
import fcntl
import hashlib
import json
import os
import select
import socket
import sys
import time

NAME = os.path.basename(sys.argv[0])
HERE = os.path.dirname(os.path.realpath(sys.argv[0]))
control = socket.socket(fileno=3)
held = []


def receive():
    data, ancillary, _, _ = control.recvmsg(65536, socket.CMSG_SPACE(16))
    if not data:
        sys.exit(0)
    fds = array.array('i')
    for level, kind, value in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(value[:len(value) - len(value) % fds.itemsize])
    lines = data.decode().split('\n')
    return lines[0], dict(line.split('=', 1) for line in lines[1:] if line), list(fds)


def send(kind, **keys):
    control.send('\n'.join([kind] + [f'{k}={v}' for k, v in keys.items()]).encode())


def copy_agent(fds):
    """As the real one: says the sum and copies what it has read."""
    os.lseek(fds[0], 0, os.SEEK_SET)
    data = os.read(fds[0], 1 << 20)
    if len(fds) > 1:
        os.write(fds[1], data)
    return {'SHA256': hashlib.sha256(data).hexdigest(), 'SIZE': len(data)}


def scenario():
    with open(os.path.join(HERE, 'scenario.json'), encoding='utf-8') as file:
        return json.load(file)


def worker_steps():
    with open(os.path.join(HERE, 'workers'), 'a+', encoding='utf-8') as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        number = len(file.read())
        file.write('x')
    lists = scenario()['worker']
    return lists[min(number, len(lists) - 1)], {}


def keeper_steps():
    _, run, fds = receive()
    held.extend(fds)
    steps = scenario().get(run['OP'])
    extra = copy_agent(fds) if run['OP'] == 'agent' else {}
    if steps is None:
        steps = [{'send': {'TYPE': 'DONE', 'RESULT': 'done'}}]
    return steps, extra


def main():
    steps, extra = worker_steps() if NAME == 'mtkbackup-worker' else keeper_steps()
    for step in steps:
        (verb, value), = step.items()
        if verb == 'send':
            keys = {k: v for k, v in value.items() if k != 'TYPE'}
            send(value['TYPE'], **keys, **(extra if value['TYPE'] == 'DONE' else {}))
        elif verb == 'await':
            while True:
                kind, _, fds = receive()
                held.extend(fds)
                if kind == value:
                    break
        elif verb == 'write':
            os.write(held[0], value.encode())
        elif verb == 'close':
            while held:
                os.close(held.pop())
        elif verb == 'hangup':
            select.select([held[value]], [], [])
        elif verb == 'turn':
            while not os.path.exists(os.path.join(HERE, f'{value}.turn')):
                time.sleep(0.01)
        elif verb == 'sleep':
            time.sleep(value)
        elif verb == 'kill':
            os.kill(os.getpid(), value)
        elif verb == 'exit':
            sys.exit(value)


main()
