# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the offline verbs share: running the client, example files, TAP.

Each test function of a module gets a folder of its own. Independent programs of Debian serve as
judges; where one is missing the test says so and is counted as skipped."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import traceback

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXAMPLES = os.path.join(TOP, 'tests/data/examples')
CLIENT = os.environ.get('MTKBACKUPCTL', os.path.join(TOP, 'build/client/mtkbackupctl'))
os.environ['PATH'] += ':/usr/sbin:/sbin'
os.environ['LC_ALL'] = 'C.UTF-8'

OK, FAILURE, USAGE, INCOMPLETE, NOTHING, NOT_FOUND, MISMATCH = 0, 1, 2, 3, 4, 5, 9


class Skip(Exception):
    pass


def example(name):
    return os.path.join(EXAMPLES, name)


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def write(path, data):
    with open(path, 'wb') as file:
        file.write(data)
    return path


class Result:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr.decode()

    @property
    def json(self):
        return json.loads(self.out)


def ctl(*args, code=OK, stdin=None, cwd=None):
    """Runs mtkbackupctl and compares the exit code; code None: any but a crash."""
    done = subprocess.run([CLIENT, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=stdin or subprocess.DEVNULL, cwd=cwd, timeout=300)
    result = Result(done)
    if code is None:
        assert 0 <= result.code < 128, f'{args}: {result.code} {result.err}'
    else:
        assert result.code == code, f'{args}: {result.code} instead of {code}: {result.err}'
    return result


def judge(program, *args, **options):
    """Runs a program that is not ours; its output."""
    if not shutil.which(program):
        raise Skip(f'{program} is not installed')
    done = subprocess.run([program, *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, timeout=300, **options)
    assert done.returncode == 0, f'{program} {args}: {done.stdout.decode(errors="replace")}'
    return done.stdout


def noise(size, seed=1):
    """Bytes that do not compress, the same in every run."""
    import random
    return random.Random(seed).randbytes(size)


def sparse_file(path, size, pieces=()):
    """A file with holes and pieces (offset, data)."""
    with open(path, 'wb') as file:
        file.truncate(size)
        for offset, data in pieces:
            file.seek(offset)
            file.write(data)
    return path


def parts_left(folder):
    return [n for _, _, names in os.walk(folder) for n in names if n.endswith('.part')]


def main():
    """Runs every function called test_* of the calling module."""
    module = sys.modules['__main__']
    tests = [(n[5:], f) for n, f in vars(module).items() if n.startswith('test_')]
    failed = False
    print(f'1..{len(tests)}')
    for number, (name, function) in enumerate(tests, 1):
        folder = tempfile.mkdtemp(prefix='mtkbackup-toolbox-')
        try:
            function(folder)
            print(f'ok {number} - {name}', flush=True)
        except Skip as reason:
            print(f'ok {number} - {name} # SKIP {reason}', flush=True)
        except Exception:  # pylint: disable=broad-except
            failed = True
            print(f'not ok {number} - {name}', flush=True)
            print('\n'.join('# ' + line for line in traceback.format_exc().splitlines()))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if failed else 0)
