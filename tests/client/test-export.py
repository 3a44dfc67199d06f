#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Getting a backup out: show, export, delete."""
import hashlib
import json
import stat
from fixture import *

service = Service()
client = Client(service)
ident = service.add_backup(1)
content = {'boot': b'boot' * 1000, 'nvram': b'n' * 5000, 'odd%20name': b'odd', 'cache': b'c' * 10,
           'EMMC_USER': b'u' * 9000, 'EMMC_BOOT1': b'1' * 4096}
statuses = {'boot': 'ok', 'nvram': 'ok', 'odd%20name': 'ok', 'cache': 'bad-ranges',
            'userdata': 'skipped', 'EMMC_RPMB': 'unreadable'}
failing = {}


def digest(data):
    return hashlib.sha256(data).hexdigest()


def make_manifest(**changes):
    parts = [{'name': name.replace('%20', ' '), 'file': name, 'region': 'EMMC_USER', 'offset': 0,
              'size': len(content.get(name, b'')), 'class': 'firmware', 'status': status,
              **({'sha256': digest(content[name])} if name in content else {})}
             for name, status in statuses.items()]
    manifest = {'format': 'mtkbackup-manifest', 'version': 1, 'id': ident, 'parts': parts,
                'storage': {'regions': [
                    {'name': 'EMMC_BOOT1', 'size': 4096, 'coverage': 'all'},
                    {'name': 'EMMC_USER', 'size': 9000, 'coverage': 'all'},
                    {'name': 'EMMC_RPMB', 'size': 4096, 'coverage': 'unreadable'}]},
                'checks': [{'name': 'gpt-crc', 'result': 'pass', 'detail': 'both tables'}]}
    manifest.update(changes)
    return manifest


manifest = make_manifest()


def export(path, part, form, file, options):
    descriptor = file.take()
    try:
        if form == 'manifest':
            os.write(descriptor, json.dumps(manifest).encode())
            return None
        if part in failing:
            os.write(descriptor, content[part][:10])
            return failing[part]()
        assert form == ('rom' if part.startswith('EMMC') else 'raw')
        os.write(descriptor, content[part])
        return None
    finally:
        os.close(descriptor)


service.methods[BACKUP, 'Export'] = export


def folder():
    return tempfile.mkdtemp(dir=service.dir)


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def test_show():
    """show: what was saved, part by part; --json is the manifest itself"""
    code, out, _ = client.run('show', 'latest')
    assert code == 0 and ident in out and 'nvram' in out and 'gpt-crc' in out, out
    assert 'skipped' in out and '512.0 MiB' in out
    code, answer = client.json('show', ident[:12])
    assert code == 0 and answer == manifest


def test_all():
    """export writes every saved part, private, with sums that agree; bad ranges are 3"""
    target = f'{folder()}/new'
    code, out, err = client.run('export', 'latest', target)
    assert (code, out) == (3, ''), (code, out, err)
    assert 'userdata was not saved (skipped)' in err and 'cache: bad-ranges' in err
    names = sorted(os.listdir(target))
    assert names == ['SHA256SUMS', 'boot.img', 'cache.img', 'nvram.img', 'odd%20name.img'], names
    for name in ('boot', 'nvram', 'odd%20name', 'cache'):
        assert read(f'{target}/{name}.img') == content[name]
        assert stat.S_IMODE(os.stat(f'{target}/{name}.img').st_mode) == 0o600
        assert f'{digest(content[name])}  {name}.img\n'.encode() in read(f'{target}/SHA256SUMS')


def test_some():
    """named parts only; a second export into the folder keeps the sums of the first"""
    target = folder()
    assert client.run('export', 'latest', 'boot', target)[0] == 0
    assert client.run('export', 'latest', 'nvram', 'odd name', target)[0] == 0
    sums = read(f'{target}/SHA256SUMS').decode().splitlines()
    assert [line.split('  ')[1] for line in sums] == ['boot.img', 'nvram.img', 'odd%20name.img']
    code, _, err = client.run('export', 'latest', 'boot', 'nonsense', folder())
    assert code == 5 and 'nonsense' in err
    assert client.run('export', 'latest', 'userdata', folder())[0] == 5


def test_not_all():
    """what was left out on purpose is no error; what could not be read is 3, also when no file tells
    of it"""
    global manifest
    whole = manifest
    for status, want in (('skipped', 0), ('unreadable', 3)):
        manifest = make_manifest(parts=[dict(p, status='ok' if p['name'] == 'boot' else status)
                                        for p in whole['parts'] if p['name'] in ('boot', 'userdata')])
        target = folder()
        code, _, err = client.run('export', 'latest', target)
        assert code == want and f'userdata was not saved ({status})' in err, (status, code, err)
        assert read(f'{target}/boot.img') == content['boot']
        # nobody asked for that one
        assert client.run('export', 'latest', 'boot', folder())[0] == 0
    manifest = whole


def test_exists():
    """a file that exists is kept, nothing is begun; --force replaces it"""
    target = folder()
    with open(f'{target}/nvram.img', 'wb') as file:
        file.write(b'the one good copy')
    code, _, err = client.run('export', 'latest', target)
    assert code == 1 and 'nvram.img exists' in err, (code, err)
    assert os.listdir(target) == ['nvram.img']
    assert read(f'{target}/nvram.img') == b'the one good copy'
    assert client.run('export', 'latest', 'nvram', target, '--force')[0] == 0
    assert read(f'{target}/nvram.img') == content['nvram']
    os.unlink(f'{target}/nvram.img')
    os.symlink('/etc/passwd', f'{target}/nvram.img')
    assert client.run('export', 'latest', 'nvram', target)[0] == 1


def test_failure():
    """a failure leaves no half file, and what was whole before it stays"""
    def damaged():
        raise Error('StoreDamaged', 'nvram is damaged at 4096')
    failing['nvram'] = damaged
    target = folder()
    code, _, err = client.run('export', 'latest', target)
    assert code == 9 and 'nvram is damaged' in err
    assert os.listdir(target) == ['boot.img'], os.listdir(target)
    failing['nvram'] = lambda: None        # the service says it is done, but it is short
    target = folder()
    code, _, err = client.run('export', 'latest', 'nvram', target)
    assert code == 1 and '10 bytes instead of 5000' in err, (code, err)
    assert os.listdir(target) == []
    del failing['nvram']
    assert client.run('export', 'latest', '/proc/no-such')[0] == 5
    assert client.run('export', 'latest', 'boot', '/dev/null')[0] == 1


def test_interrupt():
    """^C ends it with 130 and takes the half file away"""
    failing['boot'] = lambda: LATER
    target = folder()
    process = client.start('export', 'latest', 'boot', target)
    wait_until(lambda: os.path.exists(f'{target}/boot.img.part')
               and os.path.getsize(f'{target}/boot.img.part'))
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=180)
    assert process.returncode == 130 and os.listdir(target) == [], (process.returncode, err)
    process = client.start('export', 'latest', 'boot', target)
    wait_until(lambda: os.path.exists(f'{target}/boot.img.part')
               and os.path.getsize(f'{target}/boot.img.part'))
    service.vanish()
    _, err = process.communicate(timeout=180)
    assert process.returncode == 7 and os.listdir(target) == [], (process.returncode, err)
    service.appear()
    del failing['boot']


def test_stdout():
    """“-” writes one part to standard output and nothing else"""
    assert client.run('export', 'latest', 'boot', '-')[:2] == (0, content['boot'].decode())
    assert client.run('export', 'latest', '-')[0] == 2
    code, out, err = client.run('export', 'latest', 'cache', '-')
    assert (code, out) == (3, content['cache'].decode()) and 'cache: bad-ranges' in err, (code, err)
    with client.terminal('export', 'latest', 'boot', '-') as (process, read_terminal):
        assert 'bootboot' not in read_terminal() and process.wait(180) == 2


def test_rom():
    """--format rom: a file a region, the sum read from the file"""
    target = folder()
    assert client.run('export', 'latest', 'EMMC_BOOT1', target, '--format', 'rom')[0] == 0
    assert read(f'{target}/EMMC_BOOT1.img') == content['EMMC_BOOT1']
    assert digest(content['EMMC_BOOT1']).encode() in read(f'{target}/SHA256SUMS')
    code, _, err = client.run('export', 'latest', 'EMMC_USER', target, '--format=rom')
    assert code == 5 and 'EMMC_USER was not saved as a whole' in err
    assert client.run('export', 'latest', target, '--format', 'odd')[0] == 2


def test_hostile_manifest():
    """names of files from a manifest cannot leave the folder"""
    global manifest
    for name in ('../evil', '/evil', '.hidden', '', 'x' * 250):
        manifest = make_manifest(parts=[{'name': 'boot', 'file': name, 'region': 'EMMC_USER',
                                         'size': 4, 'status': 'ok'}])
        code, _, _ = client.run('export', 'latest', folder())
        assert code == 9, (name, code)
    for text in ([], {'parts': 3}, {'parts': [3]}, 'text'):
        manifest = text
        assert client.run('show', 'latest')[0] == 9, text
    manifest = make_manifest()


def test_delete():
    """delete asks on a terminal and needs --yes elsewhere"""
    deleted = []
    service.methods[BACKUP, 'Delete'] = lambda path, options: deleted.append(str(path))
    code, _, err = client.run('delete', 'latest')
    assert code == 2 and '--yes' in err and not deleted
    for answer, code in (('n\n', 4), ('\n', 4), ('y\n', 0)):
        with client.terminal('delete', ident) as (process, read_terminal):
            read_terminal('[y/N]')
            process.type(answer)
            read_terminal()
            assert process.wait(180) == code, (answer, code)
    assert len(deleted) == 1
    code, answer = client.json('delete', ident, '--yes')
    assert code == 0 and answer == {'type': 'deleted', 'id': ident} and len(deleted) == 2
    assert client.run('delete', 'nothing', '-y')[0] == 5


run_tests([test_show, test_all, test_some, test_not_all, test_exists, test_failure, test_interrupt, test_stdout,
           test_rom, test_hostile_manifest, test_delete])
