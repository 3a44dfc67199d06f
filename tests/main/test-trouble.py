#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong while a job runs, as the person sees it."""
import glob
from station import *

SLOW = PHONE + ',pace=8'


@station(phones=(SLOW,))
def test_unplug():
    """a pulled cable: one cause, earlier backups whole, the next try works"""
    import_agent()
    stream = plugged()
    stream.until(lambda e: e['type'] == 'progress' and e.get('bytes_done', 0) > 0)
    unplug()
    result = stream.end(1)
    assert result['result'] == 'failed' and result['error_name'].endswith('DeviceGone'), result
    assert result['error_message']
    left = answer('backups')['backups']
    for b in left:
        ctl('verify', b['id'])
    backup()
    ctl('verify', 'latest')
    assert not glob.glob(f'{os.environ["STATION_STORE"]}/incoming/*')


@station(phones=(SLOW,))
def test_cancel():
    """cancel while it reads: 10, the phone is let go, nothing half is listed"""
    import_agent()
    stream = plugged()
    job = stream.until(lambda e: e['type'] == 'progress' and e.get('bytes_done', 0) > 0)['id']
    ctl('cancel', str(job))
    result = stream.end(10)
    assert result['result'] == 'canceled', result
    ctl('cancel', str(job), code=1)
    assert all(b['kind'] == 'critical' for b in answer('backups')['backups'])


@station(phones=(SLOW,))
def test_two_cancel():
    """two clients cancel at once: it ends once, both get an answer"""
    import_agent()
    stream = plugged()
    job = str(stream.until(lambda e: e['type'] == 'progress')['id'])
    both = [subprocess.Popen(['mtkbackupctl', 'cancel', job], stderr=subprocess.DEVNULL)
            for _ in range(2)]
    codes = sorted(p.wait(LIMIT) for p in both)
    assert codes in ([0, 0], [0, 1]), codes
    stream.end(10)


@station()
def test_cancel_waiting():
    """cancel a job that waits"""
    import_agent()
    job = ctl('queue', '-p', 'mt6765')[0].strip()
    ctl('cancel', job)
    assert answer('job', job)['result'] == 'canceled'
    ctl('watch', code=4)
    ctl('watch', job, code=10)


@station(phones=(SLOW,))
def test_killed():
    """the service is killed: the client says so, afterwards the job is interrupted, once"""
    import_agent()
    stream = plugged()
    job = stream.until(lambda e: e['type'] == 'progress')['id']
    call('daemon', 'kill')
    last = stream.end(7)
    assert last['type'] == 'error' and last['exit_code'] == 7
    call('daemon', 'start')
    after = answer('job', str(job))
    assert after['result'] == 'interrupted', after
    for b in answer('backups')['backups']:
        ctl('verify', b['id'])


@station()
def test_restart():
    """a job that waits survives a restart"""
    import_agent()
    job = ctl('queue', '-p', 'mt6765', '--name', 'patient')[0].strip()
    call('daemon', 'restart')
    watch = Stream('watch', job)
    watch.until_state('waiting-for-device')
    plug()
    result = watch.end()
    assert result['result'] == 'complete'
    assert answer('backups')['backups'][0]['name'] == 'patient'


@station()
def test_bus_restart():
    """the bus goes away: 7, and everything works when it is back"""
    import_agent()
    stream = Stream('queue', '-p', 'mt6765', '--wait')
    stream.until_state('waiting-for-device')
    call('bus', 'stop')
    assert stream.end(7)['exit_code'] == 7
    call('bus', 'start')
    call('daemon', 'restart')
    jobs = answer('jobs')['jobs']
    assert [j['state'] for j in jobs] == ['waiting-for-device'], jobs
    ctl('cancel', str(jobs[0]['id']))


@station(phones=(SLOW,))
def test_detach():
    """^C leaves the job running; watch takes it up again"""
    import_agent()
    first = plugged()
    job = first.until(lambda e: e['type'] == 'progress')['id']
    first.process.send_signal(signal.SIGINT)
    first.end(130)
    assert Stream('watch', str(job)).end()['result'] == 'complete'


@station(phones=(PHONE, PHONE.replace('mt6765', 'mt6785')))
def test_other_phone():
    """a phone that the profile is not for: seen, let go, the job waits on"""
    import_agent()
    stream = plugged(number=2)
    stream.until(lambda e: 'MT6785' in json.dumps(e))
    job = answer('jobs')['jobs'][0]
    assert job['state'] == 'waiting-for-device', job
    settle(2)
    plug(1)
    assert stream.end()['result'] == 'complete'


@station()
def test_nobody_asked():
    """a phone nobody asked for is listed and not spoken to"""
    import_agent()
    plug()
    for _ in range(100):
        devices = answer('devices')['devices']
        if devices:
            break
        time.sleep(0.05)
    assert devices[0]['state'] == 'attached' and devices[0]['job'] is None, devices
    events = read(os.environ['STATION_EVENTS']).decode()
    assert 'handshake' not in events.lower(), events


@station()
def test_timeout():
    """no phone in time: 8, the job is canceled"""
    import_agent()
    ctl('queue', '-p', 'mt6765', '--wait', '--timeout', '1', code=8)
    assert answer('jobs')['jobs'][0]['result'] == 'canceled'


@station()
def test_no_agent():
    """without a download agent the job is refused with chip and command"""
    _, err = ctl('queue', '-p', 'mt6765', code=1)
    assert 'MT6765' in err and 'agents import' in err, err
    assert answer('jobs')['jobs'] == []
    with open(f'{os.environ["STATION_STATE"]}/bad.bin', 'wb') as file:
        file.write(b'no agent' * 100)
    ctl('agents', 'import', f'{os.environ["STATION_STATE"]}/bad.bin', code=1)
    assert answer('agents')['agents'] == []


@station()
def test_damage():
    """damage on the disk: verify and export name it, with 9, and hand out nothing false"""
    import_agent()
    backup()
    manifest = answer('show', 'latest')
    part = next(p for p in manifest['parts'] if p['name'] == 'boot')
    key = answer('backups')['backups'][0]['device_key']
    index = read(f'{os.environ["STATION_STORE"]}/backups/{key}/{manifest["id"]}/{part["index"]}')
    chunk = index[64 + 8:64 + 40].hex()
    path = f'{os.environ["STATION_STORE"]}/chunks.castr/{chunk[:4]}/{chunk}.cacnk'
    os.chmod(path, 0o600)
    data = bytearray(read(path))
    data[len(data) // 2] ^= 1
    with open(path, 'wb') as file:
        file.write(data)
    _, err = ctl('verify', 'latest', code=9)
    assert 'boot' in err, err
    target = f'{os.environ["STATION_STATE"]}/out'
    ctl('export', 'latest', 'boot', target, code=9)
    assert os.listdir(target) == [], os.listdir(target)
    assert answer('backups')['backups'][0]['verified'] == 'damaged'
    settle()
    backup()
    ctl('verify', 'latest')


@station()
def test_delete():
    """a deleted backup is gone from the list; another one stays"""
    import_agent()
    first = backup()['backup']
    settle()
    second = backup()['backup']
    ctl('delete', first, code=2)
    ctl('delete', first, '--yes')
    assert [b['id'] for b in answer('backups')['backups']] == [second]
    ctl('verify', second)
    ctl('show', first, code=5)


@station(phones=(SLOW,), strict=False)
def test_agent_left_running():
    """service and worker killed at once: who asks next is told that an agent still runs"""
    import_agent()
    stream = plugged()
    stream.until(lambda e: e['type'] == 'progress' and e.get('bytes_done', 0) > 0)
    daemon = int(subprocess.run([os.environ['STATION_CALL'], 'daemon', 'pid'], check=True,
                                text=True, stdout=subprocess.PIPE).stdout.split()[-1])
    # stopped first, or it would see its helpers go
    os.kill(daemon, signal.SIGSTOP)
    with open(f'/proc/{daemon}/task/{daemon}/children', encoding='utf-8') as file:
        for child in file.read().split():
            os.kill(int(child), signal.SIGKILL)
    call('daemon', 'kill')
    stream.process.kill()
    stream.process.wait()
    call('daemon', 'start')
    jobs = [json.loads(ctl('queue', '-p', 'mt6765', '--no-wait', '--json')[0])['id']
            for _ in range(2)]
    end = time.monotonic() + LIMIT
    shown = {}
    while not shown.get(jobs[1], {}).get('user_action') or shown[jobs[0]]['state'] != 'failed':
        assert time.monotonic() < end, shown
        shown = {j['id']: j for j in answer('jobs')['jobs']}
        time.sleep(0.05)
    failed = shown[jobs[0]]
    # it is silent, or goes on with the data it was about to send, in which any answer may lie
    assert failed['error_name'].endswith(('HandshakeTimeout', 'ProtocolViolation')), failed
    for text in (failed['error_message'] + failed['error_hint'], shown[jobs[1]]['user_action']):
        assert 'power key for' in text, text
        assert 'download agent still runs on it' in text or 'while reading its' in text, text
    assert shown[jobs[1]]['state'] == 'waiting-for-device', shown
    # as it says
    unplug()
    call('set', '1', 'pace=0')
    plug()
    assert Stream('watch', str(jobs[1])).end()['result'] == 'complete'


run_tests([test_unplug, test_cancel, test_two_cancel, test_cancel_waiting, test_killed, test_restart,
           test_bus_restart, test_detach, test_other_phone, test_nobody_asked, test_timeout,
           test_no_agent, test_damage, test_delete, test_agent_left_running])
