/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/policy.h"

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
        return r->interval_set ? r->interval : POLICY_INTERVAL_DEFAULT;
}
