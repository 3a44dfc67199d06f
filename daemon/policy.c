/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/policy.h"

#include <string.h>
#include <strings.h>

static const char *const choice_names[] = {
        [CHOICE_NONE] = "none",
        [CHOICE_OFF] = "off",
        [CHOICE_ON] = "on",
};
DEFINE_TABLE(policy_choice, PolicyChoice, choice_names)

static const char *const source_names[] = {
        [SOURCE_DEFAULT] = "default",
        [SOURCE_CONFIGURATION] = "configuration",
        [SOURCE_SWITCH] = "switch",
};
DEFINE_TABLE(policy_source, PolicySource, source_names)

bool policy_enabled(const PolicyRules *r, PolicyChoice switched, PolicySource *ret_by)
{
        PolicySource by = switched ? SOURCE_SWITCH
                : r->enabled       ? SOURCE_CONFIGURATION
                                   : SOURCE_DEFAULT;

        if (ret_by)
                *ret_by = by;
        return (switched ?: r->enabled) == CHOICE_ON;
}

uint32_t policy_interval(const PolicyRules *r)
{
        return r->interval.set ? r->interval.seconds : POLICY_INTERVAL_DEFAULT;
}

uint32_t policy_hold(const PolicyRules *r)
{
        return r->hold.set ? r->hold.seconds : POLICY_HOLD_DEFAULT;
}

/* ---- one phone ---- */

static bool is_due(const PolicyRules *r, const PolicyFacts *f)
{
        if (f->recent)
                return false;
        /* no date means anything then */
        if (f->now < POLICY_CLOCK_MIN * UINT64_C(1000000))
                return true;
        return f->last == 0 || f->last > f->now ||
                f->now - f->last >= policy_interval(r) * UINT64_C(1000000);
}

static PolicyDecision decide_unknown(const PolicyRules *r, const PolicyFacts *f)
{
        if (f->queued)
                return POLICY_ASKED;
        if (r->known_only)
                return POLICY_UNKNOWN_PHONE;
        return f->asking < POLICY_ASKING_MAX ? POLICY_ASK : POLICY_ASKING_TOO_MANY;
}

PolicyDecision policy_decide(const PolicyRules *r, const PolicyFacts *f)
{
        if (!f->enabled)
                return POLICY_OFF;
        if (f->writer_waits)
                return POLICY_WRITER_WAITS;
        if (!f->store_usable)
                return POLICY_NO_STORE;
        if (!f->has_profile)
                return POLICY_NO_PROFILE;
        if (!f->has_agent)
                return POLICY_NO_AGENT;
        if (f->identity != IDENTITY_KNOWN)
                return f->identity == IDENTITY_LATER ? POLICY_IDENTIFY : POLICY_NO_IDENTITY;
        if (f->consent == CONSENT_REFUSED)
                return POLICY_REFUSED;
        if (f->consent == CONSENT_NONE)
                return decide_unknown(r, f);
        if (f->queued)
                return POLICY_QUEUED;
        if (f->failures >= POLICY_FAILURES_MAX)
                return POLICY_FAILED_TOO_OFTEN;
        return is_due(r, f) ? POLICY_BACK_UP : POLICY_NOT_DUE;
}

const char *policy_reason(PolicyDecision d)
{
        static const char *const reasons[_POLICY_DECISION_MAX] = {
                [POLICY_OFF] = "No queued job is for this phone.",
                [POLICY_WRITER_WAITS] = "Nothing is backed up automatically while a job waits that "
                                        "writes to a phone.",
                [POLICY_NO_STORE] = "The store cannot be used for a backup now.",
                [POLICY_NO_PROFILE] = "The profile of automatic backup is not for this phone.",
                [POLICY_NO_AGENT] = "No imported download agent fits this phone.",
                [POLICY_NO_IDENTITY] = "The phone gives no id of its own, so that it cannot be "
                                       "backed up automatically; it can by hand.",
                [POLICY_REFUSED] = "Somebody refused the automatic backup of this phone; "
                                   "mtkbackupctl auto status lists it.",
                [POLICY_ASKED] =
                        "Nobody has agreed to the automatic backup of this phone yet: a job "
                        "waits for that.",
                [POLICY_UNKNOWN_PHONE] = "Only known phones are backed up automatically, and this "
                                         "is none.",
                [POLICY_ASKING_TOO_MANY] = "Too many phones wait already for somebody to agree to "
                                           "their automatic backup.",
                [POLICY_QUEUED] = "A job for this phone is queued already.",
                [POLICY_FAILED_TOO_OFTEN] = "The automatic backup of this phone failed several "
                                            "times within the last hour.",
                [POLICY_NOT_DUE] = "The last backup of this phone is recent enough.",
        };

        return table_name(reasons, ELEMENTS(reasons), (int)d) ?: "";
}

static bool counts(const Backup *b, const Profile *p)
{
        if (strcmp(b->verified, "damaged") == 0)
                return false;
        return strcmp(b->kind, "full") == 0 ||
                (strcmp(b->kind, profile_kind_to_string(p->kind)) == 0 &&
                        strcmp(b->profile, p->name) == 0);
}

uint64_t policy_last(
        const Catalogue *c, const char *device_key, const Profile *profile, uint64_t now)
{
        uint64_t last = 0;

        for (size_t i = 0; i < c->n; i++) {
                const Backup *b = c->backups[i];

                if (strcmp(b->device_key, device_key) == 0 && counts(b, profile) &&
                        b->start <= now + POLICY_FUTURE_TIME * UINT64_C(1000000))
                        last = MAX(last, MIN(b->start, now));
        }
        return last;
}

/* ---- profiles ---- */

const Profile *policy_profile(
        const PolicyRules *r, const ProfileSet *profiles, uint16_t hw_code, const char *chip)
{
        const Profile *other = NULL, *p;

        if (r->profile[0]) {
                p = profile_set_get(profiles, r->profile, NULL);
                return p && profile_matches(p, hw_code) ? p : NULL;
        }
        for (size_t i = 0; i < profiles->n; i++) {
                p = profiles->entries[i].profile;
                if (!p || p->match_any || !profile_matches(p, hw_code))
                        continue;
                if (strcasecmp(p->name, chip) == 0)
                        return p;
                other = other ?: p;
        }
        return other ?: profile_set_get(profiles, "full", NULL);
}
