# SPDX-License-Identifier: GPL-3.0-or-later
"""A made-up org.mtkbackup1 on the bus of a Rig: for what the real one does not do when asked."""
import os
import time

import dbus
import dbus.lowlevel
import dbus.service

import rig

OBJECTS = 'org.freedesktop.DBus.ObjectManager'
TEXTS = ('Kind', 'Name', 'State', 'Phase', 'Profile', 'Device', 'Result', 'ErrorName', 'ErrorMessage',
         'ErrorHint', 'Backup', 'UserAction')


def now():
    return int(time.time() * 1e6)


class Job(dbus.service.Object):
    def __init__(self, service, id, **properties):
        self.service, self.id = service, id
        self.path = f'{rig.ROOT}/job/_{id}'
        self.properties = {
            **{name: dbus.String('') for name in TEXTS}, 'Id': dbus.UInt32(id),
            'Kind': 'backup', 'State': 'queued', 'Profile': 'mt6765',
            'StartedByUID': dbus.UInt32(os.getuid()), 'ErrorStatus': dbus.UInt32(0),
            'QueuedAt': dbus.UInt64(now()), 'StartedAt': dbus.UInt64(0),
            'FinishedAt': dbus.UInt64(0), 'Cancelable': dbus.Boolean(True),
            'Automatic': dbus.Boolean(False), 'NeedsApproval': dbus.Boolean(False)}
        self.progress = {
            'BytesDone': dbus.UInt64(0), 'BytesTotal': dbus.UInt64(0), 'Progress': dbus.Double(0),
            'Rate': dbus.UInt64(0), 'ExpectedEndTime': dbus.UInt64(0), 'Item': dbus.String(''),
            'ItemIndex': dbus.UInt32(0), 'ItemCount': dbus.UInt32(0)}
        self.update(properties)
        super().__init__(service.link, self.path)

    def update(self, properties):
        for name, value in properties.items():
            assert name in self.properties, name
            self.properties[name] = type(self.properties[name])(value)

    def change(self, **properties):
        self.update(properties)
        self.PropertiesChanged(rig.JOB, {n: self.properties[n] for n in properties}, [])

    def advance(self, fraction, item='system'):
        self.progress.update(
            BytesDone=dbus.UInt64(fraction * 1000), BytesTotal=dbus.UInt64(1000),
            Progress=dbus.Double(fraction), Item=dbus.String(item), ItemCount=dbus.UInt32(3))
        self.PropertiesChanged(rig.PROGRESS, self.progress, [])

    def end(self, state, result=None, **more):
        self.change(State=state, Result=result or state, FinishedAt=now(), Cancelable=False, **more)

    @dbus.service.signal(rig.PROPERTIES, 'sa{sv}as')
    def PropertiesChanged(self, interface, changed, invalidated):
        pass

    def called(self, name):
        self.service.calls.append((name, self.id))
        if self.service.refusal:
            raise dbus.DBusException(self.service.refusal, name=f'{rig.NAME}.Error.NotAuthorized')

    @dbus.service.method(rig.JOB, 'a{sv}', '')
    def Cancel(self, options):
        self.called('Cancel')
        self.end('canceled', NeedsApproval=False)

    @dbus.service.method(rig.JOB, 'a{sv}', '')
    def Approve(self, options):
        self.called('Approve')
        self.change(NeedsApproval=False, StartedByUID=os.getuid())

    @dbus.service.method(rig.JOB, 'a{sv}', 'uo')
    def Retry(self, options):
        self.called('Retry')
        again = self.service.job(Profile=self.properties['Profile'])
        return dbus.UInt32(again.id), dbus.ObjectPath(again.path)


class Service(dbus.service.Object):
    def __init__(self, address, owns=True):
        self.jobs, self.devices, self.calls, self.refusal = {}, {}, [], None
        self.listener = None # unique name of whoever asked for the list
        self.link = dbus.bus.BusConnection(address)
        self.link.set_exit_on_disconnect(False)
        super().__init__(self.link, rig.ROOT)
        if owns:
            self.link.request_name(rig.NAME)

    def describe(self, job):
        return {rig.JOB: job.properties, rig.PROGRESS: job.progress}

    def device(self, port):
        """Path and interfaces; the bus's escape of "1-2"."""
        path = f'{rig.ROOT}/device/' + port.replace('-', '_2d').replace('1', '_31', 1)
        return dbus.ObjectPath(path), {rig.DEVICE: {'Port': port, 'Chip': self.devices[port]}}

    def plug(self, port, chip):
        self.devices[port] = chip
        self.InterfacesAdded(*self.device(port))

    def unplug(self, port):
        self.InterfacesRemoved(self.device(port)[0], [rig.DEVICE])
        del self.devices[port]

    @dbus.service.method(OBJECTS, '', 'a{oa{sa{sv}}}', sender_keyword='sender',
                         message_keyword='message')
    def GetManagedObjects(self, sender=None, message=None):
        self.listener, self.would_start = sender, message.get_auto_start()
        found = {dbus.ObjectPath(j.path): self.describe(j) for j in self.jobs.values()}
        found.update(dict([self.device(port) for port in self.devices]))
        return dbus.Dictionary(found, signature='oa{sa{sv}}')

    @dbus.service.signal(OBJECTS, 'oa{sa{sv}}')
    def InterfacesAdded(self, path, interfaces):
        pass

    @dbus.service.signal(OBJECTS, 'oas')
    def InterfacesRemoved(self, path, interfaces):
        pass

    @dbus.service.signal(rig.MANAGER, 's')
    def StoreDamaged(self, text):
        pass

    def job(self, **properties):
        job = Job(self, len(self.jobs) + 1, **properties)
        self.jobs[job.id] = job
        self.InterfacesAdded(dbus.ObjectPath(job.path), self.describe(job))
        return job

    def leave(self):
        for thing in (*self.jobs.values(), self):
            thing.remove_from_connection()
        self.link.close()


def forge(connection, destination, path, interface, member, signature, *arguments):
    """A signal from whoever this connection is; to one alone, when there is a destination."""
    message = dbus.lowlevel.SignalMessage(path, interface, member)
    if destination:
        message.set_destination(destination)
    message.append(*arguments, signature=signature)
    connection.send_message(message)
    connection.flush()
