# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives the real mtkbackup-keeper: plays the daemon on its control socket and, for backups, a
worker with a made-up phone on its data channel."""
import array
import fcntl
import hashlib
import json
import mmap
import os
import random
import select
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time

KEEPER = os.environ.get('MTKBACKUP_KEEPER', 'build/daemon/keeper/mtkbackup-keeper')
SLOT = 1024 * 1024
SLOTS = 16
MIB = 1024 * 1024


# ---- messages ----

def pack(kind, **keys):
    return '\n'.join([kind] + [f'{k}={v}' for k, v in keys.items()]).encode('utf-8', 'surrogateescape')


class Message(dict):
    def __init__(self, data):
        lines = data.decode('utf-8', 'surrogateescape').split('\n')
        super().__init__(line.split('=', 1) for line in lines[1:])
        self.kind = lines[0]

    def __repr__(self):
        return f'{self.kind} {dict(self)}'


def send(sock, kind, fds=(), **keys):
    sock.sendmsg([pack(kind, **keys)],
                 [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else [])


# ---- a phone ----

def noise(seed, size):
    """Bytes that do not compress, the same for the same seed."""
    return random.Random(seed).randbytes(size)


class Phone:
    """Areas of a phone as byte strings, and what a worker says about them."""

    def __init__(self, regions, parts, facts=None, checks=()):
        self.data = dict(regions)       # name -> bytearray
        self.parts = list(parts)        # (name, region, offset, size)
        self.checks = list(checks)      # (name, result, detail)
        self.readable = {}
        self.sizes = {}
        self.facts = {'HW_CODE': '0x766', 'HW_SUB': '0x8a00', 'HW_VER': '0xca00', 'SW_VER': '0x0',
                      'CHIP': 'MT6765', 'MODE': 'preloader', 'TARGET_CONFIG': '0x0',
                      'ME_ID': '11' * 16, 'SOC_ID': '22' * 32, 'TYPE': 'emmc', 'BLOCK_SIZE': '512',
                      'CID': '150100' + '33' * 13, 'PTABLE': 'gpt', 'PRIMARY_OK': '1',
                      'BACKUP_OK': '1', 'EQUAL': '1', 'AGENT_NAME': 'made-up',
                      'AGENT_SHA256': '44' * 32}
        self.facts.update(facts or {})

    def size(self, region):
        return self.sizes.get(region, len(self.data[region]))

    def read(self, region, offset, length):
        return bytes(self.data[region][offset:offset + length])


def small_phone(seed=1):
    """3 MiB and a bit: everything there is to test, quick to read."""
    user = bytearray(2 * MIB + 256 * 1024)
    user[0:512] = noise(f'{seed} gpt', 512)
    user[0x8000:0x8000 + 0x10000] = noise('nvram', 0x10000)
    user[0x20000:0x20000 + 0x4000] = noise('proinfo', 0x4000)
    user[0x40000:0x40000 + 0x100000] = noise('boot', 0x100000)
    user[0x200000:0x200000 + 0x8000] = noise(f'{seed} userdata', 0x8000)
    return Phone(
        {'EMMC_BOOT1': bytearray(noise('boot1', 0x8000)), 'EMMC_USER': user},
        [('nvram', 'EMMC_USER', 0x8000, 0x10000), ('proinfo', 'EMMC_USER', 0x20000, 0x8000),
         ('boot', 'EMMC_USER', 0x40000, 0x120000), ('userdata', 'EMMC_USER', 0x180000, 0xb0000)])


def medium_phone(seed=1, size=24 * MIB):
    """Several batches of chunks: zeros, FF, text, noise, the same chunk many times."""
    user = bytearray(size)
    user[0:17408] = noise(f'{seed} gpt', 17408)
    user[1 * MIB:1 * MIB + 5 * MIB // 2] = noise('nvram', 5 * MIB // 2)
    user[4 * MIB:4 * MIB + 300000] = noise(f'{seed} expdb', 300000)
    user[5 * MIB:9 * MIB] = noise('boot', MIB) * 4
    user[9 * MIB:10 * MIB] = b'\xff' * MIB
    user[12 * MIB:size - 6 * MIB:4096] = bytes(range(256)) * ((size - 18 * MIB) // 4096 // 256) + bytes(
        (size - 18 * MIB) // 4096 % 256)
    user[size - 5 * MIB:size - 3 * MIB] = noise(f'{seed} userdata', 2 * MIB)
    return Phone(
        {'EMMC_BOOT1': bytearray(noise('pl', 4 * MIB)), 'EMMC_BOOT2': bytearray(4 * MIB),
         'EMMC_USER': user},
        [('nvram', 'EMMC_USER', 1 * MIB, 3 * MIB), ('expdb', 'EMMC_USER', 4 * MIB, MIB),
         ('boot', 'EMMC_USER', 5 * MIB, 4 * MIB), ('logo', 'EMMC_USER', 9 * MIB, MIB),
         ('system', 'EMMC_USER', 12 * MIB, size - 18 * MIB),
         ('userdata', 'EMMC_USER', size - 6 * MIB, 5 * MIB)])


# ---- the worker ----

class Worker(threading.Thread):
    """Serves a phone on the data channel. Subclasses and `fault` make it misbehave."""

    def __init__(self, phone, fault=None):
        super().__init__(daemon=True)
        self.phone = phone
        self.fault = fault              # (number of the read, region, offset, length) -> None or …
        self.sock, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.ring_fd = os.memfd_create('ring', os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self.ring_fd, SLOTS * SLOT)
        seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
        fcntl.fcntl(self.ring_fd, fcntl.F_ADD_SEALS, seals)
        self.ring = mmap.mmap(self.ring_fd, SLOTS * SLOT)
        self.free = set(range(SLOTS))
        self.reads = 0
        self.bytes = 0
        self.waiting = []
        self.current = None             # the request that is being served
        self.error = None
        self.log = []

    def say(self, kind, **keys):
        send(self.sock, kind, **keys)

    def tell_facts(self):
        p = self.phone
        self.say('FACTS', **p.facts)
        for number, name in enumerate(p.data, 1):
            self.say('REGION', REGION=name, ID=number, SIZE=p.size(name),
                     READABLE=int(p.readable.get(name, True)))
        for name, region, offset, size in p.parts:
            self.say('PART', NAME=name, REGION=region, OFFSET=offset, SIZE=size)
        for name, result, detail in p.checks:
            self.say('CHECK', NAME=name, RESULT=result, DETAIL=detail)
        self.say('END')

    def listen(self, wait):
        """Takes messages that are there; False when the keeper has closed."""
        while True:
            enough = self.free or self.aborted() if wait == 'slot' else self.waiting
            timeout = None if wait and not enough else 0
            if not select.select([self.sock], [], [], timeout)[0]:
                return True
            data = self.sock.recv(65536)
            if not data:
                return False
            m = Message(data)
            if m.kind == 'READ':
                self.log.append((m['REGION'], int(m['OFFSET']), int(m['LENGTH'])))
                self.waiting.append(m)
            elif m.kind == 'FREE':
                self.free.add(int(m['SLOT']))
            elif m.kind == 'ABORT':
                for read in self.waiting + [self.current or {}]:
                    read['ABORTED'] = True
            wait = False

    def run(self):
        try:
            self.tell_facts()
            while self.listen(True):
                if self.waiting:
                    self.current = self.waiting.pop(0)
                    if not self.serve(self.current):
                        break
                    self.current = None
        except (BrokenPipeError, ConnectionResetError):
            pass
        except (OSError, ValueError) as e:
            # a test has closed the socket under us
            self.error = None if self.sock.fileno() < 0 else e
        except Exception as e:  # shown by the test
            self.error = e
        self.sock.close()

    def aborted(self):
        return bool(self.current) and 'ABORTED' in self.current

    def serve(self, m):
        tag, region = m['TAG'], m['REGION']
        offset, length = int(m['OFFSET']), int(m['LENGTH'])
        self.reads += 1
        fault = self.fault(self.reads, region, offset, length) if self.fault else None
        end = offset + length
        if fault:
            if fault.get('close'):
                end = fault['at']
            else:
                end = offset + (fault['at'] - offset) // SLOT * SLOT
        while offset < end:
            while not self.free:
                if not self.listen('slot'):
                    return False
                if self.aborted():
                    break
            if not self.listen(False):
                return False
            if self.aborted():
                self.say('READ_FAIL', TAG=tag, OFFSET=offset, ERROR='Canceled', PHASE='reading',
                         STATUS='0x0', TEXT='canceled', HINT='')
                return True
            n = min(end - offset, SLOT)
            slot = self.free.pop()
            self.ring[slot * SLOT:slot * SLOT + n] = self.phone.read(region, offset, n)
            self.chunk(tag, slot, offset, n)
            self.bytes += n
            offset += n
        if fault and fault.get('close'):
            return False
        if fault:
            self.say('READ_FAIL', TAG=tag, OFFSET=fault['at'], ERROR=fault.get('error', 'DeviceRefused'),
                     PHASE='reading', STATUS='0xc0040004', TEXT='the flash says no', HINT='')
        else:
            self.say('READ_DONE', TAG=tag)
        return True

    def chunk(self, tag, slot, offset, length):
        self.say('CHUNK', TAG=tag, SLOT=slot, OFFSET=offset, LENGTH=length)


# ---- the daemon's part ----

def environment(extra=None):
    env = {'LANG': 'C.UTF-8', 'PATH': os.environ['PATH']}
    for key in ('ASAN_OPTIONS', 'UBSAN_OPTIONS', 'LLVM_PROFILE_FILE', 'MTKBACKUP_TEST_CAGE'):
        if key in os.environ:
            env[key] = os.environ[key]
    # leak checks open files that are out of reach in the cage
    env['ASAN_OPTIONS'] = 'detect_leaks=0:' + env.get('ASAN_OPTIONS', '')
    env.update(extra or {})
    return env


class Keeper:
    """One run of the program: messages in .messages, the last of them in .done or .fail."""

    def __init__(self, store, op, fds=(), env=None, args=(), on_message=None, wait=True, **keys):
        self.messages, self.done, self.fail, self.status = [], None, None, None
        self.on_message = on_message
        self.sock, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        directory = os.open(store, os.O_RDONLY | os.O_DIRECTORY) if store else None
        high = [fcntl.fcntl(theirs.fileno(), fcntl.F_DUPFD_CLOEXEC, 100)]
        actions = [(os.POSIX_SPAWN_DUP2, high[0], 3)]
        if directory is not None:
            high.append(fcntl.fcntl(directory, fcntl.F_DUPFD_CLOEXEC, 100))
            actions.append((os.POSIX_SPAWN_DUP2, high[1], 4))
        else:
            actions.append((os.POSIX_SPAWN_CLOSE, 4))
        self.pid = os.posix_spawn(KEEPER, [KEEPER, *args], environment(env), file_actions=actions,
                                  setsigmask=[])
        theirs.close()
        for fd in high + ([directory] if directory is not None else []):
            os.close(fd)
        send(self.sock, 'RUN', fds, OP=op, **keys)
        if wait:
            self.wait()

    def receive(self):
        """The next message, or None at the end."""
        try:
            data = self.sock.recv(65536)
        except ConnectionResetError:
            data = b''
        if not data:
            return None
        m = Message(data)
        if m.kind != 'ALIVE':
            self.messages.append(m)
        if m.kind == 'DONE':
            self.done = m
        if m.kind == 'FAIL':
            self.fail = m
        if self.on_message:
            self.on_message(self, m)
        return m

    def wait(self):
        while self.receive() is not None:
            pass
        self.sock.close()
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self

    def all(self, kind):
        return [m for m in self.messages if m.kind == kind]

    def cancel(self):
        try:
            send(self.sock, 'CANCEL')
        except (BrokenPipeError, ConnectionResetError):
            pass

    @property
    def error(self):
        return self.fail['ERROR'] if self.fail else None

    @property
    def result(self):
        return self.done['RESULT'] if self.done else None


def make_store(path):
    os.makedirs(path, exist_ok=True)
    return Keeper(path, 'open')


def backup(store, phone, worker=None, wait=True, env=None, on_message=None, **keys):
    """Runs a backup; the worker is in .worker."""
    w = worker or Worker(phone)
    arguments = {'JOB': 1, 'PROFILE': 'full', 'PROFILE_SHA256': '55' * 32, 'NAME': 'test',
                 'REQUESTED_BY': 1000, 'USB_PATH': '1-1.2', 'KIND': 'full', 'VERIFY': 1}
    arguments.update(keys)
    w.start()
    k = Keeper(store, 'backup', fds=(w.theirs.fileno(), w.ring_fd), env=env, on_message=on_message,
               wait=False, **arguments)
    w.theirs.close()
    k.worker = w
    if wait:
        k.wait()
        w.join()
        if w.error:
            raise w.error
    return k


def export(store, backup_id, part, form='raw'):
    """(bytes, keeper) of an export into a file."""
    with tempfile.TemporaryFile() as out:
        k = Keeper(store, 'export', fds=(out.fileno(),), BACKUP=backup_id, PART=part, FORMAT=form)
        out.seek(0)
        return out.read(), k


def manifest(store, backup_id):
    for device in os.listdir(f'{store}/backups'):
        path = f'{store}/backups/{device}/{backup_id}/manifest.json'
        if os.path.exists(path):
            with open(path, encoding='utf-8') as file:
                return json.load(file)
    raise FileNotFoundError(backup_id)


def folder(store, backup_id):
    for device in os.listdir(f'{store}/backups'):
        path = f'{store}/backups/{device}/{backup_id}'
        if os.path.isdir(path):
            return path
    raise FileNotFoundError(backup_id)


def backups(store):
    return sorted(name for device in os.listdir(f'{store}/backups')
                  for name in os.listdir(f'{store}/backups/{device}')
                  if os.path.isdir(f'{store}/backups/{device}/{name}'))


def chunk_files(store):
    return sorted(f'{store}/chunks.castr/{d}/{f}' for d in os.listdir(f'{store}/chunks.castr')
                  for f in os.listdir(f'{store}/chunks.castr/{d}'))


def check_equal(store, backup_id, phone):
    """Every stored part of a backup equals the phone; returns the parts."""
    parts = manifest(store, backup_id)['parts']
    for part in parts:
        if 'sha256' not in part:
            continue
        want = phone.read(part['region'], part['offset'], part['size'])
        assert hashlib.sha256(want).hexdigest() == part['sha256'], part['name']
        got, k = export(store, backup_id, part['file'])
        assert k.result == 'done', k.fail
        assert got == want, part['name']
    return parts


def verify_all(store, level='data'):
    return Keeper(store, 'verify', BACKUP='', LEVEL=level)


# ---- TAP ----

class Tap:
    def __init__(self, memory):
        # what does not depend on a real disk need not wait for one
        self.folder = '/dev/shm' if memory and os.access('/dev/shm', os.W_OK) else None
        self.number = 0
        self.failed = 0

    def run(self, tests):
        """Runs functions named test_…, each with its own folder."""
        wanted = sys.argv[1:]
        tests = [t for t in tests if not wanted or t.__name__ in wanted]
        print(f'1..{len(tests)}', flush=True)
        for test in tests:
            path = tempfile.mkdtemp(prefix='mtkbackup-store-', dir=self.folder)
            self.number += 1
            start = time.monotonic()
            try:
                note = test(path)
                print(f'ok {self.number} - {test.__name__}' + (f' # SKIP {note[5:]}' if isinstance(
                    note, str) and note.startswith('skip ') else ''), flush=True)
                if isinstance(note, str) and not note.startswith('skip '):
                    print(f'# {note}', flush=True)
            except Exception as e:
                import traceback
                self.failed += 1
                print(f'not ok {self.number} - {test.__name__}')
                for line in traceback.format_exc().splitlines():
                    print(f'# {line}', flush=True)
            if os.environ.get('KEEP'):
                print(f'# {path}, {time.monotonic() - start:.2f} s')
            else:
                shutil.rmtree(path, ignore_errors=True)
        return 1 if self.failed else 0


def main(module, memory=False):
    functions = [f for name, f in vars(module).items() if name.startswith('test_')]
    sys.exit(Tap(memory).run(functions))
