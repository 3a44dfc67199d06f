#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A phone whose chip is in no table."""
from station import (LIMIT, Stream, answer, call, compare, ctl, flash_size, import_agent, os, plug,
                     read, run_tests, settle, station, tempfile, time, unplug)

UNKNOWN = 'mt6765-unknown,user=16M,boot=1M'


def backup(*arguments, code=0):
    stream = Stream('queue', '--profile', 'full', '--wait', *arguments)
    stream.until_state('waiting-for-device')
    plug()
    return stream.end(code)


def is_whole():
    manifest = answer('show', 'latest')
    with tempfile.TemporaryDirectory(dir=os.environ['STATION_STATE']) as folder:
        ctl('export', 'latest', folder)
        assert compare(manifest, folder) == flash_size()
    return manifest


def restart_by_hand():
    """The phone that was asked who it is waits: it has to be switched off and on."""
    unplug()
    call('set', '1', 'again_ms=300')
    end = time.monotonic() + LIMIT
    while answer('devices')['devices'] and time.monotonic() < end:
        time.sleep(0.05)


@station(phones=[UNKNOWN])
def test_by_hand():
    """nobody knows the chip: code, what was tried, and the command that tries it, which works"""
    import_agent()
    end = backup(code=1)
    text, hint = end['error_message'], end['error_hint']
    assert end['error_name'].endswith('.UnsupportedChip'), end
    for piece in ('0x4321', '0x8a00', '0xca00', '95 chips', '(there are 1)'):
        assert piece in text, text
    command = hint.split('(phones are only read): ')[1].split('. ')[0].split()
    assert command[:2] == ['mtkbackupctl', 'queue'], hint
    restart_by_hand()
    stream = Stream(*command[1:], '--wait')
    stream.until_state('waiting-for-device')
    plug()
    stream.end()
    manifest = is_whole()
    assert manifest['device']['hw_code'] == '0x4321', manifest['device']
    _, err = ctl('queue', '--profile', 'full', '--chip', 'MT1', code=2)
    assert 'MT6765' in err, err


@station(phones=[UNKNOWN])
def test_detect():
    """detect says who it is all the same, and why there is no more"""
    import_agent()
    stream = Stream('detect')
    stream.until_state('waiting-for-device')
    plug()
    report = stream.end()
    assert report['identity']['hw_code'] == '0x4321' and 'storage' not in report, report
    assert 'chip' not in report['identity'] and report['identity']['me_id'], report
    assert '0x4321' in report['notes'][0], report
    said = ' '.join(e['text'] for e in stream.events if e['type'] == 'log')
    assert 'hold its power button for ten seconds. The report has no part' in said, said


def answers_detect(error):
    """The report of a detect job that fails."""
    import_agent()
    stream = Stream('detect')
    stream.until_state('waiting-for-device')
    plug()
    report = stream.end(1)
    result = next(e for e in stream.events if e.get('type') == 'result')
    assert result['error_name'].endswith('.' + error), result
    assert 'storage' not in report and result['error_message'] in report['notes'], report
    assert report['identity']['me_id'] and report['identity']['mode'], report
    return report['identity']['security']


@station(phones=['mt6765-fused,user=16M,window_ms=1500'])
def test_detect_protected():
    """a phone that takes no agent but its maker's: detect fails, and says who it is"""
    assert answers_detect('AuthRequired') == ['sbc', 'sla', 'daa']


@station(phones=['mt6765-brom-locked,user=16M'])
def test_detect_without_settings():
    """so it does when the settings for boot ROM mode are missing"""
    assert answers_detect('NoDownloadAgent') == ['sbc', 'sla', 'daa']


def by_itself():
    import_agent()
    backup()
    settle()
    manifest = is_whole()
    assert manifest['device'].get('chip', '') == '', manifest['device']
    log = read(os.environ['STATION_LOG']).decode()
    assert 'breach' not in read(os.environ['STATION_EVENTS']).decode()
    return log


@station(phones=['mt6765-new,user=16M,boot=1M'])
def test_agent_xflash():
    """an agent for the code is there: tried by itself, its protocol found by listening"""
    assert 'started and listened to' in by_itself()


@station(phones=['mt6781-new,user=16M,boot=1M'])
def test_agent_xml():
    """an agent of the sixth generation is known by its description"""
    assert 'listened to' not in by_itself()


run_tests([test_by_hand, test_detect, test_detect_protected, test_detect_without_settings,
           test_agent_xflash, test_agent_xml])
