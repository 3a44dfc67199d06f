/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/dispatch-agent.h"

#include <string.h>

#include "basic/fd.h"
#include "basic/log.h"
#include "daemon/work.h"

static AgentWanted wanted_agent(const Profile *p, const Phone *phone, const Chip *chip)
{
        return (AgentWanted){
                .pattern = p ? p->agent : "auto",
                .hw_code = phone->hw_code,
                .da_code = chip ? chip->da_code : phone->hw_code,
                .hw_ver = phone->hw_ver,
                .sw_ver = phone->sw_ver,
        };
}

bool dispatch_agent_fits(const Manager *m, const Profile *p, const Phone *phone, const Chip *chip)
{
        AgentWanted wanted = wanted_agent(p, phone, chip);

        return agents_have(m->agents, &wanted);
}

void dispatch_agent_missing(const Manager *m, const Phone *phone, const Chip *chip, Failure *f)
{
        char what[96];

        phone_describe(phone, what, sizeof what);
        if (chip && !phone->chip[0]) {
                failure_set(f, 0, ERROR_NO_DOWNLOAD_AGENT,
                        "No imported download agent is for %s, as which this phone was to be "
                        "tried.",
                        chip->name);
                failure_hint(f, "Import one that is: mtkbackupctl agents import FILE.");
        } else if (chip) {
                failure_set(f, 0, ERROR_NO_DOWNLOAD_AGENT,
                        "No imported download agent fits this phone, %s.", what);
                failure_hint(f, "Import one that does: mtkbackupctl agents import FILE.");
        } else {
                chip_unknown(f, phone->hw_code, phone->hw_sub, phone->hw_ver, phone->sw_ver,
                        agents_count(m->agents));
        }
        failure_phase(f, "agent");
}

static void give_preloader(Manager *m, Session *s, const Profile *p)
{
        _cleanup_close_ int fd = -1;
        size_t n;
        const Agent *preloader = agents_pick_preloader(m->agents, p ? p->preloader : "auto", &n);

        if (preloader)
                fd = agents_open(m->agents, preloader);
        else if (n > 1 && s->job)
                work_log(m, s->job, LOG_WARNING,
                        "%zu imported preloaders could be this phone's; say which in the profile: "
                        "\"preloader: NAME\".",
                        n);
        session_preloader(s, fd);
}

void dispatch_agent_give(
        Manager *m, Session *s, const Profile *p, const Chip *chip, const Message *msg)
{
        AgentWanted wanted = wanted_agent(p, &s->phone, chip);
        uint64_t da_code = wanted.da_code;
        _cleanup_close_ int fd = -1;
        const Agent *agent;

        if (strcmp(message_text(msg, "KIND"), "preloader") == 0) {
                give_preloader(m, s, p);
                return;
        }
        (void)message_get_u64(msg, "DA_CODE", UINT16_MAX, &da_code);
        wanted.da_code = (uint16_t)da_code;
        agent = agents_pick(m->agents, &wanted);
        if (agent)
                fd = agents_open(m->agents, agent);
        if (agent && fd < 0)
                log_error("The download agent %s cannot be opened: %s", agent->file, strerror(-fd));
        session_agent(s, fd, fd < 0 ? NULL : agent->name, fd < 0 ? NULL : agent->sha256);
}
