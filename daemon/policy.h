/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Automatic backup: what is to become of a phone that appears without a job that asks for it.
 *
 * Everything here is a pure function of what it is given: the rules of the configuration, the
 * switch, what is known about the phone, and the time. dispatch-auto.c gathers that and does what
 * was decided. */

#include "basic/table.h"
#include "daemon/catalogue.h"
#include "daemon/profile-set.h"

/* Something that is on, off, or was never said. */
typedef enum PolicyChoice { CHOICE_NONE, CHOICE_OFF, CHOICE_ON, _CHOICE_MAX } PolicyChoice;
DECLARE_TABLE(policy_choice, PolicyChoice);

/* Who has decided whether phones are backed up automatically. */
typedef enum PolicySource {
        SOURCE_DEFAULT,
        SOURCE_CONFIGURATION,
        SOURCE_SWITCH,
        _POLICY_SOURCE_MAX
} PolicySource;
DECLARE_TABLE(policy_source, PolicySource);

enum {
        POLICY_INTERVAL_DEFAULT = 20 * 3600, /* seconds: once a day, at no exact hour */
        POLICY_INTERVAL_MAX = 366 * 24 * 3600,
        POLICY_HOLD_DEFAULT = 30, /* seconds */
        POLICY_HOLD_MAX = 600,
        POLICY_ASKING_MAX = 16,       /* phones that wait for somebody to agree */
        POLICY_FAILURES_MAX = 3,      /* of one phone within … */
        POLICY_FAILURES_TIME = 3600,  /* … so many seconds */
        POLICY_FUTURE_TIME = 3600,    /* seconds by which a clock may have been set back */
        POLICY_CLOCK_MIN = 1577836800 /* seconds, 2020: a clock before that was never set */
};

/* A time that somebody may have set. */
typedef struct PolicyTime {
        bool set;
        uint32_t seconds;
} PolicyTime;

/* `auto-backup` of the configuration */
typedef struct PolicyRules {
        PolicyChoice enabled;
        char profile[PROFILE_NAME_MAX + 1]; /* "" the one for the phone's chip */
        PolicyTime interval;                /* from one backup of a phone to the next */
        PolicyTime hold;                    /* a phone that somebody is being asked about */
        bool known_only;                    /* others are not even asked about */
} PolicyRules;

/* The switch goes before the configuration, and that before the default, which is off. */
bool policy_enabled(const PolicyRules *r, PolicyChoice switched, PolicySource *ret_by);
/* Seconds. */
uint32_t policy_interval(const PolicyRules *r);
uint32_t policy_hold(const PolicyRules *r);

/* ---- one phone ---- */

typedef enum PolicyIdentity {
        IDENTITY_LATER, /* only its storage may tell, for which the download agent has to run */
        IDENTITY_NONE,
        IDENTITY_KNOWN,
} PolicyIdentity;

typedef enum PolicyConsent { CONSENT_NONE, CONSENT_AGREED, CONSENT_REFUSED } PolicyConsent;

typedef struct PolicyFacts {
        bool enabled;
        bool writer_waits; /* a job that writes to a phone is not finished */
        bool store_usable;
        bool has_profile, has_agent; /* for its chip */
        PolicyIdentity identity;
        /* the rest means something only when the identity is known */
        PolicyConsent consent;
        bool queued;       /* an automatic job of it is not finished */
        size_t asking;     /* jobs of all phones that wait for approval */
        unsigned failures; /* automatic backups of it within POLICY_FAILURES_TIME */
        uint64_t now;      /* µs since 1970 */
        uint64_t last;     /* its last backup that counts, see policy_last; 0 none */
        bool recent;       /* one was made within the interval by a clock that nobody sets */
} PolicyFacts;

typedef enum PolicyDecision {
        POLICY_BACK_UP,
        POLICY_ASK,      /* queue it, for somebody to agree */
        POLICY_IDENTIFY, /* start the download agent and decide then */
        /* let it go */
        POLICY_OFF,
        POLICY_WRITER_WAITS,
        POLICY_NO_STORE,
        POLICY_NO_PROFILE,
        POLICY_NO_AGENT,
        POLICY_NO_IDENTITY,
        POLICY_REFUSED,
        POLICY_ASKED,
        POLICY_UNKNOWN_PHONE,
        POLICY_ASKING_TOO_MANY,
        POLICY_QUEUED,
        POLICY_FAILED_TOO_OFTEN,
        POLICY_NOT_DUE,
        _POLICY_DECISION_MAX
} PolicyDecision;

PolicyDecision policy_decide(const PolicyRules *r, const PolicyFacts *f);
/* Why a phone is let go, a sentence; "" for the first three. */
const char *policy_reason(PolicyDecision d);

/* When the newest backup that counts began, 0 none: of this device, of the profile's kind or of
 * everything, not damaged, and not dated in the future. */
uint64_t policy_last(
        const Catalogue *c, const char *device_key, const Profile *profile, uint64_t now);
/* The profile for a phone: that of the rules, or the one called like its chip, or any other that is
 * for its hardware code, or "full". NULL: none can be used. */
const Profile *policy_profile(
        const PolicyRules *r, const ProfileSet *profiles, uint16_t hw_code, const char *chip);
