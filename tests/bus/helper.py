#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A keeper that does what a file says: stands in for mtkbackup-keeper where a test is about the bus.

scenario.json beside it: {OP: [step, …]}; a step is {"send": {"TYPE": "…", KEY: value}},
{"await": TYPE}, {"write": text} into the descriptor that came with RUN, {"sleep": seconds},
{"kill": signal} or {"exit": status}. An OP without steps is simply done."""
import array
import hashlib
import json
import os
import socket
import sys
import time

HERE = os.path.dirname(os.path.abspath(sys.argv[0]))
control = socket.socket(fileno=3)


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


def main():
    _, run, fds = receive()
    with open(os.path.join(HERE, 'scenario.json'), encoding='utf-8') as file:
        steps = json.load(file).get(run['OP'])
    extra = copy_agent(fds) if run['OP'] == 'agent' else {}
    if steps is None:
        steps = [{'send': {'TYPE': 'DONE', 'RESULT': 'done'}}]
    for step in steps:
        (verb, value), = step.items()
        if verb == 'send':
            keys = {k: v for k, v in value.items() if k != 'TYPE'}
            send(value['TYPE'], **keys, **(extra if value['TYPE'] == 'DONE' else {}))
        elif verb == 'await':
            while receive()[0] != value:
                pass
        elif verb == 'write':
            os.write(fds[0], value.encode())
        elif verb == 'sleep':
            time.sleep(value)
        elif verb == 'kill':
            os.kill(os.getpid(), value)
        elif verb == 'exit':
            sys.exit(value)


main()
