/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/dispatch-admit.h"

#include <errno.h>

#include "profile/chip.h"

static int no_agent(Failure *f, const char *chip)
{
        failure_set(f, -ENOENT, ERROR_NO_DOWNLOAD_AGENT,
                "No imported download agent is for the chip %s.", chip);
        failure_hint(f, "Import one that is: mtkbackupctl agents import FILE.");
        return -ENOENT;
}

/* Only for a chip that the profile names by itself; for others the phone has to be seen first. */
static int admit_agent(Manager *m, const Profile *p, Failure *f)
{
        const Chip *chip = chip_by_code(p->hw_code);
        AgentWanted wanted = {
                .pattern = p->agent,
                .hw_code = p->hw_code,
                .da_code = chip ? chip->da_code : p->hw_code,
                .hw_ver = UINT16_MAX,
                .sw_ver = UINT16_MAX,
        };
        char code[16];

        if (p->match_any || !agents_ready(m->agents) || agents_have(m->agents, &wanted))
                return 0;
        snprintf(code, sizeof code, "0x%04x", p->hw_code);
        return no_agent(f, p->chip[0] ? p->chip : code);
}

static int admit_backup(Manager *m, const JobRequest *request, Failure *f)
{
        const Profile *p = profile_set_get(&m->profiles, request->profile, f);
        int r;

        if (!p)
                return -ENOENT;
        /* first the store: without helpers that run no agent could be looked at either */
        r = store_admit_backup(m->store, f);
        return r < 0 ? r : admit_agent(m, p, f);
}

static int admit_detect(Manager *m, const JobRequest *request, Failure *f)
{
        if (request->profile[0] == 0 || profile_set_get(&m->profiles, request->profile, f))
                return 0;
        return -ENOENT;
}

static int admit_verify(Manager *m, const JobRequest *request, Failure *f)
{
        int r = store_admit(m->store, f);

        if (r < 0 || catalogue_find(store_catalogue(m->store), request->backup))
                return r;
        return failure_set(
                f, -ENOENT, ERROR_NO_SUCH_BACKUP, "There is no backup \"%s\".", request->backup);
}

int dispatch_admit(Manager *m, const JobRequest *request, Failure *f)
{
        static int (*const admit[_JOB_KIND_MAX])(
                Manager * m, const JobRequest *request, Failure *f) = {
                [JOB_BACKUP] = admit_backup,
                [JOB_DETECT] = admit_detect,
                [JOB_VERIFY] = admit_verify,
        };

        return admit[request->kind](m, request, f);
}
