# SPDX-License-Identifier: GPL-3.0-or-later
"""A booted Debian 12 in a container, with the package that is built from this tree.

A test program is one file for both sides. On the host, run() builds or finds root folder and
package, puts an overlay on the folder, and boots systemd in it once a phase; inside, the same
program runs as a service and does the tests of that phase, in their order:

    import rig

    def the_service_starts():
        '''the service starts'''
        rig.sh('dpkg -i /rig/mtkbackup.deb')

    rig.run([the_service_starts], [what_is_true_after_a_reboot])

The container has a network of its own with nothing in it, and no devices. What it leaves is removed.
"""
import contextlib
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

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
SHARE = '/rig'
FOLDER = '/var/tmp/mtkbackup-container'
INSIDE = os.path.exists(f'{SHARE}/phase')
BOOT_PATIENCE = 600     # a phase, boot and all; a machine may be busy
PATIENCE = 60           # one thing
# systemd-nspawn 252 does not know them and refuses them to all in the container
CAGE_CALLS = 'landlock_create_ruleset landlock_add_rule landlock_restrict_self'

SERVICE = '''[Unit]
Description=Tests of mtkbackup
After=multi-user.target dbus.service polkit.service systemd-logind.service
Wants=dbus.service polkit.service systemd-logind.service

[Service]
Type=oneshot
Environment=LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 BUILD={build}
ExecStart=/usr/bin/python3 {share}/{program}
ExecStopPost=/usr/bin/systemctl --no-block poweroff
StandardOutput=file:{share}/log
StandardError=inherit
'''


# ---- outside ----

class Skip(Exception):
    """A tool or a right is missing."""


def _check_rights():
    if os.geteuid() != 0:
        raise Skip('only root can boot a container')
    for tool in ('systemd-nspawn', 'unshare', 'mmdebstrap', 'dpkg-buildpackage', 'dh'):
        if not shutil.which(tool):
            raise Skip(f'{tool} is missing: tests/run vm installs it')
    if subprocess.run(['unshare', '--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt'],
                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode:
        raise Skip('nothing can be mounted here, so no container can be booted')


def _output(*command):
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                         check=False)
    if run.returncode == 77:
        raise Skip(run.stderr.strip())
    if run.returncode:
        raise RuntimeError(f'{" ".join(command)}: {run.stderr.strip()}')
    return run.stdout.strip()


def _boot(folder, share, root, phase):
    """One boot of the overlay in folder; True when the tests inside came to their end."""
    with open(f'{share}/phase', 'w', encoding='utf-8') as file:
        file.write(str(phase))
    for name in ('log', 'done'):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f'{share}/{name}')
    build = os.environ.get('BUILD', '')
    binds = [f'--bind-ro={build}', f'--bind-ro={TOP}'] if build else []
    # it ends with us, however we end
    command = ['setpriv', '--pdeathsig', 'TERM', f'{HERE}/boot', root, folder, f'mtkbackup-{os.getpid()}',
               f'--bind={share}:{SHARE}', *binds, f'--system-call-filter={CAGE_CALLS}',
               '--boot', 'systemd.wants=rig.service', 'systemd.mask=console-getty.service']
    with open(f'{folder}/console', 'wb') as console:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=console,
                                   stderr=subprocess.STDOUT)
        try:
            process.wait(BOOT_PATIENCE)
        except subprocess.TimeoutExpired:
            print(f'# not finished after {BOOT_PATIENCE} s')
        finally:
            process.terminate()
            process.wait()
    return os.path.exists(f'{share}/done')


def _text(path):
    with contextlib.suppress(FileNotFoundError):
        with open(path, encoding='utf-8', errors='replace') as file:
            return file.read()
    return ''


def _sweep():
    """Removes what killed ones have left; the owner's number stands in the name."""
    for path in glob.glob(f'{FOLDER}.*'):
        if not os.path.exists(f'/proc/{path.split(".")[1]}'):
            shutil.rmtree(path, ignore_errors=True)


def _run_outside(phases):
    program = os.path.abspath(sys.argv[0])
    try:
        _check_rights()
        root = _output(f'{TOP}/tests/vm/root')
        package = _output(f'{TOP}/tests/packaging/build', os.environ['PACKAGE_FOLDER'])
    except Skip as reason:
        print(f'1..0 # SKIP {reason}')
        return 0
    _sweep()
    folder = tempfile.mkdtemp(prefix=f'{FOLDER}.{os.getpid()}.')
    # an interrupted test is cleaned up as well
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(f'1..{sum(len(phase) for phase in phases)}', flush=True)
    code = 0
    try:
        share = f'{folder}/share'
        for name in ('upper', 'work', 'root', 'share'):
            os.mkdir(f'{folder}/{name}')
        os.makedirs(f'{folder}/upper/etc/systemd/system')
        for path in [program, *glob.glob(f'{HERE}/*.py')]:
            shutil.copy(path, share)
        shutil.copy(package, f'{share}/mtkbackup.deb')
        with open(f'{folder}/upper/etc/systemd/system/rig.service', 'w', encoding='utf-8') as file:
            file.write(SERVICE.format(share=SHARE, program=os.path.basename(program),
                                      build=os.environ.get('BUILD', '')))
        for phase in range(len(phases)):
            done = _boot(folder, share, root, phase)
            print(_text(f'{share}/log'), end='', flush=True)
            if not done:
                print(f'Bail out! the tests in the container broke off; its console:')
                print(_text(f'{folder}/console')[-3000:])
                code = 1
                break
            code |= int(_text(f'{share}/done'))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return code


# ---- inside ----

def _failed(text):
    for line in text.splitlines():
        print(f'# {line}')
    journal = subprocess.run(['journalctl', '--no-pager', '-q', '-o', 'short-monotonic', '--since=-1min',
                              '-u', 'mtkbackupd.service', '-u', 'polkit.service'],
                             stdout=subprocess.PIPE, text=True, check=False).stdout
    for line in journal.splitlines()[-40:]:
        print(f'#   {line}')


def _run_inside(phases):
    phase = int(_text(f'{SHARE}/phase'))
    number = sum(len(p) for p in phases[:phase])
    bad = 0
    for test in phases[phase]:
        number += 1
        name = ' '.join((test.__doc__ or test.__name__).split())
        try:
            test()
            print(f'ok {number} - {name}')
        except Exception as error:
            bad = 1
            print(f'not ok {number} - {name}')
            _failed(f'{error}\n{traceback.format_exc()}')
        sys.stdout.flush()
    with open(f'{SHARE}/done', 'w', encoding='utf-8') as file:
        file.write(str(bad))
    return 0


def run(*phases):
    """Runs the tests; a phase is a boot of the same machine."""
    sys.exit(_run_inside(phases) if INSIDE else _run_outside(phases))


# ---- for tests ----

class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __repr__(self):
        return f'exit code {self.code}\n{self.out}{self.err}'


def sh(command, check=True, user=None, env=None):
    """Runs a shell command; user: with all groups of that user, as from a service of his."""
    words = ['bash', '-c', command]
    if user:
        words = ['setpriv', '--reuid', user, '--regid', user, '--init-groups', '--inh-caps=-all',
                 *words]
    run_ = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False, timeout=PATIENCE * 2,
                          env={**os.environ, **(env or {})}, cwd='/')
    result = Result(run_.returncode, run_.stdout, run_.stderr)
    if check and result.code:
        raise AssertionError(f'{command}: {result}')
    return result


def same(there, wanted, what=''):
    if there != wanted:
        raise AssertionError(f'{there!r} instead of {wanted!r}\n{what}')


def holds(condition, what):
    if not condition:
        raise AssertionError(f'not true: {what}')


def until(condition, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f'waited in vain for {what}')
        time.sleep(0.05)


def show(unit, *names):
    """Properties of a unit, as a list of texts."""
    text = sh(f'systemctl show {unit} -p {",".join(names)}').out
    found = dict(line.split('=', 1) for line in text.splitlines() if '=' in line)
    return [found.get(name) for name in names]


def active():
    return show('mtkbackupd.service', 'ActiveState')[0] == 'active'


def main_pid():
    return int(show('mtkbackupd.service', 'MainPID')[0])


def ctl(arguments, user=None, check=True):
    return sh(f'mtkbackupctl {arguments}', user=user, check=check)


def ctl_json(arguments):
    return json.loads(ctl(f'{arguments} --json').out)


def ctl_reload():
    return sh('busctl call org.mtkbackup1 /org/mtkbackup1 org.mtkbackup1.Manager Reload',
              check=False)


def journal(unit='mtkbackupd.service'):
    return sh(f'journalctl --no-pager -q -o cat -u {unit} --since=-10min').out


def drop_in(name, text):
    """Adds (text None: removes) a drop-in of the service's unit."""
    folder = '/etc/systemd/system/mtkbackupd.service.d'
    os.makedirs(folder, exist_ok=True)
    path = f'{folder}/{name}.conf'
    if text is None:
        os.unlink(path)
    else:
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
    sh('systemctl daemon-reload')


def install():
    return sh('dpkg -i /rig/mtkbackup.deb')
