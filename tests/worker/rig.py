# SPDX-License-Identifier: GPL-3.0-or-later
"""A daemon and a keeper for one worker, and a simulated phone for it to talk to.

The worker is the real program with its cage; the phone is reached over the socket form."""
import array
import fcntl
import mmap
import os
import select
import shutil
import socket
import subprocess
import tempfile
import time

WORKER = os.environ['MTKBACKUP_WORKER']
PHONE = os.environ['SIM_PHONE']
MKFLASH = os.environ['SIM_MKFLASH']
MKAGENT = os.environ['SIM_MKAGENT']
PATIENCE = 180
# a phone waits for its host, however busy the machine is
PATIENT = [word for key in ('window_ms=600000', 'bite_ms=600000', 'tokens_ms=10000')
           for word in ('--set', key)]
SLOT = 1 << 20


def encode(kind, keys):
    return '\n'.join([kind] + ['%s=%s' % pair for pair in keys.items()]).encode()


class Message(dict):
    """KEY=value lines; .kind is the first line, .order lists keys as sent."""

    def __init__(self, data):
        lines = data.decode().rstrip('\n').split('\n')
        self.kind = lines[0]
        super().__init__(line.split('=', 1) for line in lines[1:] if '=' in line)


class Ended(Exception):
    pass


class Channel:
    def __init__(self, sock):
        self.sock = sock
        self.seen = []

    def send(self, kind, fds=(), **keys):
        data = encode(kind, keys)
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else []
        self.sock.sendmsg([data], rights)

    def receive(self, patience=PATIENCE):
        if not select.select([self.sock], [], [], patience)[0]:
            raise TimeoutError('nothing was said')
        try:
            data = self.sock.recv(1 << 16)
        except ConnectionResetError:
            # the peer ended with something of ours unread; what it said before is still here
            data = self.sock.recv(1 << 16)
        if not data:
            raise Ended()
        message = Message(data)
        self.seen.append(message)
        return message

    def until(self, *kinds):
        """The next message of one of these kinds; FAIL and DONE are never passed over."""
        while True:
            message = self.receive()
            if message.kind in kinds:
                return message
            if message.kind in ('FAIL', 'DONE'):
                raise AssertionError('%s: %s' % (message.kind, dict(message)))

    def close(self):
        self.sock.close()


class Phone:
    """A simulated phone with a flash of its own."""

    def __init__(self, folder, *options, flash=('--user', '16M'), chip='mt6765'):
        self.folder = folder
        self.flash = os.path.join(folder, 'flash')
        self.path = os.path.join(folder, 'phone')
        self.log = os.path.join(folder, 'phone.log')
        if not os.path.exists(self.flash):
            subprocess.run([MKFLASH, self.flash, *flash], check=True)
        self.process = subprocess.Popen(
            [PHONE, '--chip', chip, '--flash', self.flash, '--listen', self.path, '--strict',
             '--log', self.log, *PATIENT, *options])
        deadline = time.monotonic() + PATIENCE
        while not os.path.exists(self.path):
            assert time.monotonic() < deadline and self.process.poll() is None
            time.sleep(0.005)

    def connect(self):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                sock.connect(self.path)
                return sock
            except (ConnectionRefusedError, FileNotFoundError):
                assert time.monotonic() < deadline
                time.sleep(0.01)

    def image(self, area, offset=0, size=-1):
        with open(os.path.join(self.flash, area + '.img'), 'rb') as file:
            file.seek(offset)
            return file.read(size)

    def wait_for(self, event):
        """Until the phone's event log mentions this."""
        deadline = time.monotonic() + PATIENCE
        while True:
            with open(self.log, encoding='utf-8', errors='replace') as file:
                if event in file.read():
                    return
            assert time.monotonic() < deadline, event
            time.sleep(0.01)

    def breaches(self):
        with open(self.log, encoding='utf-8', errors='replace') as file:
            return [line for line in file.read().splitlines() if 'breach' in line.lower()]

    def close(self):
        self.process.terminate()
        self.process.wait()


def environment():
    """The leak checker opens files, which a caged process cannot."""
    if os.environ.get('MTKBACKUP_TEST_CAGE') == 'off':
        return os.environ
    options = os.environ.get('ASAN_OPTIONS', '')
    return {**os.environ, 'ASAN_OPTIONS': options + ':detect_leaks=0'}


class Worker:
    """The program, with this process as its daemon."""

    def __init__(self, phone_socket, *arguments, before=None):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # 3 and 4 in the child, whatever numbers they have here
        high = [fcntl.fcntl(s.fileno(), fcntl.F_DUPFD, 20) for s in (theirs, phone_socket)]

        def descriptors():
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)
            if before:
                before()

        self.process = subprocess.Popen(
            [WORKER, *arguments], close_fds=True, pass_fds=(3, 4),
            preexec_fn=descriptors, env=environment())
        for fd in high:
            os.close(fd)
        theirs.close()
        phone_socket.close()
        self.control = Channel(ours)

    def identity(self):
        self.control.until('READY')
        return self.control.until('IDENTITY')

    def connect(self, agent):
        """From the loader to IDLE."""
        self.control.send('CONNECT')
        self.control.until('NEED_AGENT')
        self.give_agent(agent)
        storage = self.control.until('STORAGE')
        regions = []
        while True:
            message = self.control.until('REGION', 'PHASE', 'IDLE')
            if message.kind == 'IDLE':
                return storage, regions
            if message.kind == 'REGION':
                regions.append(message)

    def give_agent(self, agent):
        fd = os.open(agent, os.O_RDONLY)
        self.control.send('AGENT', [fd], NAME='made-up', SHA256='00' * 32)
        os.close(fd)

    def job(self, slots=4):
        return Job(self, slots)

    def finish(self, action='reboot'):
        self.control.send('FINISH', ACTION=action)
        return self.done()

    def done(self):
        """How the phone was left; the program has ended well."""
        while True:
            message = self.control.receive()
            if message.kind == 'DONE':
                break
        assert self.process.wait(PATIENCE) == 0
        return message['LEFT']

    def failure(self):
        """FAIL, and how the phone was left."""
        for message in iter(self.control.receive, None):
            if message.kind == 'FAIL':
                assert message['TEXT'], message
                return message, self.done()
            assert message.kind != 'DONE', 'there was no failure'

    def run(self, agent, read=None):
        """A session that is expected to break somewhere: FAIL, and how the phone was left; or None
        when it did not break before it was let go."""
        try:
            self.identity()
            self.connect(agent)
            if read:
                job = self.job().learn()
                job.take(job.ask(*read), read[1], lambda data: None)
                job.close()
                self.control.until('IDLE')
            return None, self.finish()
        except (AssertionError, Ended, BrokenPipeError, ConnectionResetError):
            seen = [m for m in self.control.seen if m.kind in ('FAIL', 'DONE')]
            if not seen:
                return self.failure()
            assert seen[0].kind == 'FAIL', seen
            return seen[0], seen[1]['LEFT'] if seen[1:] else self.done()

    def close(self):
        self.control.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Job:
    """The keeper's side of a job."""

    def __init__(self, worker, slots):
        self.memory = os.memfd_create('ring', os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self.memory, slots * SLOT)
        fcntl.fcntl(self.memory, 1033, 0x1 | 0x2 | 0x4)  # F_ADD_SEALS: seal, shrink, grow
        self.ring = mmap.mmap(self.memory, slots * SLOT)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        worker.control.send('JOB', [theirs.fileno(), self.memory], JOB='1')
        theirs.close()
        self.channel = Channel(ours)
        self.tag = 0
        self.facts, self.regions, self.parts, self.checks = None, [], [], []

    def learn(self):
        while True:
            message = self.channel.receive()
            if message.kind == 'FACTS':
                self.facts = message
            elif message.kind == 'REGION':
                self.regions.append(message)
            elif message.kind == 'PART':
                self.parts.append(message)
            elif message.kind == 'CHECK':
                self.checks.append(message)
            elif message.kind == 'END':
                return self

    def ask(self, region, offset, length):
        self.tag += 1
        self.channel.send('READ', TAG=self.tag, REGION=region, OFFSET=offset, LENGTH=length)
        return self.tag

    def free(self, slot):
        try:
            self.channel.send('FREE', SLOT=slot)
        except BrokenPipeError:
            pass  # its last words are still to be heard

    def take(self, tag, offset, sink, hold=None):
        """Everything up to the answer of a read, which is returned."""
        while True:
            message = self.channel.receive()
            assert int(message['TAG']) == tag, message
            if message.kind != 'CHUNK':
                return message
            slot, length = int(message['SLOT']), int(message['LENGTH'])
            assert int(message['OFFSET']) == offset, (message, offset)
            sink(self.ring[slot * SLOT:slot * SLOT + length])
            offset += length
            if hold:
                hold()
            self.free(slot)

    def read(self, region, offset, length):
        out = bytearray()
        answer = self.take(self.ask(region, offset, length), offset, out.extend)
        assert answer.kind == 'READ_DONE', answer
        return bytes(out)

    def close(self):
        self.channel.close()
        self.ring.close()
        os.close(self.memory)


class Folder:
    """A temporary folder with an agent for the phone."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix='worker-test-')
        self.path = self.folder.name
        self.agent = os.path.join(self.path, 'agent.bin')
        subprocess.run([MKAGENT, self.agent], check=True)
        self.open = []
        return self

    def phone(self, *options, **keys):
        phone = Phone(self.path, *options, **keys)
        self.open.append(phone)
        return phone

    def worker(self, phone, *arguments, **keys):
        worker = Worker(phone.connect(), *arguments, **keys)
        self.open.append(worker)
        return worker

    def ready(self, *options, **keys):
        """A phone, and a worker whose agent runs on it."""
        phone = self.phone(*options, **keys)
        worker = self.worker(phone)
        worker.identity()
        worker.connect(self.agent)
        return phone, worker

    def clear(self, flash=False):
        """All is over: the next phone begins anew, and with flash=True gets another flash."""
        for thing in reversed(self.open):
            thing.close()
        self.open.clear()
        os.unlink(os.path.join(self.path, 'phone.log'))
        if flash:
            shutil.rmtree(os.path.join(self.path, 'flash'))

    def __exit__(self, *failure):
        for thing in reversed(self.open):
            thing.close()
        self.folder.cleanup()


def run(tests):
    """TAP."""
    print('1..%d' % len(tests), flush=True)
    failed = 0
    for i, test in enumerate(tests, 1):
        try:
            with Folder() as folder:
                test(folder)
            print('ok %d - %s' % (i, test.__name__), flush=True)
        except Exception as error:  # pylint: disable=broad-except
            import traceback
            for line in traceback.format_exc().splitlines():
                print('# ' + line)
            print('not ok %d - %s' % (i, test.__name__), flush=True)
            failed += 1
    return 1 if failed else 0

