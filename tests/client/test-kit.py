#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""export in the forms for other programs, and the kit for SP Flash Tool."""
import hashlib
import json
import re
import subprocess
from fixture import *

EXAMPLES = os.path.join(TOP, 'tests/data/examples')
MIB = 2**20
service = Service()
client = Client(service)
ident = service.add_backup(1)


def example(name):
    with open(os.path.join(EXAMPLES, name), 'rb') as file:
        return file.read()


content = {
    'preloader': example('boot1-emmc.bin').ljust(4 * MIB, b'\xff'),
    'nvram': b'n' * MIB, 'lk': b'lk' * 4096, 'lk2': b'lk' * 4096, 'tee1': b'1' * 9000,
    'tee2': b'2' * 9000, 'boot': b'boot' * 50000, 'system': b'ext4' * 1000 + bytes(MIB),
    'userdata': b'private' * 1000, 'logo': b'logo' * 1000,
}
statuses = {'logo': 'unreadable'}
requests = []


def digest(data):
    return hashlib.sha256(data).hexdigest()


def make_manifest():
    parts, at = [], 0x80000
    for name, data in content.items():
        status = statuses.get(name, 'ok')
        boot = name == 'preloader'
        parts.append({'name': name, 'file': name, 'region': 'EMMC_BOOT1' if boot else 'EMMC_USER',
                      'offset': 0 if boot else at, 'size': len(data),
                      'class': {'nvram': 'device-identity', 'userdata': 'user'}.get(
                          name, 'loader' if boot else 'firmware'),
                      'unique_guid': 'ab' * 16, 'status': status})
        if status != 'unreadable':
            parts[-1]['sha256'] = digest(data)
        at += 0 if boot else -(-len(data) // MIB) * MIB
    return {'format': 'mtkbackup-manifest', 'version': 1, 'id': ident, 'parts': parts,
            'device': {'chip': 'MT6765'},
            'storage': {'type': 'emmc', 'regions': [
                {'name': 'EMMC_BOOT1', 'size': 4 * MIB, 'coverage': 'all'},
                {'name': 'EMMC_USER', 'size': 64 * MIB, 'coverage': 'all'}]}}


def convert(data, form):
    if form == 'raw':
        return data
    if form == 'simg':
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            return subprocess.run([client.program, 'sparse', file.name], check=True,
                                  stdout=subprocess.PIPE).stdout
    return f'{form} of {len(data)}'.encode()


def export(path, part, form, file, options):
    descriptor = file.take()
    try:
        requests.append((part, form))
        data = json.dumps(make_manifest()).encode() if form == 'manifest' else convert(
            content[part], form)
        with open(descriptor, 'wb', closefd=False) as out:
            out.write(data)
    finally:
        os.close(descriptor)


service.methods[BACKUP, 'Export'] = export


def folder():
    return tempfile.mkdtemp(dir=service.dir)


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def test_forms():
    """simg, zst and map have their own endings; the sums are of the files"""
    for form, suffix in (('simg', '.simg'), ('zst', '.img.zst'), ('map', '.map')):
        target = folder()
        assert client.run('export', 'latest', 'boot', 'system', target, '--format', form)[0] == 0
        assert sorted(os.listdir(target)) == ['SHA256SUMS', 'boot' + suffix, 'system' + suffix]
        data = read(f'{target}/boot{suffix}')
        assert data == convert(content['boot'], form)
        assert f'{digest(data)}  boot{suffix}\n' in read(f'{target}/SHA256SUMS').decode()
    # only a map can be had of what could not be read
    target = folder()
    assert client.run('export', 'latest', 'logo', target, '--format', 'map')[0] == 3
    assert client.run('export', 'latest', 'logo', target, '--format', 'simg')[0] == 5


def kit(*options):
    target = folder()
    code, out, err = client.run('export', 'latest', target, '--format', 'kit', *options)
    assert code == 0, (code, out, err)
    return target


def entries(target):
    """Keys of each partition of the scatter."""
    text = read(target + '/MT6765_Android_scatter.txt').decode()
    found = {}
    for block in text.split('- partition_index:')[1:]:
        keys = dict(re.findall(r'^  (\w+): (.*)$', block, re.M))
        found[keys['partition_name']] = keys
    return found


def test_kit():
    """what a flash tool downloads, each image under the name the scatter says"""
    target = kit()
    assert sorted(os.listdir(target)) == [
        'Checksum.ini', 'MT6765_Android_scatter.txt', 'README.txt', 'SHA256SUMS', 'boot.img',
        'lk.img', 'preloader_mt6765.bin', 'system.img', 'tee.img', 'tee2.img'], os.listdir(target)
    parts = entries(target)
    files = {n: p['file_name'] for n, p in parts.items() if p['is_download'] == 'true'}
    assert files == {'preloader': 'preloader_mt6765.bin', 'lk': 'lk.img', 'lk2': 'lk.img',
                     'tee1': 'tee.img', 'tee2': 'tee2.img', 'boot': 'boot.img',
                     'system': 'system.img'}, files
    for name in ('nvram', 'userdata', 'logo'):
        assert parts[name]['file_name'] == 'NONE', parts[name]
    assert read(target + '/preloader_mt6765.bin') == example('preloader_demo.bin')
    assert read(target + '/lk.img') == content['lk'] and read(target + '/tee2.img') == content['tee2']
    assert read(target + '/system.img')[:4] == b'\x3a\xff\x26\xed'
    assert {p for p, _ in requests} >= {'boot', 'system'} and ('nvram', 'raw') not in requests


def test_kit_proves_itself():
    """the offline verbs agree with it"""
    target = kit()
    code, report = client.json('checksum', target)
    assert code == 0 and len(report['files']) == 7, report
    assert {f['result'] for f in report['files']} == {'ok'}
    code, report = client.json('inspect', target + '/MT6765_Android_scatter.txt')
    assert code == 0 and report['chip'] == 'MT6765' and not report['problems'], report
    done = subprocess.run(['sha256sum', '-c', '--quiet', 'SHA256SUMS'], cwd=target, check=False)
    assert done.returncode == 0
    text = read(target + '/README.txt').decode()
    assert 'MT6765_Android_scatter.txt' in text
    assert "is not in here, nor are the user's data;" in text, text


def test_kit_with_userdata():
    """only when it was asked for"""
    target = kit('--userdata')
    assert os.path.exists(target + '/userdata.img')
    assert 'is not in here;' in read(target + '/README.txt').decode()
    assert client.run('export', 'latest', folder(), '--userdata')[0] == 2


def test_damaged_preloader():
    """it is left out, not handed to somebody who flashes it"""
    good = content['preloader']
    content['preloader'] = good[:0x900] + b'?' + good[0x901:]
    target = folder()
    code, _, err = client.run('export', 'latest', target, '--format', 'kit')
    assert code == 3 and 'preloader is damaged' in err, (code, err)
    assert not os.path.exists(target + '/preloader_mt6765.bin')
    assert entries(target)['preloader']['is_download'] == 'false'
    content['preloader'] = good


def test_parts_as_inputs():
    """verbs on files take BACKUP:PART, which leaves no file behind"""
    temporary = folder()
    os.environ['TMPDIR'] = temporary
    code, report = client.json('preloader', 'latest:preloader')
    assert code == 0 and report['health'] == 'good', report
    target = folder() + '/pl.bin'
    assert client.run('preloader', ident + ':preloader', '-o', target)[0] == 0
    assert read(target) == example('preloader_demo.bin')
    code, report = client.json('inspect', 'latest:boot')
    assert code == 0 and report['size'] == len(content['boot'])
    assert client.run('sparse', 'latest:system', '-o', target, '--force')[0] == 0
    assert client.run('unsparse', target)[1].startswith('ext4')
    assert requests[-1] == ('system', 'raw')
    assert client.run('inspect', 'latest:EMMC_USER')[0] != 0
    assert requests[-1] == ('EMMC_USER', 'rom')
    assert client.run('inspect', '2001:boot')[0] == 5
    assert client.run('inspect', 'boot:x')[0] == 5
    assert os.listdir(temporary) == []
    del os.environ['TMPDIR']


def test_kit_usage():
    """whole backups into folders; nothing that exists is replaced"""
    assert client.run('export', 'latest', '-', '--format', 'kit')[0] == 2
    assert client.run('export', 'latest', 'boot', folder(), '--format', 'kit')[0] == 2
    target = folder()
    with open(target + '/README.txt', 'w', encoding='utf-8') as file:
        file.write('mine')
    code, _, err = client.run('export', 'latest', target, '--format', 'kit')
    assert code == 1 and 'README.txt exists' in err and os.listdir(target) == ['README.txt']


run_tests([test_forms, test_kit, test_kit_proves_itself, test_kit_with_userdata,
           test_damaged_preloader, test_parts_as_inputs, test_kit_usage])
