/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/device.h"

#include <string.h>

#include "basic/table.h"

static const char *const state_names[_DEVICE_STATE_MAX] = {
        [DEVICE_ATTACHED] = "attached",
        [DEVICE_LEFT_ALONE] = "left-alone",
        [DEVICE_CONNECTING] = "connecting",
        [DEVICE_PREPARING] = "preparing",
        [DEVICE_READY] = "ready",
        [DEVICE_BUSY] = "busy",
        [DEVICE_LETTING_GO] = "letting-go",
        [DEVICE_RELEASED] = "released",
        [DEVICE_FAILED] = "failed",
};

const char *device_state_to_string(DeviceState s)
{
        return table_name(state_names, ELEMENTS(state_names), (int)s);
}

static void device_free(Device *d)
{
        sd_event_source_disable_unref(d->alone);
        session_free(d->session);
        free(d);
}

void devices_done(Devices *d)
{
        while (d->n > 0)
                device_free(d->list[--d->n]);
}

void devices_listen(Devices *d, const DeviceEvents *events, void *userdata)
{
        d->events = events;
        d->userdata = userdata;
}

Device *devices_find(const Devices *d, const char *port)
{
        for (size_t i = 0; i < d->n; i++)
                if (strcmp(d->list[i]->port, port) == 0)
                        return d->list[i];
        return NULL;
}

Device *devices_add(Devices *d, const HotplugDevice *plug)
{
        Device *device;

        /* a port or node whose name does not fit is none that the kernel gives */
        if (d->n == DEVICES_MAX || strlen(plug->port) >= sizeof device->port ||
                strlen(plug->node) >= sizeof device->node)
                return NULL;
        device = calloc(1, sizeof *device);
        if (!device)
                return NULL;
        snprintf(device->port, sizeof device->port, "%s", plug->port);
        return d->list[d->n++] = device;
}

void devices_changed(Devices *d, Device *device)
{
        bool fresh = !device->told;

        if (!d->events)
                return;
        device->told = true;
        if (fresh) {
                d->events->added(d->userdata, device);
                d->events->counted(d->userdata);
        } else
                d->events->changed(d->userdata, device);
}

void devices_remove(Devices *d, Device *device)
{
        bool told = device->told;

        if (told)
                d->events->removed(d->userdata, device);
        for (size_t i = 0; i < d->n; i++) {
                if (d->list[i] != device)
                        continue;
                memmove(d->list + i, d->list + i + 1, (d->n - i - 1) * sizeof *d->list);
                d->n--;
                break;
        }
        device_free(device);
        if (told)
                d->events->counted(d->userdata);
}

/* ---- ports that let a phone go ---- */

void devices_released(Devices *d, const char *port, uint64_t now, uint64_t usec, uint32_t next_job)
{
        size_t place = 0;

        /* its own place, else the one that ends first: free ones have ended long ago */
        for (size_t i = 0; i < ELEMENTS(d->released); i++) {
                if (strcmp(d->released[i].port, port) == 0) {
                        place = i;
                        break;
                }
                if (d->released[i].until < d->released[place].until)
                        place = i;
        }
        snprintf(d->released[place].port, sizeof d->released[place].port, "%s", port);
        d->released[place].why[0] = 0;
        d->released[place].until = now + usec;
        d->released[place].next_job = next_job;
}

void devices_explain(Devices *d, const char *port, const char *why)
{
        for (size_t i = 0; i < ELEMENTS(d->released); i++)
                if (strcmp(d->released[i].port, port) == 0)
                        snprintf(d->released[i].why, sizeof d->released[i].why, "%s", why);
}

const char *devices_why(const Devices *d, const char *port)
{
        for (size_t i = 0; i < ELEMENTS(d->released); i++)
                if (strcmp(d->released[i].port, port) == 0)
                        return d->released[i].why;
        return "";
}

uint64_t devices_alone_until(Devices *d, const char *port, uint64_t now, uint32_t *ret_next_job)
{
        *ret_next_job = 0;
        for (size_t i = 0; i < ELEMENTS(d->released); i++) {
                uint64_t until = d->released[i].until;

                if (strcmp(d->released[i].port, port) != 0)
                        continue;
                *ret_next_job = d->released[i].next_job;
                d->released[i].port[0] = 0;
                d->released[i].until = 0;
                return until > now ? until : 0;
        }
        return 0;
}
