/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/session.h"

#include <errno.h>

#include "basic/bytes.h"
#include "protocol/fault.h"

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
