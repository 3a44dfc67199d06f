# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benches share: simulated phones, the chain of worker and keeper, the bare loop."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
MIB = 1 << 20


def turns(log):
    """How often the wire turned round for a MiB of data, by the phone's own count."""
    counted = re.findall(r'(\d+) turns for (\d+) bytes of data', log)
    return max(((int(n) * MIB / int(size), int(size)) for n, size in counted),
               key=lambda c: c[1], default=(0, 0))[0]


class Rig:
    """A folder with flashes and an agent for phones of one build."""

    def __init__(self, build, chip='mt6765'):
        self.chip = chip
        self.build = os.path.abspath(build)
        self.top = tempfile.mkdtemp(prefix='bench.', dir=os.environ.get('BENCH_DIR', '/tmp'))
        self.agent = os.path.join(self.top, 'agent.bin')
        self.count = 0
        self.run('mkagent', self.agent, '--chip', chip)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        shutil.rmtree(self.top)

    def program(self, name):
        return os.path.join(self.build, 'tests/sim', name)

    def run(self, name, *words, timeout=1200):
        done = subprocess.run([self.program(name), *map(str, words)], capture_output=True,
                              text=True, timeout=timeout, check=False)
        if done.returncode:
            sys.exit(f'{name}: {done.stderr[-2000:]}')
        return done.stdout + '\n' + done.stderr

    def flash(self, mib, *options):
        folder = os.path.join(self.top, f'flash{mib}{"".join(options)}')
        if not os.path.exists(folder):
            self.run('mkflash', folder, '--user', f'{mib}M', *options)
        return folder

    def measure(self, front, flash, command, *settings):
        """Runs a command with the place of a phone as its last words; its KEY=VALUE line."""
        if front == 'usb':
            spec = ','.join([self.chip, f'flash={flash}', *settings])
            out = self.run('plug', '--phone', spec, '--', *command('usb'))
        else:
            self.count += 1
            place = os.path.join(self.top, f'phone{self.count}')
            options = [w for s in settings for w in ('--set', s)]
            phone = subprocess.Popen([self.program('phone'), '--chip', self.chip, '--flash', flash,
                                      '--listen', place, '--log', place + '.log', *options])
            while not os.path.exists(place):
                time.sleep(0.01)
            done = subprocess.run(command(place), capture_output=True, text=True, check=False)
            phone.terminate()
            phone.wait()
            if done.returncode:
                sys.exit(done.stderr[-2000:])
            out = done.stdout
            with open(place + '.log', encoding='utf-8') as file:
                out += file.read()
        words = dict(re.findall(r'\b([A-Z_]+)=([0-9.e+-]+)', out))
        return {k: float(v) for k, v in words.items()} | {'TURNS': turns(out)}

    def bare(self, front, flash, size, *settings):
        """The same number of bytes, only drained."""
        def command(place):
            host = [self.program('barehost'), '--chip', self.chip, '--size', str(size)]
            return host + (['--usb'] if place == 'usb' else ['--stream', place])
        return self.measure(front, flash, command, *settings)

    def chain(self, front, flash, *settings, costs=False):
        """A backup through worker and keeper."""
        store = os.path.join(self.top, 'store')
        shutil.rmtree(store, ignore_errors=True)
        if costs:
            os.environ['COST_SHIM'] = os.path.join(self.build, 'tests/bench/cost-shim.so')
        result = self.measure(front, flash, lambda place: [
            '/usr/bin/python3', os.path.join(HERE, 'chain.py'), self.build, store, self.agent,
            place], *settings)
        os.environ.pop('COST_SHIM', None)
        shutil.rmtree(store)
        return result
