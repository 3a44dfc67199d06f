/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Automatic backup: what is to become of a phone that appears without a job that asks for it.
 *
 * Everything here is a pure function of what it is given: the rules of the configuration, the
 * switch, what is known about the phone, and the time. dispatch-auto.c gathers that and does what
 * was decided. */

#include "basic/table.h"
#include "profile/profile.h"

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
};

/* `auto-backup` of the configuration */
typedef struct PolicyRules {
        PolicyChoice enabled;
        char profile[PROFILE_NAME_MAX + 1]; /* "" the one for the phone's chip */
        bool interval_set;
        uint32_t interval; /* seconds from one backup of a phone to the next, when it is set */
        bool known_only;   /* others are not even asked about */
} PolicyRules;

/* The switch goes before the configuration, and that before the default, which is off. */
bool policy_enabled(const PolicyRules *r, PolicyChoice switched, PolicySource *ret_by);
uint32_t policy_interval(const PolicyRules *r);
