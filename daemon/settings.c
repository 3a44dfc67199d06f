/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/settings.h"

#include <string.h>

#include "basic/log.h"
#include "daemon/work.h"
#include "profile/chip.h"

static int load_profiles(Manager *m, Failure *f)
{
        int r = profile_set_load(&m->profiles, m->setup->profiles);

        if (r < 0)
                return failure_set(
                        f, r, ERROR_FAILED, "The profiles cannot be read: %s.", strerror(-r));
        for (size_t i = 0; i < m->profiles.n; i++)
                if (!m->profiles.entries[i].profile)
                        log_warning("Profile %s: %s", m->profiles.entries[i].name,
                                m->profiles.entries[i].failure.text);
        return 0;
}

static void apply(Manager *m)
{
        m->helpers.cage_optional = m->config.cage_optional;
        m->helpers.config = &m->config;
        chip_extra_clear();
        for (size_t i = 0; i < CHIP_EXTRA_MAX && m->config.chips[i][0]; i++)
                (void)chip_extra_add(m->config.chips[i]); /* checked when it was read */
        usb_id_extra_clear();
        for (size_t i = 0; i < USB_ID_EXTRA_MAX && m->config.usb_ids[i][0]; i++)
                (void)usb_id_extra_add(m->config.usb_ids[i]); /* likewise */
}

int settings_load(Manager *m, Failure *f)
{
        int r = config_load(m->setup->config, &m->config, f);

        if (r < 0)
                return failure_set(f, r, ERROR_FAILED, "Not enough memory.");
        apply(m);
        return load_profiles(m, f);
}

int settings_reload(Manager *m, Failure *f)
{
        _cleanup_(config_done) Config c = { 0 };
        int r = config_load(m->setup->config, &c, f);

        if (r < 0)
                return failure_set(f, r, ERROR_FAILED, "Not enough memory.");
        r = load_profiles(m, f);
        if (r < 0)
                return r;
        if (strcmp(c.store ?: "", m->config.store ?: "") != 0)
                log_notice("The place of the store changes with the next start of the service");
        m->config.cage_optional = c.cage_optional;
        memcpy(m->config.chips, c.chips, sizeof c.chips);
        memcpy(m->config.usb_ids, c.usb_ids, sizeof c.usb_ids);
        m->config.automatic = c.automatic;
        apply(m);
        log_info("Reloaded, %zu profiles", m->profiles.n);
        /* what is plugged in may be a phone from now on, or none any more */
        hotplug_enumerate(m->hotplug);
        work_schedule(m);
        return 0;
}
