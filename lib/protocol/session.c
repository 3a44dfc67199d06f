/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/session.h"

#include <errno.h>

#include "basic/bytes.h"
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

DaSession *da_session_free(DaSession *s)
{
        if (s)
                s->ops->free(s);
        return NULL;
}

static int check_in_step(const DaSession *s, Failure *f)
{
        if (!s->lost)
                return 0;
        return fault_protocol(f, "The connection to the phone is out of step.");
}

int da_session_start(DaSession *s, Failure *f)
{
        int r = check_in_step(s, f);

        return r < 0 ? r : s->ops->start(s, f);
}

int da_session_info(DaSession *s, Failure *f)
{
        int r = check_in_step(s, f);

        return r < 0 ? r : s->ops->info(s, f);
}

int da_session_read(DaSession *s, const Region *region, uint64_t offset, uint64_t size, DaSink sink,
        void *userdata, Failure *f)
{
        int r = check_in_step(s, f);

        if (r < 0)
                return r;
        if (!region->readable)
                return failure_set(f, -ERANGE, ERROR_OUT_OF_RANGE,
                        "The download agent cannot read %s.",
                        region_name(s->storage.type, region->kind));
        if (!range_fits(offset, size, region->size))
                return failure_set(f, -ERANGE, ERROR_OUT_OF_RANGE,
                        "%#llx bytes at %#llx are not all inside %s.", (unsigned long long)size,
                        (unsigned long long)offset, region_name(s->storage.type, region->kind));
        if (size == 0)
                return 0;
        return s->ops->read(s, region, offset, size, sink, userdata, f);
}

int da_session_table(DaSession *s, Layout *layout, Failure *f)
{
        int r = check_in_step(s, f);

        if (r < 0)
                return r;
        return s->ops->table ? s->ops->table(s, layout, f) : -EOPNOTSUPP;
}

int da_session_finish(DaSession *s, DaFinish how, Failure *f)
{
        int r = check_in_step(s, f);

        return r < 0 ? r : s->ops->finish(s, how, f);
}

int da_session_check_memory(const DaSession *s, Failure *f)
{
        if (s->target.identity->mode != BOOT_BROM || s->target.dram)
                return 0;
        return dram_missing(s->target.chip ? s->target.chip->name : "The phone", f);
}

int da_session_launch(DaSession *s, Failure *f)
{
        const DaTarget *target = &s->target;
        const DaImage *stage = &target->agent->stage1;
        bool wide = target->chip && target->chip->has_64bit && target->identity->mode == BOOT_BROM;
        int r;

        if (s->running)
                return 0;
        r = boot_send_da(s->transport, target->identity, stage->address, stage->data, stage->size,
                stage->sig_size, f);
        if (r >= 0)
                r = wide ? boot_jump_da64(s->transport, stage->address, f)
                         : boot_jump_da(s->transport, stage->address, f);
        if (r < 0)
                return r;
        s->running = true;
        return 0;
}

int da_session_replug(DaSession *s, Failure *f)
{
        int r = s->target.replug(s->target.userdata, &s->transport, f);

        s->lost |= r < 0;
        return r;
}

const Region *storage_region(const StorageInfo *s, RegionKind kind)
{
        for (size_t i = 0; i < s->n_regions; i++)
                if (s->regions[i].kind == kind)
                        return &s->regions[i];
        return NULL;
}

int storage_add_region(
        StorageInfo *s, RegionKind kind, uint32_t section, uint64_t size, bool readable)
{
        if (size == 0)
                return 0;
        if (s->n_regions == ELEMENTS(s->regions) || size >> STORAGE_SIZE_BITS != 0 ||
                size % s->block_size != 0)
                return -EPROTO;
        s->regions[s->n_regions++] =
                (Region){ .kind = kind, .section = section, .size = size, .readable = readable };
        return 0;
}
