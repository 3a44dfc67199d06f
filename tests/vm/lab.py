# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests on the virtual machine: the installed package, the real kernel, simulated phones.

A test is a function with the lab as its argument. All of a program run in one machine, as jobs of
years do, and leave it ready for the next: no job, no phone. A failed one gets the rest a new
machine."""
import filecmp
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

import machine as vm

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SIM = os.environ['SIM']         # folder of the built simulator's programs
LIMIT = vm.LIMIT
NOBODY = 65534
# A phone that listens much longer than a real one, because this computer is much slower.
PATIENT = 'window_ms=60000,again_ms=60000,enum_ms=90000,bite_ms=90000,strict=1'


def poll(what, found, limit=LIMIT, step=0.05):
    """Waits until found() gives something true, and returns it."""
    end = time.monotonic() + limit
    while True:
        result = found()
        if result:
            return result
        assert time.monotonic() < end, f'waited {limit} s for {what}'
        time.sleep(step)


class Phone:
    """A simulated phone at a USB port of the machine, switched off."""

    def __init__(self, machine, port, folder, spec):
        self.flash = f'{folder}/flash{port}'
        self.log = f'{folder}/events{port}'
        self.spec = spec
        self.process = subprocess.Popen(
            [f'{SIM}/redir', '--connect', machine.socket(port), '--log', self.log,
             '--phone', f'{spec},flash={self.flash},serial={port}'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            preexec_fn=vm.die_with_parent)

    def do(self, line):
        assert self.process.poll() is None, f'the phone has ended: {self.process.returncode}'
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def must(self, line):
        said = self.do(line)
        assert said == 'ok', (line, said)

    def plug(self):
        self.must('plug')

    def unplug(self):
        self.must('unplug')

    def set(self, *words):
        """Another phone of this kind at the port, switched off."""
        self.must(' '.join(['set', *words]))

    def events(self):
        if not os.path.exists(self.log):
            return []
        with open(self.log, encoding='utf-8') as file:
            return [line.rstrip('\n') for line in file]

    def mark(self):
        """Where the log ends now, for wait and since."""
        return len(self.events())

    def since(self, mark):
        return '\n'.join(self.events()[mark:])

    def wait(self, text, mark=0):
        return poll(f'“{text}” of the phone', lambda: text in self.since(mark))

    def away(self):
        """It leaves unless it has left already."""
        self.do('unplug')

    def stop(self):
        self.process.kill()
        self.process.communicate()


class Lab:
    def __init__(self, folder, specs):
        self.folder = folder
        self.machine = vm.Machine(folder)
        self.run = self.machine.run
        self.succeeds = self.machine.succeeds
        self.phones = []
        self.alone = 0
        try:
            self.install()
            for port, spec in enumerate(specs, 1):
                self.phones.append(Phone(self.machine, port, folder, spec))
        except BaseException:
            self.stop()
            raise

    def install(self):
        agent, preloader = f'{self.folder}/agent.bin', f'{self.folder}/preloader.bin'
        subprocess.run([f'{SIM}/mkagent', agent, '--chip', 'mt6765', '--chip', '0x6580'], check=True)
        subprocess.run([f'{SIM}/mkpreloader', preloader], check=True)
        self.machine.put([PACKAGE, agent, preloader])
        self.run('dpkg --install /tmp/in/*.deb && rm /tmp/in/*.deb')
        self.ctl('agents import /tmp/in/agent.bin')
        self.ctl('agents import /tmp/in/preloader.bin')

    def ctl(self, words, code=0):
        """Runs the client as root; what it printed."""
        said = self.run(f'mtkbackupctl {words} 2>/run/stderr; echo "code $?"')
        text, _, last = said.rpartition('code ')
        assert last.strip() == str(code), f'mtkbackupctl {words}: {said}{self.run("cat /run/stderr")}'
        return text

    def json(self, words):
        return json.loads(self.ctl(words + ' --json'))

    def queue(self, profile, options=''):
        """Queues a backup; the number of its job."""
        return self.json(f'queue --profile {profile} --no-wait {options}')['id']

    def detect(self):
        """Queues a look at the next phone; the number of the job."""
        said = self.run('busctl call org.mtkbackup1 /org/mtkbackup1 org.mtkbackup1.Manager Queue '
                        '"ssa{sv}" detect "" 0')
        return int(said.split()[1])

    def let_go(self, phone, mark):
        """A session is over: the phone starts again, the service leaves it alone this once, and a
        person takes it before it has started Android."""
        phone.wait('detached reset', mark)
        self.alone += 1
        poll('the phone to be left alone', lambda: int(self.run(
            'journalctl -u mtkbackupd -o cat | grep -c "left alone"', check=False)) >= self.alone)
        phone.away()
        self.settle()

    def settle(self):
        """Waits until no phone is there for kernel, udev and service."""
        poll('phones to be gone', lambda: not self.succeeds('ls /sys/bus/usb/devices/?-?'))
        self.run('udevadm settle')
        poll('the service to see it', lambda: not self.json('devices')['devices'])

    def job(self, number):
        return self.json(f'job {number}')

    def ended(self, number):
        """Waits for the end of a job, which it returns."""
        final = ('done', 'failed', 'canceled', 'interrupted')

        def look():
            job = self.job(number)
            return job if job['state'] in final else None
        return poll(f'the end of job {number}', look, step=0.3)

    def state(self, number, *states):
        poll(f'job {number} to be {states}', lambda: self.job(number)['state'] in states)

    def whole(self, job, phone):
        """The job is done, and its backup equal to the phone's flash, byte for byte; its MiB."""
        ended = self.ended(job)
        assert ended['state'] == 'done' and ended['backup'], ended
        self.ctl(f'export --format rom {ended["backup"]} /tmp/out')
        to = tempfile.mkdtemp(dir=self.folder)
        self.machine.get('/tmp/out', to)
        self.run('rm -r /tmp/out')
        size = 0
        for name in ('user', 'boot1', 'boot2'):
            ours, theirs = f'{to}/EMMC_{name.upper()}.img', f'{phone.flash}/{name}.img'
            assert filecmp.cmp(ours, theirs, shallow=False), name
            size += os.stat(ours).st_size
        shutil.rmtree(to)
        return size >> 20

    def reading(self, job, at_least=4 << 20):
        """Waits until the job is in the middle of it."""
        poll(f'job {job} to read', lambda: self.job(job)['progress']['bytes_done'] > at_least)

    def node(self):
        """The node of the phone on port 1."""
        where = '/sys/bus/usb/devices/1-1'
        said = poll('the node', lambda: self.run(
            f'exec 2>/dev/null; test -e /run/udev/data/c$(cat {where}/dev) && '
            f'cat {where}/busnum {where}/devnum',
            check=False).split())
        assert len(said) == 2, said
        return '/dev/bus/usb/{:03}/{:03}'.format(*map(int, said))

    def show(self):
        """What helps to understand a failure."""
        if self.machine.process.poll() is not None:
            return 'the machine has ended'
        try:
            text = self.run('mtkbackupctl jobs; journalctl --no-pager -n 60; dmesg | tail -n 40')
        except Exception as error:
            text = f'the machine does not answer: {error}'
        for phone in self.phones:
            text += '\nphone:\n' + '\n'.join(phone.events()[-40:])
        return text

    def stop(self):
        for phone in self.phones:
            phone.stop()
        self.machine.stop()


# ---- running ----

PACKAGE = None


def say(text):
    """A line of the report, which stands in the test log."""
    print(f'# {text}', flush=True)


def new_folder():
    """A folder with our number in its name; removes what a killed one could not."""
    for old in glob.glob(f'{tempfile.gettempdir()}/mtkbackup-vm.*.*'):
        if not os.path.exists(f'/proc/{old.split(".")[-2]}'):
            shutil.rmtree(old, True)
    return tempfile.mkdtemp(prefix=f'mtkbackup-vm.{os.getpid()}.')


def stopped(*_):
    """Cleans up, once."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(1)


def run_tests(tests, specs):
    """Runs them in order with a phone of each spec; never returns. Arguments of the program are
    names of tests ("killed"): only these."""
    global PACKAGE
    tests = [t for t in tests if not sys.argv[1:] or t.__name__[len('test_'):] in sys.argv[1:]]
    signal.signal(signal.SIGTERM, stopped)
    try:
        if not os.path.exists(f'{SIM}/redir'):
            raise vm.Skip('the front for QEMU was not built: libusbredirparser-dev is missing')
        vm.parts()
        PACKAGE = subprocess.run([f'{TOP}/tests/packaging/build', os.environ['PACKAGE_FOLDER']],
                                 check=True, text=True, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE).stdout.strip()
    except vm.Skip as reason:
        print(f'1..0 # SKIP {reason}', flush=True)
        sys.exit(0)
    print(f'1..{len(tests)}', flush=True)
    lab = folder = None
    failed = 0
    try:
        for number, test in enumerate(tests, 1):
            name = test.__doc__.strip().splitlines()[0]
            start = time.monotonic()
            try:
                if not lab:
                    folder = new_folder()
                    lab = Lab(folder, specs)
                test(lab)
                print(f'ok {number} - {name}', flush=True)
                say(f'{time.monotonic() - start:.1f} s')
            except Exception:
                failed += 1
                print(f'not ok {number} - {name}', flush=True)
                for line in (traceback.format_exc() + (lab.show() if lab else '')).splitlines():
                    say(f'  {line}')
                if lab:
                    lab.stop()
                lab = None
                shutil.rmtree(folder or '', True)
    finally:
        if lab:
            lab.stop()
        shutil.rmtree(folder or '', True)
    sys.exit(1 if failed else 0)
