/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/da-families.h"

#include <errno.h>

#include "protocol/da-legacy.h"
#include "protocol/da-xflash.h"
#include "protocol/da-xml.h"
#include "protocol/fault.h"

enum {
        AGENT_STARTED = 0xC0,
        AGENT_START_MS = 5000,
        /* a legacy agent looks at its storage before it goes on; no XFlash agent minds to wait */
        AGENT_SILENCE_MS = 5000,
};
static const char starting[] = "the download agent was starting";

/* by family; NULL: not spoken */
static int (*const families[_DA_FAMILY_MAX])(DaSession **ret) = {
        [DA_LEGACY] = da_legacy_new,
        [DA_XFLASH] = da_xflash_new,
        [DA_XML] = da_xml_new,
};

static int session_of_family(
        Transport *t, const DaTarget *target, DaFamily family, DaSession **ret, Failure *f)
{
        int r;

        if ((size_t)family >= ELEMENTS(families) || !families[family])
                return failure_set(f, -EOPNOTSUPP, ERROR_UNSUPPORTED_CHIP,
                        "%s speaks the \"%s\" agent protocol, which this version does not know.",
                        target->chip ? target->chip->name : "The phone",
                        da_family_to_string(family));
        r = families[family](ret);
        if (r < 0)
                return r;
        (*ret)->transport = t;
        (*ret)->target = *target;
        (*ret)->storage.rpmb_key = -1;
        return 0;
}

/* Both kinds of agent that a file does not tell apart begin with C0. A legacy one goes on by itself
 * with what it found of NAND; an XFlash one waits for the host, for ever. */
static int listen_to_agent(Transport *t, DaFamily *ret, Failure *f)
{
        uint8_t byte;
        int r = transport_read(t, &byte, 1, AGENT_START_MS);

        if (r < 0)
                return fault_link(f, r, starting);
        if (byte != AGENT_STARTED)
                return fault_protocol(
                        f, "The download agent starts with %02x, none that is known does.", byte);
        r = transport_fill(t, AGENT_SILENCE_MS);
        if (r < 0 && r != -ETIMEDOUT)
                return fault_link(f, r, starting);
        *ret = r == -ETIMEDOUT ? DA_XFLASH : DA_LEGACY;
        return 0;
}

static int meet_stranger(Transport *t, const DaTarget *target, DaSession **ret, Failure *f)
{
        DaSession stranger = { .transport = t, .target = *target };
        DaFamily family = _DA_FAMILY_MAX;
        int r = da_session_check_memory(&stranger, f);

        r = r < 0 ? r : da_session_launch(&stranger, f);
        r = r < 0 ? r : listen_to_agent(t, &family, f);
        r = r < 0 ? r : session_of_family(t, target, family, ret, f);
        if (r >= 0)
                (*ret)->running = (*ret)->greeted = true;
        return r;
}

int da_session_new(Transport *t, const DaTarget *target, DaSession **ret, Failure *f)
{
        DaFamily family = target->agent->family;

        return family == _DA_FAMILY_MAX ? meet_stranger(t, target, ret, f)
                                        : session_of_family(t, target, family, ret, f);
}
