#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: test-journal.py [TEST…]

Messages that an operator should not miss: each has an id in the journal, and the catalogue explains
each id. The daemon writes to a journal of the test's own, in a mount namespace of its own."""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

import rig

CATALOG = os.path.join(rig.TOP, 'systemd/mtkbackup.catalog')
SOCKET = '/run/systemd/journal/socket'
ID = '20261120T101112Z-00c0ffee'
OPEN = [{'send': {'TYPE': 'BACKUP', 'BACKUP': ID, 'START': 1}},
        {'send': {'TYPE': 'DONE', 'RESULT': 'done'}}]


def read(*path):
    with open(os.path.join(rig.TOP, *path), encoding='utf-8') as file:
        return file.read()


def ids():
    """As the code has them: name of the event -> id."""
    return dict(re.findall(r'\[EVENT_(\w+)\] = "([0-9a-f]{32})"', read('daemon/event.c')))


def entries():
    """As the catalogue has them: id -> (fields of the head, text)."""
    found = {}
    for part in re.split(r'^-- ', read('systemd/mtkbackup.catalog'), flags=re.MULTILINE)[1:]:
        number, rest = part.split('\n', 1)
        head, text = rest.split('\n\n', 1)
        assert number not in found, number
        found[number] = dict(line.split(': ', 1) for line in head.splitlines()), text
    return found


def test_code_and_catalogue_agree():
    names = re.findall(r'^ {8}EVENT_(\w+)', read('daemon/event.h'), re.MULTILINE)
    assert len(names) >= 10 and set(names) == set(ids()), names
    assert len(set(ids().values())) == len(names)
    assert set(ids().values()) == set(entries())
    used = ''.join(read('daemon', name) for name in os.listdir(os.path.join(rig.TOP, 'daemon'))
                   if name.endswith('.c'))
    for name in names:
        assert len(re.findall(rf'\bEVENT_{name}\b', used)) >= 2, f'nobody sends {name}'


def test_entries_explain():
    fields = set(re.findall(r'"(MTKBACKUP_\w+)', read('daemon/event.c')))
    for number, (head, text) in entries().items():
        assert head['Subject'] and head['Defined-By'] == 'mtkbackup', number
        for page in head['Documentation'].split():
            name, section = re.fullmatch(r'man:([\w.-]+)\((\d)\)', page).groups()
            assert f'/man{section}/{name}.{section}\n' in read('tests/house/installed.list'), page
        assert len(text.split()) > 30, number
        assert set(re.findall(r'@(\w+)@', head['Subject'] + text)) <= fields, number


def journalctl(root, *arguments):
    return subprocess.run(['journalctl', f'--root={root}', *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=True).stdout


def test_systemd_reads_the_catalogue():
    with tempfile.TemporaryDirectory(prefix='mtkbackup-catalog.') as root:
        folder = os.path.join(root, 'usr/lib/systemd/catalog')
        os.makedirs(folder)
        os.makedirs(os.path.join(root, 'var/lib/systemd/catalog'))
        shutil.copy(CATALOG, folder)
        said = journalctl(root, '--update-catalog')
        assert said == '', said
        listed = journalctl(root, '--list-catalog')
        assert {line.split()[0] for line in listed.splitlines()} == set(entries()), listed


class Journal:
    """The socket of journald; a message is a list of KEY=value lines here."""

    def __init__(self):
        if os.path.exists(SOCKET):
            os.unlink(SOCKET)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(SOCKET)
        self.socket.setblocking(False)
        self.seen = []

    def find(self, name):
        try:
            while True:
                lines = self.socket.recv(65536).decode().splitlines()
                self.seen.append(dict(line.split('=', 1) for line in lines))
        except BlockingIOError:
            pass
        return [e for e in self.seen if e.get('MESSAGE_ID') == ids()[name]]


def start(r):
    """The daemon as a service: its standard error is the journal's."""
    with open(r.path('daemon.log'), 'w', encoding='utf-8') as file:
        st = os.fstat(file.fileno())
    r.start(JOURNAL_STREAM=f'{st.st_dev}:{st.st_ino}')


def test_events_reach_the_journal():
    journal = Journal()
    with rig.rig() as r:
        damaged = {'send': {'TYPE': 'DAMAGED', 'BACKUP': ID, 'PART': 'boot', 'OFFSET': 0,
                            'TEXT': 'chunk 3 is not what it was'}}
        r.scenario({'open': OPEN, 'verify': [damaged, {'send': {'TYPE': 'DONE'}}]})
        start(r)
        number, job = r.queue('verify', backup=ID)
        r.wait_state(job, 'failed')
        entry, = rig.until(lambda: [e for e in journal.find('STORE_DAMAGED')
                                    if 'MTKBACKUP_JOB' in e], 'the entry of the job')
        assert entry['MTKBACKUP_JOB'] == str(number) and entry['MTKBACKUP_BACKUP'] == ID, entry
        assert entry['MTKBACKUP_ERROR'] == 'VerifyFailed' and entry['MTKBACKUP_HINT'], entry
        assert entry['PRIORITY'] == '5' and entry['SYSLOG_IDENTIFIER'] == 'mtkbackupd', entry
        assert 'chunk 3 is' in entry['MESSAGE'], entry
        store, = (e for e in journal.seen if e.get('PRIORITY') == '3')
        assert store['MTKBACKUP_BACKUP'] == ID, store
        # once, there
        assert 'chunk 3' not in r.log() and 'queued by uid' in r.log(), r.log()

        r.scenario({'open': OPEN, 'verify': [{'kill': 9}]})
        r.wait_state(r.queue('verify', backup=ID)[1], 'failed')
        assert rig.until(lambda: journal.find('HELPER_CRASHED'), 'the crash')

        r.scenario({'open': OPEN, 'verify': [{'await': 'CANCEL'},
                                             {'send': {'TYPE': 'DONE', 'RESULT': 'canceled'}}]})
        rig.until(lambda: r.get(rig.ROOT, rig.MANAGER, 'StoreState') == 'ok', 'the store')
        r.wait_state(r.queue('verify', backup=ID)[1], 'running')
        r.manager('SetAutoBackup', True)
        assert 'is on' in rig.until(lambda: journal.find('AUTO_SWITCHED'), 'the switch')[0]['MESSAGE']
        assert r.stop() == 0
        assert rig.until(lambda: journal.find('INTERRUPTED'), 'the interruption')


def test_each_cause_has_its_event():
    journal = Journal()
    with rig.rig() as r:
        r.scenario({'open': OPEN})
        start(r)
        for error, event in (('NoDownloadAgent', 'NO_AGENT'), ('AuthRequired', 'PHONE_REFUSED'),
                             ('DeviceRefused', 'PHONE_REFUSED'), ('StoreFull', 'STORE_FULL'),
                             ('StoreDamaged', 'STORE_DAMAGED'), ('VerifyFailed', 'STORE_DAMAGED'),
                             ('WorkerCrashed', 'HELPER_CRASHED'), ('Interrupted', 'INTERRUPTED'),
                             ('HandshakeTimeout', 'JOB_FAILED'), ('DeviceGone', 'JOB_FAILED'),
                             ('Failed', 'JOB_FAILED')):
            r.scenario({'open': OPEN, 'verify': [{'send': {
                'TYPE': 'FAIL', 'ERROR': error, 'TEXT': f'It is {error}.', 'HINT': 'Try.'}}]})
            rig.until(lambda: r.get(rig.ROOT, rig.MANAGER, 'StoreState') == 'ok', 'the store')
            number, job = r.queue('verify', backup=ID)
            r.wait_state(job, 'failed')
            entry, = rig.until(lambda: [e for e in journal.find(event)
                                        if e.get('MTKBACKUP_JOB') == str(number)], error)
            assert entry['MTKBACKUP_ERROR'] == error and f'It is {error}.' in entry['MESSAGE']
            assert entry['MTKBACKUP_HINT'] == 'Try.', entry


def test_without_a_journal():
    """Another stream than standard error, or none: lines as ever."""
    for stream in ({}, {'JOURNAL_STREAM': '1:1'}, {'JOURNAL_STREAM': 'x'}):
        with rig.rig() as r:
            r.start(**stream)
            r.manager('SetAutoBackup', True)
            assert '<5>mtkbackupd: Automatic backup is on' in r.log(), r.log()


def main():
    apart = ['unshare', '--mount', '--propagation', 'private']
    if os.environ.get('JOURNAL_NAMESPACE') != '1' and os.getuid() == 0:
        # not to be had in a chroot, for example
        if subprocess.run([*apart, 'true'], capture_output=True, check=False).returncode == 0:
            done = subprocess.run(
                [*apart, 'sh', '-c',
                 'mount -t tmpfs -o mode=755 none /run && mkdir -p "${0%/*}" && exec "$@"', SOCKET,
                 sys.executable, *sys.argv], env=dict(os.environ, JOURNAL_NAMESPACE='1'), check=False)
            sys.exit(done.returncode)
        print('# no mount namespace here: what arrives in the journal is not tested', flush=True)
    tests = [test_code_and_catalogue_agree, test_entries_explain, test_systemd_reads_the_catalogue,
             test_without_a_journal]
    # needs the namespace, which only root gets everywhere
    if os.environ.get('JOURNAL_NAMESPACE') == '1':
        tests += [test_events_reach_the_journal, test_each_cause_has_its_event]
    rig.run(*tests)


main()
