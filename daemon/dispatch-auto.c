/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/dispatch-auto.h"

#include <errno.h>
#include <string.h>

#include "basic/log.h"
#include "daemon/bus.h"
#include "daemon/dispatch.h"

bool dispatch_auto_enabled(const Manager *m, PolicySource *ret_by)
{
        return policy_enabled(&m->config.automatic, auto_state_switch(m->automatic), ret_by);
}

static int not_saved(Failure *f, int error)
{
        return failure_set(f, error, ERROR_STORE_FAILED,
                "What was decided about automatic backup cannot be saved: %s.", strerror(-error));
}

int dispatch_auto_switch(Manager *m, PolicyChoice choice, Failure *f)
{
        int r = auto_state_set_switch(m->automatic, choice);

        if (r < 0)
                return not_saved(f, r);
        log_notice("Automatic backup is %s", dispatch_auto_enabled(m, NULL) ? "on" : "off");
        bus_auto_changed(m->bus);
        dispatch_schedule(m);
        return 0;
}

/* ---- consent ---- */

static int remember(Manager *m, const Job *j, bool refused, uid_t uid, Failure *f)
{
        const AutoPhone *known = auto_state_find(m->automatic, j->request.mark);
        AutoPhone phone = known ? *known : (AutoPhone){ 0 };
        int r;

        snprintf(phone.mark, sizeof phone.mark, "%s", j->request.mark);
        phone.refused = refused;
        phone.uid = uid;
        phone.since = manager_now(m);
        r = auto_state_put(m->automatic, &phone);
        if (r == -ENOSPC)
                return failure_set(f, r, ERROR_QUEUE_FULL,
                        "%d phones are remembered already; forget some: mtkbackupctl auto forget.",
                        AUTO_PHONES_MAX);
        return r < 0 ? not_saved(f, r) : 0;
}

int dispatch_auto_approve(Manager *m, Job *j, uid_t uid, Failure *f)
{
        int r;

        if (!j->request.automatic || job_is_final(j))
                return failure_set(f, -EINVAL, ERROR_FAILED,
                        "Job %u is none that waits for somebody to agree to it.", j->id);
        if (!j->request.needs_approval)
                return 0;
        r = remember(m, j, false, uid, f);
        if (r < 0)
                return r;
        j->request.needs_approval = false;
        j->request.uid = uid;
        r = queue_save(m->queue);
        if (r < 0)
                log_error("Job %u: its approval is not saved: %s", j->id, strerror(-r));
        queue_changed(m->queue, j, JOB_CHANGED_APPROVAL);
        dispatch_schedule(m);
        return 0;
}
