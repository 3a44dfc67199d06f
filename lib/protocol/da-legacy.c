/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/da-legacy.h"

#include <errno.h>

#include "basic/bytes.h"
#include "basic/log.h"
#include "protocol/fault.h"
#include "protocol/legacy-hello.h"
#include "protocol/legacy-space.h"

enum {
        CMD_USB_SPEED = 0x70,
        CMD_USB_STATUS = 0x72,
        CMD_FINISH = 0xd9,
        CMD_WATCHDOG = 0xdb,
        USB_FULL_SPEED = 0,
        BL_VERSION_BROM = 0xfe,
        BROM_VERSION_UNKNOWN = 0xff,
        STATUS_MS = 2000,
        BLOCK = 512,
};

static const char asking[] = "the USB speed was asked";

typedef struct DaLegacy {
        DaSession session; /* first */
        LegacyHello hello;
        LegacyReader reader;
        LegacySpace space;
} DaLegacy;

static DaLegacy *legacy_of(DaSession *s)
{
        return (DaLegacy *)s;
}

/* After these errors nothing more can be said to the phone. */
static int note_loss(DaSession *s, int r)
{
        s->lost |= r == -ENODEV || r == -EPROTO || r == -ETIMEDOUT || r == -EIO || r == -EPIPE;
        return r;
}

/* ---- start ---- */

static LegacyStart start_of(const DaTarget *target)
{
        const DaImage *second =
                target->agent->stage2.size ? &target->agent->stage2 : &target->agent->extra;
        bool brom = target->identity->mode == BOOT_BROM;

        return (LegacyStart){
                .hw_code = target->identity->hw_code,
                .brom = brom,
                .brom_version = target->identity->rom_version ?: BROM_VERSION_UNKNOWN,
                .bl_version = brom ? BL_VERSION_BROM : target->identity->version,
                .second = second->data,
                .second_size = second->size,
                .second_address = second->address,
                .dram = target->dram,
        };
}

/* Is the link slow? 1 yes, 0 no, or the agent does not say. */
static int ask_speed(DaLegacy *l, Failure *f)
{
        Transport *t = l->session.transport;
        Failure own = {};
        uint8_t speed;
        int r;

        r = legacy_send_u8(t, CMD_USB_STATUS, &own);
        if (r >= 0)
                r = legacy_expect_ack(t, STATUS_MS, asking, &own);
        if (r == -EOPNOTSUPP || r == -EREMOTEIO || (r == -ETIMEDOUT && l->hello.single_stage))
                return 0;
        if (r >= 0)
                r = legacy_receive_u8(t, &speed, STATUS_MS, asking, &own);
        if (r < 0 && f && !failure_is_set(f))
                *f = own;
        return r < 0 ? r : speed == USB_FULL_SPEED;
}

/* An agent on a slow link is told to come back at high speed: it leaves the bus and appears again
 * under another id, its program goes on. */
static int speed_up(DaLegacy *l, Failure *f)
{
        Transport *t = l->session.transport;
        int r = ask_speed(l, f);

        if (r <= 0 || !da_session_can_replug(&l->session))
                return MIN(r, 0);
        r = legacy_send_u8(t, CMD_USB_SPEED, f);
        if (r >= 0)
                r = legacy_send_u8(t, 1, f);
        if (r >= 0)
                r = legacy_expect_ack(t, STATUS_MS, "the USB speed was changed", f);
        return r < 0 ? r : da_session_replug(&l->session, f);
}

static int start_agent(DaLegacy *l, Failure *f)
{
        LegacyStart start = start_of(&l->session.target);
        int r = da_session_check_memory(&l->session, f);

        if (r >= 0)
                r = da_session_launch(&l->session, f);
        start.greeted = l->session.greeted;
        if (r >= 0)
                r = legacy_hello(l->session.transport, &start, &l->hello, f);
        return r < 0 ? r : speed_up(l, f);
}

static int legacy_start(DaSession *s, Failure *f)
{
        return note_loss(s, start_agent(legacy_of(s), f));
}

/* ---- information ---- */

static int add_emmc(DaLegacy *l, StorageInfo *info)
{
        const LegacyReport *report = &l->hello.report;
        const struct {
                RegionKind kind;
                uint64_t size;
        } areas[] = {
                { REGION_BOOT1, report->boot1 },
                { REGION_BOOT2, report->boot2 },
                { REGION_RPMB, report->rpmb },
                { REGION_GP1, report->gp[0] },
                { REGION_GP2, report->gp[1] },
                { REGION_GP3, report->gp[2] },
                { REGION_GP4, report->gp[3] },
                { REGION_USER, report->user },
        };

        info->type = STORAGE_EMMC;
        info->block_size = BLOCK;
        if (!bytes_all(report->cid, sizeof report->cid, 0) &&
                !bytes_all(report->cid, sizeof report->cid, 0xff)) {
                memcpy(info->cid, report->cid, sizeof report->cid);
                info->n_cid = sizeof report->cid;
        }
        if (report->has_fw_version) {
                memcpy(info->fw_version, report->fw_version, sizeof report->fw_version);
                info->n_fw_version = sizeof report->fw_version;
        }
        for (size_t i = 0; i < ELEMENTS(areas); i++) {
                uint8_t part;
                uint64_t base;
                bool readable =
                        legacy_space_locate(&l->space, report, areas[i].kind, &part, &base) >= 0;
                int r = storage_add_region(info, areas[i].kind, part, areas[i].size, readable);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* Which storage it starts from; the report gives a size for each kind it knows. */
static int add_regions(DaLegacy *l, StorageInfo *info, Failure *f)
{
        const LegacyReport *report = &l->hello.report;
        int r;

        if (report->emmc_status == 0 && report->user > 0) {
                r = legacy_space_find(&l->reader, report, l->hello.single_stage, &l->space, f);
                if (r < 0)
                        return r;
                r = add_emmc(l, info);
        } else if (report->nand_status == 0 && report->nand_size > 0) {
                l->reader.storage = LEGACY_STORE_NAND;
                info->type = STORAGE_NAND;
                info->block_size = report->nand_page ?: 2048;
                info->page_size = report->nand_page;
                info->spare_size = report->nand_spare;
                r = storage_add_region(info, REGION_USER, 0, report->nand_size, true);
        } else if (report->nor_status == 0 && report->nor_size > 0) {
                l->reader.storage = LEGACY_STORE_NOR;
                info->type = STORAGE_NOR;
                info->block_size = BLOCK;
                r = storage_add_region(info, REGION_USER, 0, report->nor_size, true);
        } else {
                failure_set(f, -ENODEV, ERROR_DEVICE_REFUSED,
                        "The download agent finds no storage in the phone (eMMC error 0x%x, NAND "
                        "error 0x%x).",
                        report->emmc_status, report->nand_status);
                failure_status(f, report->emmc_status);
                return -ENXIO;
        }
        if (r < 0)
                return fault_protocol(f, "The phone reports a storage that cannot be.");
        return 0;
}

static int legacy_info(DaSession *s, Failure *f)
{
        DaLegacy *l = legacy_of(s);
        int r;

        s->storage = (StorageInfo){ .rpmb_key = -1, .packet_size = LEGACY_PACKET };
        s->storage.sram_size = l->hello.report.sram_status == 0 ? l->hello.report.sram_size : 0;
        s->storage.dram_size = l->hello.report.dram_status == 0 ? l->hello.report.dram_size : 0;
        snprintf(s->storage.da_version, sizeof s->storage.da_version, "%u.%u (chip %02X)",
                l->hello.major, l->hello.minor, l->hello.chip);
        if (!l->reader.packet) {
                r = legacy_reader_init(
                        &l->reader, s->transport, !l->hello.single_stage, LEGACY_STORE_EMMC);
                if (r < 0)
                        return r;
        }
        return note_loss(s, add_regions(l, &s->storage, f));
}

/* ---- reading and the end ---- */

static int legacy_read_region(DaSession *s, const Region *region, uint64_t offset, uint64_t size,
        DaSink sink, void *userdata, Failure *f)
{
        DaLegacy *l = legacy_of(s);
        uint64_t base = 0;
        uint8_t part;
        int r = 0;

        if (s->storage.type == STORAGE_NAND)
                return note_loss(s, legacy_read_nand(&l->reader, offset, size, sink, userdata, f));
        if (s->storage.type == STORAGE_EMMC) {
                r = legacy_space_locate(&l->space, &l->hello.report, region->kind, &part, &base);
                if (r >= 0 && l->space.choose)
                        r = legacy_select(&l->reader, part, f);
        }
        if (r >= 0)
                r = legacy_read(&l->reader, base + offset, size, sink, userdata, f);
        return note_loss(s, r);
}

static int reboot(DaLegacy *l, Failure *f)
{
        /* timeout 0, not asynchronous, normal start, no stay in download mode, keep the clock */
        const uint8_t how[8] = { 0, 0, 0, 0, 0, 0, 0, 1 };
        Transport *t = l->session.transport;
        int r = legacy_send_u8(t, CMD_WATCHDOG, f);

        if (r >= 0)
                r = legacy_send(t, how, sizeof how, f);
        return r < 0 ? r : legacy_expect_ack(t, STATUS_MS, "the phone was restarted", f);
}

/* Leaves USB; the phone stays off until somebody switches it on. */
static int switch_off(DaLegacy *l, Failure *f)
{
        Transport *t = l->session.transport;
        int r = legacy_send_u8(t, CMD_FINISH, f);

        if (r >= 0)
                r = legacy_expect_ack(t, STATUS_MS, "the session was ended", f);
        if (r < 0 || l->hello.single_stage)
                return r;
        r = legacy_send_be32(t, 0, f);
        if (r >= 0) /* it may be gone before the answer was collected */
                legacy_expect_ack(t, STATUS_MS, "the session was ended", NULL);
        return r;
}

static int legacy_finish(DaSession *s, DaFinish how, Failure *f)
{
        DaLegacy *l = legacy_of(s);
        int r = -EOPNOTSUPP;

        if (how == DA_FINISH_REBOOT)
                r = reboot(l, NULL);
        if (r == -EOPNOTSUPP || r == -EREMOTEIO)
                r = switch_off(l, f);
        s->running &= r < 0;
        s->lost = true; /* nobody listens any more */
        return r;
}

static void legacy_free(DaSession *s)
{
        legacy_reader_done(&legacy_of(s)->reader);
        free(s);
}

static const DaOps legacy_ops = {
        .name = "legacy",
        .start = legacy_start,
        .info = legacy_info,
        .read = legacy_read_region,
        .finish = legacy_finish,
        .free = legacy_free,
};

int da_legacy_new(DaSession **ret)
{
        DaLegacy *l = calloc(1, sizeof *l);

        if (!l)
                return -ENOMEM;
        l->session.ops = &legacy_ops;
        *ret = &l->session;
        return 0;
}
