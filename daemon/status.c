/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/status.h"

#include <string.h>
#include <systemd/sd-daemon.h>

void status_ready(Manager *m)
{
        if (m->ready)
                return;
        m->ready = true;
        (void)sd_notify(false, "READY=1");
        status_update(m);
}

void status_update(Manager *m)
{
        size_t waiting = 0, open = queue_open_count(m->queue);
        char text[sizeof m->status];

        for (size_t i = 0; i < queue_count(m->queue); i++)
                if (job_is_pending(queue_at(m->queue, i)))
                        waiting++;
        snprintf(text, sizeof text, "STATUS=%zu phones attached, %zu jobs running, %zu waiting%s",
                m->devices.n, open - waiting, waiting,
                store_state(m->store) == STORE_FAILED ? "; the store cannot be used" : "");
        if (strcmp(text, m->status) == 0)
                return;
        memcpy(m->status, text, sizeof text);
        (void)sd_notify(false, text);
}
