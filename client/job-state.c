/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "client/bus-read.h"
#include "client/job-state.h"
#include "dbus/names.h"

bool job_finished(const json_t *job)
{
        static const char *const final[] = { STATE_DONE, STATE_FAILED, STATE_CANCELED,
                STATE_INTERRUPTED };
        const char *state = object_text(job, "state");

        for (size_t i = 0; i < ELEMENTS(final); i++)
                if (strcmp(state, final[i]) == 0)
                        return true;
        return false;
}

const char *job_doing(const json_t *job)
{
        static const struct {
                const char *phase, *words;
        } phases[] = {
                { "connect", "connecting" },
                { "handshake", "waking the phone" },
                { "identify", "identifying the phone" },
                { "agent", "starting the download agent" },
                { "storage", "asking for the storage" },
                { "idle", "preparing" },
                { "finish", "letting the phone go" },
                { "", "preparing" },
        };
        const char *phase = object_text(job, "phase");

        if (strcmp(object_text(job, "state"), STATE_VERIFYING) == 0)
                return "verifying";
        if (strcmp(object_text(job, "kind"), "verify") == 0)
                return "checking";
        for (size_t i = 0; i < ELEMENTS(phases); i++)
                if (strcmp(phase, phases[i].phase) == 0)
                        return phases[i].words;
        return phase;
}
