#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is promised to be seen: other programs read a backup byte for byte, the second one stores
what changed, the bus looks as the shipped XML says, the client's exit codes, and agent files that
are cut off."""
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import xml.etree.ElementTree as ElementTree

import scene
from scene import client, rig

BROKEN = 4
scene.enter([f'mt6765,{scene.SMALL},pace=40'] * 3 + [f'mt6765,{scene.SMALL},gpt=both-broken'])
s = scene.Scene()
FILES = {'EMMC_USER': 'user', 'EMMC_BOOT1': 'boot1', 'EMMC_BOOT2': 'boot2'}
first = {}


def image(n, region, offset=0, size=-1):
    with open(os.path.join(os.environ[f'STATION_FLASH_{n}'], FILES[region] + '.img'), 'rb') as file:
        file.seek(offset)
        return file.read(size)


def shown(backup):
    return json.loads(client('show', backup, '--json')[0])


def folder_of(backup):
    for device in os.scandir(os.path.join(s.store, 'backups')):
        for entry in os.scandir(device.path):
            if entry.name == backup:
                return entry.path
    raise AssertionError(f'{backup} is not in the store')


def parts_of(backup):
    with open(os.path.join(folder_of(backup), 'manifest.json'), encoding='utf-8') as file:
        parts = json.load(file)['parts']
    # together they are the phone, each byte once
    for region, name in FILES.items():
        there = sorted((p['offset'], p['size']) for p in parts if p['region'] == region)
        end = 0
        for offset, size in there:
            assert offset == end, (region, there)
            end += size
        assert end == len(image(1, region)), (region, name, end)
    return parts


def test_second_backup():
    """One byte of one partition changed: one new chunk, all the rest is shared."""
    s.use(1)
    p = s.complete(s.run_job(1))
    first['id'] = str(p['Backup'])
    rig.until(s.saw(1, 'booted'), 'the phone to start')
    system = next(x for x in shown(first['id'])['parts'] if x['name'] == 'system')
    flash = os.path.join(os.environ['STATION_FLASH_1'], 'user.img')
    with open(flash, 'r+b') as file:
        file.seek(system['offset'] + 5000)
        old = file.read(1)
        file.seek(system['offset'] + 5000)
        file.write(bytes([old[0] ^ 1]))
    s.use(1)
    p = s.complete(s.run_job(1))
    totals = shown(p['Backup'])['totals']
    assert totals['chunks_new'] == 1, totals
    s.is_whole(1, p['Backup'])
    # the one that was there first is still what it was
    client('verify', first['id'])
    with open(flash, 'r+b') as file:
        file.seek(system['offset'] + 5000)
        file.write(old)
    s.is_whole(1, first['id'])


def test_casync_and_shell():
    """Every partition, with Debian's casync and with the recipe in the store's README.txt."""
    with open(os.path.join(s.store, 'README.txt'), encoding='utf-8') as file:
        recipe = re.search(r'( +tail .*?done > X\.img\n)', file.read(), re.S).group(1)
    casync = shutil.which('casync')
    assert casync, 'casync is not installed'
    folder = folder_of(first['id'])
    chunks = os.path.join(s.store, 'chunks.castr')
    with tempfile.TemporaryDirectory(dir=os.environ['STATION_STATE']) as out:
        script = recipe.replace('X.', f'{out}/X.').replace('chunks.castr', chunks)
        for part in parts_of(first['id']):
            right = image(1, part['region'], part['offset'], part['size'])
            index = os.path.join(folder, part['index'])
            shutil.copy(index, f'{out}/X.caibx')
            subprocess.run(['sh', '-ec', script], check=True)
            subprocess.run([casync, 'extract', f'--store={chunks}', index, f'{out}/casync.img'],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for name in ('X.img', 'casync.img'):
                with open(f'{out}/{name}', 'rb') as file:
                    assert file.read() == right, (name, part['name'])
                os.unlink(f'{out}/{name}')


# ---- the bus ----

def members(interface):
    found = []
    for m in interface:
        if m.tag in ('method', 'signal', 'property'):
            found.append((m.tag, m.get('name'), m.get('type'), m.get('access'),
                          [(a.get('name'), a.get('type'), a.get('direction') or 'in')
                           for a in m.findall('arg')] if m.tag == 'method' else
                          [(a.get('name'), a.get('type')) for a in m.findall('arg')]))
    return sorted(found, key=lambda m: m[:2])


def busctl(*words):
    return subprocess.run(['busctl', '--system', '--no-pager', *words], check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def test_busctl():
    """With a phone, jobs and backups there: the tree shows them, each interface is as shipped."""
    s.use(2)
    s.plug(2)
    s.wait_device('1-2', 'attached')
    tree = busctl('tree', '--list', rig.NAME).split()
    kinds = {k: [p for p in tree if p.startswith(f'{rig.ROOT}/{k}/')] for k in
             ('device', 'job', 'backup')}
    assert all(kinds.values()), tree
    assert {p[1] for p in s.manager('ListDevices')} <= set(tree)
    assert set(s.backups().values()) <= set(tree)
    with open(os.path.join(rig.TOP, 'dbus/org.mtkbackup1.xml'), encoding='utf-8') as file:
        shipped = {i.get('name'): members(i) for i in
                   ElementTree.fromstring(file.read()).findall('.//interface')}
    seen = {}
    for path in (rig.ROOT, *(paths[0] for paths in kinds.values())):
        live = ElementTree.fromstring(busctl('introspect', '--xml-interface', rig.NAME, path))
        for i in live.findall('interface'):
            if i.get('name').startswith(rig.NAME):
                seen[i.get('name')] = members(i)
    assert set(seen) == {n for n in shipped if n.startswith(rig.NAME)}, (seen.keys(), shipped.keys())
    for name, found in seen.items():
        assert found == shipped[name], (name, found, shipped[name])
    s.unplug(2)


# ---- exit codes ----

def queued(n, *words):
    return subprocess.Popen(['mtkbackupctl', 'queue', '--profile', 'mt6765', '--device', f'1-{n}',
                             '--wait', *words], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def job_of(process):
    """The newest job, once the client's request has arrived."""
    def there():
        jobs = [j for j in s.manager('ListJobs') if str(j[3]) not in
                ('done', 'failed', 'canceled', 'interrupted')]
        assert process.poll() is None, process.returncode
        return jobs and jobs[-1][1]
    return rig.until(there, 'the job')


def test_exit_codes():
    client('status')
    client('queue', code=2)
    client('no-such-verb', code=2)
    client('show', 'no-such-backup', code=5)
    client('queue', '--profile', 'no-such-profile', code=5)
    client('job', '4711', code=5)
    client('verify', 'latest')
    client('watch', code=4)


def test_exit_code_incomplete():
    process = queued(BROKEN)
    job_of(process)
    s.use(BROKEN)
    s.plug(BROKEN)
    assert process.wait(rig.PATIENCE) == 3


def test_exit_code_canceled():
    """Two at once cancel one job; both hear that it is over."""
    process = queued(3)
    job = job_of(process)
    s.use(3, 'fault=slow@1000000=10000')
    s.plug(3)
    rig.until(lambda: s.get(job, rig.PROGRESS, 'BytesDone') > 0, 'bytes')
    number = str(s.get(job, rig.JOB, 'Id'))
    both = [subprocess.Popen(['mtkbackupctl', 'cancel', number], stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for b in both:
        said = b.communicate(timeout=rig.PATIENCE)[1]
        # who comes second may find it over
        assert b.returncode in (0, 1), (b.returncode, said)
    assert 0 in [b.returncode for b in both]
    assert process.wait(rig.PATIENCE) == 10
    rig.until(s.ended(job), 'the signal')
    assert len(s.ended(job)()) == 1, s.ended(job)()
    rig.until(s.saw(3, 'booted'), 'the phone to start')
    s.no_left_overs()


def test_exit_code_interrupted():
    """^C detaches only."""
    process = queued(2)
    job = job_of(process)
    process.send_signal(signal.SIGINT)
    assert process.wait(rig.PATIENCE) == 130
    s.use(2)
    s.plug(2)
    rig.until(s.ended(job), 'the end')
    s.complete(job)


def test_exit_code_not_authorized():
    if os.getuid():
        return  # nobody else can be played
    os.chmod(os.environ['STATION_RUN'], 0o711)
    client('queue', '--profile', 'mt6765', code=6, user='65534')
    client('delete', '--yes', first['id'], code=6, user='65534')
    assert first['id'] in s.backups()


def test_exit_code_mismatch():
    client('verify', first['id'])
    index = parts_of(first['id'])
    part = next(p for p in index if p['name'] == 'system')
    with open(os.path.join(folder_of(first['id']), part['index']), 'rb') as file:
        digest = file.read()[64 + 8:64 + 40].hex()
    chunk = os.path.join(s.store, 'chunks.castr', digest[:4], digest + '.cacnk')
    with open(chunk, 'rb') as file:
        good = file.read()
    os.chmod(chunk, 0o600)
    with open(chunk, 'r+b') as file:
        file.seek(len(good) // 2)
        file.write(bytes([good[len(good) // 2] ^ 0x10]))
    _, said = client('verify', first['id'], code=9)
    assert 'system' in said, said
    with open(chunk, 'wb') as file:
        file.write(good)
    os.chmod(chunk, 0o400)
    client('verify', first['id'])


def test_exit_code_unreachable():
    s.do('daemon', 'stop')
    client('status', code=7)
    s.do('daemon', 'start')
    client('backups')


# ---- agents ----

def test_cut_agents():
    """A container that ends too soon is not taken, and nothing of it stays."""
    agents = os.path.join(os.environ['STATION_STATE'], 'state/agents')
    there = sorted(os.listdir(agents))
    with open(os.environ['STATION_AGENT'], 'rb') as file:
        good = file.read()
    for size in (0, 1, 0x63, 0x6c, 0x6c + 0xdc - 1, 0x6c + 0xdc, len(good) // 2, len(good) - 1):
        with tempfile.NamedTemporaryFile(dir=os.environ['STATION_STATE']) as file:
            file.write(good[:size])
            file.flush()
            _, said = client('agents', 'import', file.name, code=1)
        assert said.strip().count('\n') <= 3 and '.' in said, (size, said)
        assert sorted(os.listdir(agents)) == there, (size, os.listdir(agents))


def test_what_is_left():
    s.no_left_overs()
    s.all_verify()
    s.no_breaches()


rig.run(test_second_backup, test_casync_and_shell, test_busctl, test_exit_codes,
        test_exit_code_incomplete, test_exit_code_canceled, test_exit_code_interrupted,
        test_exit_code_not_authorized, test_exit_code_mismatch, test_exit_code_unreachable,
        test_cut_agents, test_what_is_left)
