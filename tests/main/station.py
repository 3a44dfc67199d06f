# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the whole: the real service, helpers and client with simulated phones.

A test is a function that runs inside a station of its own (tests/sim/station: private bus, service,
phones), so that no test sees what another did. run_tests() is called outside, starts a station for
each and prints TAP; inside it runs the one function that the station was started for."""
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

PHONE = 'mt6765,user=48M'
LIMIT = 120


def station(*options, phones=(PHONE,), strict=True):
    """Decorator: options of the station for this test."""
    def mark(function):
        arguments = list(options)
        for phone in phones:
            arguments += ['--phone', phone]
        if strict:
            arguments.append('--strict')
        function.station = arguments
        return function
    return mark


def run_tests(tests):
    if len(sys.argv) > 2 and sys.argv[1] == '--inside':
        test = next(t for t in tests if t.__name__ == sys.argv[2])
        try:
            test()
        except Exception:
            traceback.print_exc()
            sys.exit(1)
        sys.exit(0)
    print(f'1..{len(tests)}')
    failed = 0
    for number, test in enumerate(tests, 1):
        state = tempfile.mkdtemp(prefix='mtkbackup-main-')
        name = test.__doc__.strip().splitlines()[0]
        done = subprocess.run([os.environ['STATION'], '--quiet', '--state', state, *test.station, '--',
                               sys.executable, os.path.abspath(sys.argv[0]), '--inside',
                               test.__name__], capture_output=True, text=True, check=False)
        print(f'{"ok" if done.returncode == 0 else "not ok"} {number} - {name}', flush=True)
        if done.returncode != 0:
            failed += 1
            print(f'# exit code {done.returncode}')
            logs = [done.stdout, done.stderr]
            for log in ('daemon.log', 'events.log'):
                if os.path.exists(f'{state}/log/{log}'):
                    with open(f'{state}/log/{log}', encoding='utf-8', errors='replace') as file:
                        logs.append(f'{log}:\n' + ''.join(file.readlines()[-25:]))
            for line in '\n'.join(logs).splitlines():
                print(f'#   {line}', flush=True)
        subprocess.run(['chmod', '-R', 'u+w', state], check=False)
        shutil.rmtree(state, True)
    sys.exit(1 if failed else 0)


# ---- inside ----

def ctl(*arguments, code=0):
    """Runs the client; returns what it said on stdout and stderr."""
    done = subprocess.run(['mtkbackupctl', *arguments], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=LIMIT, check=False)
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout, done.stderr


def answer(*arguments, code=0):
    out, err = ctl(*arguments, '--json', code=code)
    assert err == '', err
    return json.loads(out)


def call(*arguments):
    subprocess.run([os.environ['STATION_CALL'], *arguments], check=True, timeout=LIMIT)


def plug(number=1):
    call('plug', str(number))


def unplug(number=1):
    call('unplug', str(number))


def events():
    with open(os.environ['STATION_EVENTS'], encoding='utf-8') as file:
        return file.read().splitlines()


def settle(number=1):
    """Waits until the phone, which was let go, has started Android, and pulls the cable."""
    end = time.monotonic() + LIMIT
    while True:
        mine = [e.split()[2] for e in events() if e.startswith(f'phone{number} ')]
        if 'booted' in mine[-1:]:
            break
        assert time.monotonic() < end, mine[-10:]
        time.sleep(0.05)
    subprocess.run([os.environ['STATION_CALL'], 'unplug', str(number)], check=False,
                   stderr=subprocess.DEVNULL, timeout=LIMIT)


def import_agent():
    ctl('agents', 'import', os.environ['STATION_AGENT'])


class Stream:
    """A client that follows something with --json; its events as they come."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(['mtkbackupctl', *arguments, '--json'],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.buffer = b''
        self.events = []

    def line(self, end):
        """The next line, or b'' at the end of the output. Nothing is left in a hidden buffer."""
        while b'\n' not in self.buffer:
            ready = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[0]
            assert ready, f'it did not come; seen: {self.events[-3:]}'
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                return b''
            self.buffer += piece
        line, self.buffer = self.buffer.split(b'\n', 1)
        return line

    def until(self, condition):
        """Reads until an event satisfies the condition; returns it."""
        end = time.monotonic() + LIMIT
        while True:
            line = self.line(end)
            assert line, (f'it did not come; seen: {self.events[-3:]}', self.process.stderr.read())
            self.events.append(json.loads(line))
            if condition(self.events[-1]):
                return self.events[-1]

    def until_state(self, *states):
        return self.until(lambda e: e['type'] == 'job' and e['state'] in states)

    def end(self, code=0):
        """The last event, after the client has ended with this code."""
        end = time.monotonic() + LIMIT
        while line := self.line(end):
            self.events.append(json.loads(line))
        err = self.process.stderr.read().decode()
        assert self.process.wait(LIMIT) == code, (self.process.returncode, self.events[-2:], err)
        assert err == '', err
        return self.events[-1]


def plugged(*arguments, number=1):
    """Queues a backup, and plugs the phone in as soon as that waits for it; the events."""
    stream = Stream('queue', '--profile', 'mt6765', '--wait', *arguments)
    stream.until_state('waiting-for-device')
    plug(number)
    return stream


def backup(*arguments, number=1, code=0):
    """Queues, plugs, waits; the result event."""
    return plugged(*arguments, number=number).end(code)


def flash(region, number=1):
    name = {'EMMC_BOOT1': 'boot1', 'EMMC_BOOT2': 'boot2', 'EMMC_USER': 'user'}[region]
    return f'{os.environ[f"STATION_FLASH_{number}"]}/{name}.img'


def read(path, offset=0, size=-1):
    with open(path, 'rb') as file:
        file.seek(offset)
        return file.read(size)


def compare(manifest, folder, number=1):
    """Every exported part against the phone's flash; the bytes that were compared."""
    total = 0
    for part in manifest['parts']:
        if part['status'] == 'ok':
            data = read(f'{folder}/{part["file"]}.img')
            assert data == read(flash(part['region'], number), part['offset'], part['size']), part
            total += len(data)
    return total


def flash_size(number=1):
    return sum(os.path.getsize(flash(r, number)) for r in ('EMMC_BOOT1', 'EMMC_BOOT2', 'EMMC_USER'))


__all__ = ['LIMIT', 'PHONE', 'Stream', 'answer', 'backup', 'call', 'compare', 'ctl', 'flash',
           'events', 'flash_size', 'import_agent', 'json', 'os', 'plug', 'plugged', 'read',
           'run_tests', 'settle', 'signal', 'station', 'subprocess', 'tempfile', 'time', 'unplug']
