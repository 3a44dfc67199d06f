/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/legacy-space.h"

#include <errno.h>

#include "basic/bytes.h"
#include "basic/log.h"
#include "protocol/fault.h"

enum { SECTOR = 512 };

typedef struct Sector {
        uint8_t data[SECTOR];
        size_t size;
} Sector;

static int keep(void *userdata, const uint8_t *data, size_t size)
{
        Sector *s = userdata;

        memcpy(s->data + s->size, data, MIN(size, sizeof s->data - s->size));
        s->size += MIN(size, sizeof s->data - s->size);
        return 0;
}

static int read_sector(LegacyReader *r, uint64_t address, Sector *ret, Failure *f)
{
        *ret = (Sector){};
        return legacy_read(r, address, SECTOR, keep, ret, f);
}

static bool is_boot_area(const Sector *s)
{
        return memcmp(s->data, "EMMC_BOOT\0\0\0", 12) == 0;
}

/* A master boot record, protective or real: what USER begins with. */
static bool is_table(const Sector *s)
{
        return get_le16(s->data + 510) == 0xaa55 && !is_boot_area(s);
}

static uint64_t before_user(const LegacyReport *report, bool with_gp)
{
        uint64_t sum = report->boot1 + report->boot2 + report->rpmb;

        for (size_t i = 0; with_gp && i < ELEMENTS(report->gp); i++)
                sum += report->gp[i];
        return sum;
}

/* USER's start. Without GP areas there is one possibility; with them the table decides. */
static int find_user(LegacyReader *r, const LegacyReport *report, LegacySpace *space, Failure *f)
{
        uint64_t places[] = { before_user(report, true), before_user(report, false) };
        Sector s;

        for (size_t i = 0; i < (places[0] == places[1] ? 1 : ELEMENTS(places)); i++) {
                int e = read_sector(r, places[i], &s, f);

                if (e < 0)
                        return e;
                if (is_table(&s)) {
                        space->user_base = places[i];
                        space->proven = true;
                        return 0;
                }
        }
        if (places[0] != places[1])
                return failure_set(f, -EOPNOTSUPP, ERROR_UNSUPPORTED_CHIP,
                        "This phone's agent knows one address space, its eMMC has GP areas and no "
                        "partition table: nobody can say where USER begins.");
        space->user_base = places[0];
        return 0;
}

/* A single-stage agent takes area 0 only; what it reads there is the boot area, unless it is blank. */
static int choose_user(LegacyReader *r, bool single_stage, Failure *f)
{
        return legacy_select(r, single_stage ? LEGACY_PART_LINEAR : LEGACY_PART_USER, f);
}

int legacy_space_find(LegacyReader *r, const LegacyReport *report, bool single_stage,
        LegacySpace *ret, Failure *f)
{
        Sector s;
        int e = choose_user(r, single_stage, f);

        *ret = (LegacySpace){ .choose = !single_stage };
        if (e >= 0)
                e = read_sector(r, 0, &s, f);
        if (e < 0)
                return e;
        ret->linear = single_stage || is_boot_area(&s);
        log_debug("address space: %s", ret->linear ? "linear" : "areas");
        e = ret->linear ? find_user(r, report, ret, f) : 0;
        if (e >= 0 && single_stage && !is_boot_area(&s) && !ret->proven)
                return failure_set(f, -EOPNOTSUPP, ERROR_UNSUPPORTED_CHIP,
                        "Neither a boot area nor a partition table is where this old agent should "
                        "show them; where USER begins is not certain.");
        return e;
}

int legacy_space_locate(const LegacySpace *s, const LegacyReport *report, RegionKind kind,
        uint8_t *ret_part, uint64_t *ret_base)
{
        static const uint8_t parts[_REGION_MAX] = {
                [REGION_BOOT1] = LEGACY_PART_BOOT1,
                [REGION_BOOT2] = LEGACY_PART_BOOT2,
                [REGION_GP1] = LEGACY_PART_GP1,
                [REGION_GP2] = LEGACY_PART_GP1 + 1,
                [REGION_GP3] = LEGACY_PART_GP1 + 2,
                [REGION_GP4] = LEGACY_PART_GP1 + 3,
                [REGION_USER] = LEGACY_PART_USER,
        };

        *ret_part = parts[kind];
        *ret_base = 0;
        if (parts[kind] == 0)
                return -EOPNOTSUPP;
        if (!s->linear)
                return 0;
        switch (kind) {
        case REGION_BOOT1: return 0;
        case REGION_BOOT2: *ret_base = report->boot1; return 0;
        case REGION_USER: *ret_base = s->user_base; return 0;
        default: /* where GP areas lie there is not known well enough */ return -EOPNOTSUPP;
        }
}
