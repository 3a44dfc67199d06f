# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual machine with a real kernel, fresh for every test.

Debian's own kernel and the root folder of tests/vm/root are booted once in QEMU; the machine is
stopped and its state kept. Every test goes on from there, which takes half a second. Kept parts lie
in the cache of tests/vm/root under names that depend on everything they are made of.

KVM is not used: a device node that can be opened does not mean that a kernel boots on it, and
emulation does everywhere. The machine's clock counts instructions, one a nanosecond, and follows
the clock on the wall only while the machine has nothing to do: to itself it is a small computer of
constant speed, however busy this one is, and its time-outs do not fire because others work here. To
those outside it is slow: whoever waits for it must be patient.

    machine = Machine(folder)           from the kept state; Skip when that is impossible here
    machine.run('systemctl start x')    in bash, as root; its output
    machine.socket(1)                   QEMU's end of USB port 1, for tests/sim/redir
"""
import contextlib
import ctypes
import fcntl
import glob
import gzip
import hashlib
import inspect
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PORTS = 2               # USB ports that a phone can be put into
DISK = 512 << 20        # of the disks on which files go in and come out; sparse
BOOT_LIMIT = 300        # seconds, of an emulated machine on a busy host
LIMIT = 300

# what the kernel needs to reach its root, and what the tests are about
ROOT_MODULES = ('virtio_pci', 'virtio_blk', 'ext4', 'overlay')
MODULES = ('virtio_console', 'xhci_pci', 'cdc_acm', 'usbmon', 'button')
# nothing of these matters here, and each costs time or noise
MASKED = ('apt-daily.timer', 'apt-daily-upgrade.timer', 'dpkg-db-backup.timer',
          'e2scrub_all.timer', 'e2scrub_reap.service', 'fstrim.timer', 'getty.target',
          'serial-getty@ttyS0.service', 'dev-hugepages.mount', 'systemd-random-seed.service',
          'systemd-update-utmp.service', 'systemd-update-utmp-runlevel.service')
AGENT_UNIT = """[Unit]
Description=Agent of the tests
[Service]
ExecStart=/usr/local/lib/test-agent
[Install]
WantedBy=multi-user.target
"""


class Skip(Exception):
    """The machine cannot be had here; says why in one sentence."""


# ---- parts that are made once ----

def command(*arguments, **options):
    return subprocess.run(arguments, check=True, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options).stdout


def key_of(*texts):
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text if isinstance(text, bytes) else text.encode())
        digest.update(b'\0')
    return digest.hexdigest()[:16]


def content(name):
    with open(os.path.join(HERE, name), 'rb') as file:
        return file.read()


def root_folder():
    """The root folder; says why not in the words of the script that makes it."""
    done = subprocess.run([os.path.join(HERE, 'root')], text=True, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said = done.stderr.strip().splitlines() or ['']
    if done.returncode == 77:
        raise Skip(said[-1])
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return done.stdout.strip()


@contextlib.contextmanager
def making(path):
    """For making a folder of the cache: gives a temporary one, which gets its name at the end. None
    when another run has made it meanwhile."""
    with open(path.rsplit('-', 1)[0] + '.lock', 'w', encoding='utf-8') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.isdir(path):
            yield None
            return
        shutil.rmtree(path + '.part', True)
        os.mkdir(path + '.part')
        try:
            yield path + '.part'
            os.rename(path + '.part', path)
        finally:
            shutil.rmtree(path + '.part', True)


def forget_old(path, kind, days):
    """Parts of this kind that nobody has asked for in so many days."""
    os.utime(path)
    for old in glob.glob(os.path.join(os.path.dirname(path), kind + '-*')):
        if old != path and os.path.isdir(old) and os.stat(old).st_mtime < time.time() - days * 86400:
            shutil.rmtree(old, True)


def kernel_package():
    """Name and file name of Debian's current kernel package."""
    wants = command('apt-cache', 'depends', 'linux-image-amd64')
    name = re.search(r'Depends: (linux-image-\S+)', wants)
    if not name:
        raise Skip('the package lists know no linux-image-amd64')
    uri = command('apt-get', 'download', '--print-uris', name.group(1), cwd='/')
    return name.group(1), uri.split()[1]


def download(package, folder):
    """apt-get download; a second time with new package lists, the old ones may name what is gone."""
    for again in (False, True):
        if again:
            subprocess.run(['apt-get', '-qq', 'update'], check=False, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        done = subprocess.run(['apt-get', '-qq', '-o', 'Acquire::Retries=3', '-o',
                               'APT::Sandbox::User=root', 'download', package], cwd=folder,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        found = glob.glob(os.path.join(folder, '*.deb'))
        if done.returncode == 0 and found:
            return found[0]
    said = (done.stdout.strip().splitlines() or ['no package came'])[-1]
    raise Skip(f'the kernel package {package} cannot be downloaded: {said}')


def kernel(cache):
    """Folder with vmlinuz and the modules, of Debian's kernel package, which is not installed."""
    try:
        package, file = kernel_package()
        path = os.path.join(cache, 'kernel-' + key_of(file, repr(ROOT_MODULES + MODULES)))
    except (subprocess.CalledProcessError, IndexError) as error:
        raise Skip('apt does not say which kernel package there is') from error
    if not os.path.isdir(path):
        with making(path) as part:
            if part:
                unpack_kernel(download(package, part), part)
    forget_old(path, 'kernel', 30)
    return path


def unpack_kernel(package, part):
    tree = os.path.join(part, 'tree')
    command('dpkg-deb', '-x', package, tree)
    os.unlink(package)
    version, = os.listdir(f'{tree}/lib/modules')
    shutil.copy(f'{tree}/boot/vmlinuz-{version}', f'{part}/vmlinuz')
    command('depmod', '-b', tree, version)
    wanted = {}
    for kind, names in (('root', ROOT_MODULES), ('all', ROOT_MODULES + MODULES)):
        shown = ''.join(command('modprobe', '-d', tree, '-S', version, '--show-depends', name)
                        for name in names)
        lines = [line.split()[1] for line in shown.splitlines() if line.startswith('insmod')]
        wanted[kind] = list(dict.fromkeys(os.path.relpath(line, tree) for line in lines))
    for name in wanted['all']:
        os.makedirs(os.path.dirname(f'{part}/usr/{name}'), exist_ok=True)
        shutil.copy(f'{tree}/{name}', f'{part}/usr/{name}')
    for name in glob.glob(f'{tree}/lib/modules/{version}/modules.*'):
        shutil.copy(name, f'{part}/usr/lib/modules/{version}/')
    command('depmod', '-b', f'{part}/usr', version)
    with open(f'{part}/order', 'w', encoding='utf-8') as order:
        order.writelines(name + '\n' for name in wanted['root'])
    shutil.rmtree(tree)


def make_initrd(kernel_folder, path):
    with tempfile.TemporaryDirectory(prefix='mtkbackup-vm-') as tree:
        for name in ('bin', 'proc', 'sys', 'dev', 'root-modules'):
            os.mkdir(f'{tree}/{name}')
        shutil.copy('/bin/busybox', f'{tree}/bin/busybox')
        shutil.copy(os.path.join(HERE, 'init'), f'{tree}/init')
        shutil.copytree(f'{kernel_folder}/usr', f'{tree}/add/usr')
        with open(f'{kernel_folder}/order', encoding='utf-8') as order, \
                open(f'{tree}/root-modules/order', 'w', encoding='utf-8') as names:
            for line in order:
                shutil.copy(f'{kernel_folder}/usr/{line.strip()}', f'{tree}/root-modules/')
                names.write(os.path.basename(line))
        os.makedirs(f'{tree}/add/usr/local/lib')
        shutil.copy(os.path.join(HERE, 'agent'), f'{tree}/add/usr/local/lib/test-agent')
        units = f'{tree}/add/etc/systemd/system'
        os.makedirs(f'{units}/multi-user.target.wants')
        with open(f'{units}/test-agent.service', 'w', encoding='utf-8') as unit:
            unit.write(AGENT_UNIT)
        os.symlink('../test-agent.service', f'{units}/multi-user.target.wants/test-agent.service')
        for name in MASKED:
            os.symlink('/dev/null', f'{units}/{name}')
        names = command('find', '.', cwd=tree)
        archive = subprocess.run(['cpio', '--quiet', '-o', '-H', 'newc', '-R', '0:0'], cwd=tree,
                                 input=names.encode(), stdout=subprocess.PIPE, check=True).stdout
        with open(path, 'wb') as file:
            file.write(gzip.compress(archive, 1))


def make_root_image(root, path):
    size = int(command('du', '-sm', root).split()[0])
    command('mkfs.ext4', '-q', '-d', root, '-O', '^has_journal', path, f'{size + size // 4 + 64}M')


def parts():
    """Folder with vmlinuz, initrd, root.ext4 and the state of the booted machine."""
    for tool in ('qemu-system-x86_64', 'busybox', 'cpio', 'mkfs.ext4', 'modprobe', 'dpkg-deb'):
        if not shutil.which(tool, path=os.environ.get('PATH', '') + ':/sbin:/usr/sbin'):
            raise Skip(f'{tool} is missing: tests/run vm installs it')
    root = root_folder()
    cache = os.path.dirname(root)
    kernel_folder = kernel(cache)
    version = command('qemu-system-x86_64', '--version')
    made_by = ''.join(map(inspect.getsource, (make_initrd, make_root_image, make_state,
                                              Machine.arguments)))
    path = os.path.join(cache, 'machine-' + key_of(
        root, kernel_folder, version, made_by, AGENT_UNIT, repr((PORTS, DISK, MASKED)),
        content('init'), content('agent')))
    if not os.path.isdir(path):
        with making(path) as part:
            if part:
                print('# booting the virtual machine once, which takes about a minute', flush=True)
                shutil.copy(f'{kernel_folder}/vmlinuz', f'{part}/vmlinuz')
                make_initrd(kernel_folder, f'{part}/initrd')
                make_root_image(root, f'{part}/root.ext4')
                make_state(part)
    forget_old(path, 'machine', 3)       # they are large
    return path


def make_state(part):
    with tempfile.TemporaryDirectory(prefix='mtkbackup-vm-') as folder:
        machine = Machine(folder, part)
        try:
            machine.connect(BOOT_LIMIT)
            said = machine.run('systemctl is-system-running --wait; systemctl --failed --no-legend;'
                               'udevadm settle', check=False, limit=BOOT_LIMIT)
            assert said.split()[0] == 'running', said
            # what a phone needs is there before the first one comes
            machine.run('test -d /sys/bus/pci/drivers/xhci_hcd && modprobe --dry-run cdc_acm')
            time.sleep(2)
            machine.disconnect()
            machine.monitor('stop')
            machine.monitor('migrate', uri=f'exec:cat >{part}/state')
            end = time.monotonic() + BOOT_LIMIT
            while machine.monitor('query-migrate').get('status') != 'completed':
                assert time.monotonic() < end
                time.sleep(0.1)
        finally:
            machine.stop()


# ---- the machine ----

def die_with_parent():
    """A killed test leaves no machine behind."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def connect_to(path, limit=LIMIT):
    end = time.monotonic() + limit
    while True:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            line.connect(path)
            line.settimeout(limit)
            return line
        except OSError:
            line.close()
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


class Machine:
    """A running machine, with its files in `folder`. Without `boot` it goes on from the kept state
    and has said that it runs when this returns."""

    def __init__(self, folder, boot=None):
        self.folder = folder
        made = boot or parts()
        for name in ('in', 'out'):
            with open(f'{folder}/{name}.disk', 'wb') as disk:
                disk.truncate(DISK)
        self.console = open(f'{folder}/console', 'wb')
        self.process = subprocess.Popen(
            self.arguments(made) + ([] if boot else ['-incoming', f'exec:cat {made}/state']),
            stdin=subprocess.DEVNULL, stdout=self.console, stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent)
        self.line = self.channel = None
        self.qmp = connect_to(f'{folder}/monitor').makefile('rw', encoding='utf-8')
        self.qmp.readline()
        self.monitor('qmp_capabilities')
        if boot:
            return
        # a USB peer or a command may come only when all of the state is there
        end = time.monotonic() + LIMIT
        while self.monitor('query-status')['status'] == 'inmigrate':
            assert time.monotonic() < end, 'the state was not read'
            time.sleep(0.01)
        self.monitor('cont')
        self.connect()

    def arguments(self, made):
        result = [
            'qemu-system-x86_64', '-machine', 'q35', '-accel', 'tcg', '-cpu', 'qemu64,+rdrand',
            '-icount', 'shift=0,sleep=on,align=off', '-m', '1024', '-display', 'none', '-no-reboot', '-nodefaults', '-serial', 'stdio',
            '-kernel', f'{made}/vmlinuz', '-initrd', f'{made}/initrd',
            '-append', 'console=ttyS0 quiet panic=-1 systemd.show_status=0',
            '-drive', f'file={made}/root.ext4,format=raw,if=virtio,readonly=on',
            '-drive', f'file={self.folder}/in.disk,format=raw,if=virtio,cache=unsafe',
            '-drive', f'file={self.folder}/out.disk,format=raw,if=virtio,cache=unsafe',
            '-device', 'virtio-serial-pci',
            '-chardev', f'socket,id=test,path={self.folder}/test,server=on,wait=off',
            '-device', 'virtserialport,chardev=test,name=test',
            '-qmp', f'unix:{self.folder}/monitor,server=on,wait=off',
            '-device', 'qemu-xhci,id=usb']
        for i in range(1, PORTS + 1):
            result += ['-chardev', f'socket,id=usb{i},path={self.socket(i)},server=on,wait=off',
                       '-device', f'usb-redir,chardev=usb{i},bus=usb.0,port={i}']
        return result

    def socket(self, port):
        return f'{self.folder}/usb{port}'

    def monitor(self, execute, **arguments):
        self.qmp.write(json.dumps({'execute': execute, 'arguments': arguments}) + '\n')
        self.qmp.flush()
        while True:
            answer = json.loads(self.qmp.readline())
            if 'error' in answer:
                raise RuntimeError(f'{execute}: {answer["error"]}')
            if 'return' in answer:
                return answer['return']

    def connect(self, limit=LIMIT):
        self.line = connect_to(f'{self.folder}/test', limit)
        self.channel = self.line.makefile('rwb')

    def disconnect(self):
        for end in (self.channel, self.line):
            if end:
                end.close()

    def run(self, script, check=True, limit=LIMIT):
        """Runs a piece of bash as root; returns what it printed on both streams."""
        self.line.settimeout(limit)
        self.channel.write(script.encode() + b'\0')
        self.channel.flush()
        try:
            head = self.channel.readline()
        except TimeoutError as error:
            raise AssertionError(f'no answer within {limit} s to: {script}\n{self.said()}') from error
        assert head, f'the machine has ended\n{self.said()}'
        code, size = map(int, head.split())
        said = self.channel.read(size).decode(errors='replace')
        if check and code != 0:
            raise AssertionError(f'{script}: exit code {code}\n{said}')
        return said

    def said(self):
        """The end of what stands on its console."""
        with open(f'{self.folder}/console', encoding='utf-8', errors='replace') as file:
            return ''.join(file.readlines()[-30:])

    def succeeds(self, script):
        return self.run(f'({script}) >/dev/null 2>&1 && echo yes || echo no').strip() == 'yes'

    def put(self, files):
        """Brings files into /tmp/in of the machine."""
        with open(f'{self.folder}/in.disk', 'r+b') as disk:
            subprocess.run(['tar', '--create', '--dereference', '--transform', 's,.*/,,', '-P',
                            *files], stdout=disk, check=True)
        self.run('mkdir -p /tmp/in && blockdev --flushbufs /dev/vdb && '
                 'dd if=/dev/vdb bs=64k iflag=direct status=none | tar -x -C /tmp/in')

    def get(self, folder, to):
        """Brings a folder out of the machine."""
        self.run(f'tar --create --sparse --directory {folder} . | '
                 'dd of=/dev/vdc bs=64k iflag=fullblock status=none && blockdev --flushbufs /dev/vdc')
        with open(f'{self.folder}/out.disk', 'rb') as disk:
            subprocess.run(['tar', '--extract', '--directory', to], stdin=disk, check=True)

    def stop(self):
        self.disconnect()
        self.process.kill()
        self.process.wait()
        self.console.close()


def main():
    try:
        print(parts())
    except Skip as reason:
        print(reason, file=sys.stderr)
        sys.exit(77)


if __name__ == '__main__':
    main()
