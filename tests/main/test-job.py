#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job, end to end."""
import hashlib
import sys
from station import *


def check_reports(backup, manifest):
    """Beside the data lie the texts that flash tools and people know, and they say the same."""
    folder = (f'{os.environ["STATION_STORE"]}/backups/{backup["device_key"]}/{backup["id"]}/report')
    scatter = answer('inspect', f'{folder}/scatter.txt')
    places = {p['name']: (p.get('offset'), p.get('size')) for p in scatter['partitions']}
    for part in manifest['parts']:
        if part['region'] == 'EMMC_USER' and part['class'] != 'gap':
            assert places[part['name']] == (part['offset'], part['size']), part['name']
    report = answer('inspect', f'{folder}/memory-report.txt')
    assert {r['name']: r['size'] for r in report['regions']}['EMMC_USER'] == os.stat(
        flash('EMMC_USER')).st_size


@station()
def test_whole():
    """a phone is backed up, verified and exported, every byte as on its flash"""
    import_agent()
    stream = plugged('--name', 'the first')
    result = stream.end()
    assert result['type'] == 'result' and result['result'] == 'complete' and result['exit_code'] == 0
    states = [e['state'] for e in stream.events if e['type'] == 'job']
    assert [s for i, s in enumerate(states) if i == 0 or s != states[i - 1]] in (
        ['waiting-for-device', 'running', 'verifying'],
        ['queued', 'waiting-for-device', 'running', 'verifying']), states
    done = [e.get('bytes_done', 0) for e in stream.events if e['type'] == 'progress']
    assert done, 'no progress was shown'

    backups = answer('backups')['backups']
    assert [b['id'] for b in backups] == [result['backup']], backups
    one = backups[0]
    assert (one['kind'], one['result'], one['verified'], one['name'], one['chip']) == (
        'full', 'complete', 'ok', 'the first', 'MT6765'), one
    assert one['size'] == flash_size()

    manifest = answer('show', 'latest')
    assert manifest['id'] == one['id'] and manifest['kind'] == 'full'
    assert set(manifest['tool']['libs']) == {'jansson', 'libusb', 'openssl', 'zstd'}, manifest['tool']
    ctl('verify', 'latest')
    check_reports(one, manifest)
    target = f'{os.environ["STATION_STATE"]}/out'
    ctl('export', one['id'][:15], target)
    assert compare(manifest, target) == flash_size()
    sums = subprocess.run(['sha256sum', '--quiet', '--check', 'SHA256SUMS'], cwd=target, check=False)
    assert sums.returncode == 0
    for part in manifest['parts']:
        data = read(f'{target}/{part["file"]}.img')
        assert hashlib.sha256(data).hexdigest() == part['sha256']


@station()
def test_ways_out():
    """whole regions, one partition to a pipe, the flash recovered without our programs"""
    import_agent()
    backup()
    target = f'{os.environ["STATION_STATE"]}/rom'
    ctl('export', 'latest', '--format', 'rom', target)
    for region in ('EMMC_BOOT1', 'EMMC_BOOT2', 'EMMC_USER'):
        assert read(f'{target}/{region}.img') == read(flash(region)), region
    manifest = answer('show', 'latest')
    part = next(p for p in manifest['parts'] if p['name'] == 'boot')
    piped = subprocess.run(['mtkbackupctl', 'export', 'latest', 'boot', '-'], check=True,
                           capture_output=True, timeout=LIMIT).stdout
    assert piped == read(flash('EMMC_USER'), part['offset'], part['size'])
    store = os.environ['STATION_STORE']
    folder = f'{store}/backups/{answer("backups")["backups"][0]["device_key"]}/{manifest["id"]}'
    for part in manifest['parts']:
        out = f'{target}/casync.img'
        if part['size'] > 0:
            subprocess.run(['casync', 'extract', f'--store={store}/chunks.castr',
                            f'{folder}/{part["index"]}', out], check=True, capture_output=True)
            assert read(out) == read(flash(part['region']), part['offset'], part['size']), part
            os.unlink(out)


@station()
def test_again():
    """the second backup of a phone stores only what changed"""
    import_agent()
    first = backup()
    settle()
    with open(flash('EMMC_USER'), 'r+b') as file:
        file.seek(40 << 20)
        file.write(os.urandom(4096))
    second = backup()
    assert first['backup'] != second['backup']
    one, two = answer('backups')['backups']
    assert one['device_key'] == two['device_key'] and two['sequence'] > one['sequence']
    assert 4096 <= two['new_bytes'] <= 2 << 20 < one['new_bytes'], (one, two)
    target = f'{os.environ["STATION_STATE"]}/out'
    ctl('export', second['backup'], target)
    assert compare(answer('show', second['backup']), target) == flash_size()
    ctl('verify', first['backup'])


@station()
def test_selection():
    """some partitions only; identity only"""
    import_agent()
    backup('--partitions', 'boot,nv*')
    manifest = answer('show', 'latest')
    names = {p['name'] for p in manifest['parts'] if p['status'] == 'ok'}
    assert manifest['kind'] == 'selection' and 'boot' in names, names
    assert all(n == 'boot' or n.startswith('nv') for n in names), names
    settle()
    stream = Stream('queue', '--profile', 'identity', '--wait')
    stream.until_state('waiting-for-device')
    plug()
    stream.end()
    manifest = answer('show', 'latest')
    assert manifest['kind'] == 'critical'
    classes = {p['class'] for p in manifest['parts'] if p['status'] == 'ok'}
    assert classes <= {'table', 'device-identity', 'lock-state', 'loader'}, classes


@station(phones=(PHONE, PHONE))
def test_two_phones():
    """two phones at once, each its own job and backup"""
    import_agent()
    jobs = [ctl('queue', '-p', 'mt6765', '--device', port)[0].strip() for port in
            ('1-1', '1-2')]
    watch = Stream('watch')
    listed = set()
    watch.until(lambda e: e['type'] == 'job' and (listed.add(str(e['id'])) or listed >= set(jobs)))
    plug(1)
    plug(2)
    watch.end()
    results = {str(e['id']): e for e in watch.events if e['type'] == 'result'}
    assert set(results) == set(jobs) and all(e['result'] == 'complete' for e in results.values())
    keys = {b['device_key'] for b in answer('backups')['backups']}
    assert len(keys) == 2, keys
    for number, job in enumerate(jobs, 1):
        target = f'{os.environ["STATION_STATE"]}/out{number}'
        ctl('export', results[job]['backup'], target)
        assert compare(answer('show', results[job]['backup']), target, number) == flash_size(number)


@station()
def test_detect():
    """detect tells what the phone is and saves nothing"""
    import_agent()
    stream = Stream('detect', '--timeout', '60')
    stream.until_state('waiting-for-device')
    plug()
    report = stream.end()
    assert report['type'] == 'report' and report['identity']['hw_code'] == '0x0766', report
    assert answer('backups')['backups'] == []
    assert report['storage'], report


@station()
def test_terminal():
    """on a terminal a line shows how far it is"""
    import_agent()
    waiter = subprocess.Popen(
        'until mtkbackupctl jobs --json | grep -q waiting-for-device; do sleep 0.1; done; '
        '"$STATION_PLUG"', shell=True)
    on_a_terminal = ('import os, pty, sys; '
                     'sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))')
    seen = subprocess.run([sys.executable, '-c', on_a_terminal, 'mtkbackupctl', 'queue', '-p',
                           'mt6765'], stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT,
                          env={**os.environ, 'LC_ALL': 'C.UTF-8', 'TERM': 'xterm'}, check=False)
    waiter.wait()
    text = seen.stdout.decode()
    assert seen.returncode == 0, text
    assert '\r' in text and '%' in text and '█' in text and ': complete' in text, text


run_tests([test_whole, test_ways_out, test_again, test_selection, test_two_phones, test_detect,
           test_terminal])
