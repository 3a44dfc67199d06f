/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/worker/facts.h"

#include <string.h>

#include "transport/usb.h"
#include "wire/verbs.h"

static void add_hex_number(Message *m, const char *key, uint32_t value, int digits)
{
        message_addf(m, key, "0x%0*x", digits, value);
}

static void add_id(Message *m, const char *key, const uint8_t *id, size_t n)
{
        if (n > 0)
                message_add_hex(m, key, id, n);
}

static void add_identity(Message *m, const Facts *f)
{
        const BootIdentity *id = &f->identity;

        add_hex_number(m, "HW_CODE", id->hw_code, 4);
        add_hex_number(m, "HW_SUB", id->hw_sub, 4);
        add_hex_number(m, "HW_VER", id->hw_ver, 4);
        add_hex_number(m, "SW_VER", id->sw_ver, 4);
        message_add(m, "CHIP", f->chip ? f->chip->name : "");
        message_add(m, "MODE", id->mode == BOOT_BROM ? "brom" : "preloader");
        message_add_u64(m, "BL_VER", id->version);
        add_hex_number(m, "TARGET_CONFIG", id->target_config, 8);
        add_id(m, "ME_ID", id->me_id, id->n_me_id);
        add_id(m, "SOC_ID", id->soc_id, id->n_soc_id);
        message_add(m, "PROTOCOL",
                f->protocol       ? f->protocol
                        : f->chip ? da_family_to_string(f->chip->family)
                                  : "");
}

static void add_storage(Message *m, const Facts *f)
{
        const StorageInfo *s = &f->storage;

        message_add(m, "TYPE", storage_type_to_string(s->type));
        message_add_u64(m, "BLOCK_SIZE", s->block_size);
        if (s->page_size > 0) {
                message_add_u64(m, "PAGE_SIZE", s->page_size);
                message_add_u64(m, "SPARE_SIZE", s->spare_size);
        }
        add_id(m, "CID", s->cid, s->n_cid);
        add_id(m, "FW_VERSION", s->fw_version, s->n_fw_version);
        message_add_u64(m, "SRAM", s->sram_size);
        message_add_u64(m, "DRAM", s->dram_size);
        message_add(m, "DA_VERSION", s->da_version);
        message_add(m, "USB_SPEED", s->usb_speed);
        if (s->rpmb_key >= 0)
                message_add_u64(m, "RPMB_KEY", (uint64_t)s->rpmb_key);
        message_add_u64(m, "BATTERY_MV", s->battery_mv);
        message_add(m, "PTABLE", f->table.source);
        message_add(m, "PROTOCOL", f->protocol ?: "");
}

void facts_identity(Message *m, const Facts *f)
{
        message_start(m, VERB_IDENTITY);
        add_identity(m, f);
}

void facts_need_agent(Message *m, const Facts *f, const char *kind)
{
        message_start(m, VERB_NEED_AGENT);
        message_add(m, "KIND", kind);
        add_hex_number(m, "HW_CODE", f->identity.hw_code, 4);
        add_hex_number(m, "DA_CODE", f->chip ? f->chip->da_code : f->identity.hw_code, 4);
        add_hex_number(m, "HW_VER", f->identity.hw_ver, 4);
        add_hex_number(m, "SW_VER", f->identity.sw_ver, 4);
        message_add(m, "CHIP", f->chip ? f->chip->name : "");
}

void facts_storage(Message *m, const Facts *f)
{
        message_start(m, VERB_STORAGE);
        add_storage(m, f);
}

void facts_region(Message *m, const Facts *f, const Region *r)
{
        message_start(m, VERB_REGION);
        message_add(m, "REGION", region_name(f->storage.type, r->kind));
        message_add_u64(m, "ID", r->section);
        message_add_u64(m, "SIZE", r->size);
        message_add_u64(m, "READABLE", r->readable);
}

void facts_all(Message *m, const Facts *f)
{
        const GptFacts *gpt = &f->table.gpt;
        char version[32];

        message_start(m, VERB_FACTS);
        add_identity(m, f);
        add_storage(m, f);
        message_add(m, "AGENT_NAME", f->agent_name);
        message_add(m, "AGENT_SHA256", f->agent_sha256);
        message_add(m, "AGENT_VERSION", f->agent_version);
        message_add(m, "LIBUSB", usb_library(version));
        if (gpt->primary_ok || gpt->backup_ok)
                message_add_hex(m, "DISK_GUID", gpt->disk_guid, sizeof(gpt->disk_guid));
        message_add_u64(m, "PRIMARY_OK", gpt->primary_ok);
        message_add_u64(m, "BACKUP_OK", gpt->backup_ok);
        message_add_u64(m, "EQUAL", gpt->equal);
}

void facts_part(Message *m, const Facts *f, const Partition *p)
{
        message_start(m, VERB_PART);
        message_add(m, "NAME", p->name);
        message_add(m, "REGION", region_name(f->storage.type, p->region));
        message_add_u64(m, "OFFSET", p->offset);
        message_add_u64(m, "SIZE", p->size);
        if (p->has_guid) {
                message_add_hex(m, "TYPE_GUID", p->type_guid, sizeof(p->type_guid));
                message_add_hex(m, "UNIQUE_GUID", p->unique_guid, sizeof(p->unique_guid));
        }
        message_addf(m, "ATTRS", "0x%llx", (unsigned long long)p->attrs);
}

static void add_check(Message *m, const char *name, const char *result, const char *detail)
{
        message_start(m, VERB_CHECK);
        message_add(m, "NAME", name);
        message_add(m, "RESULT", result);
        message_add(m, "DETAIL", detail);
}

/* Doubts about what the table says, one each. */
static bool layout_check_at(Message *m, const Layout *l, size_t i)
{
        char more[64];

        if (i >= MIN(l->n_problems, (size_t)FACTS_LAYOUT_CHECKS_MAX))
                return false;
        if (i == FACTS_LAYOUT_CHECKS_MAX - 1 && l->n_problems > FACTS_LAYOUT_CHECKS_MAX) {
                snprintf(more, sizeof(more), "%zu more problems.", l->n_problems - i);
                add_check(m, "layout", "fail", more);
        } else {
                add_check(m, "layout", "fail", l->problems[i].text);
        }
        return true;
}

/* What became of one of the two GPTs. A phone from before GPT has another table and lacks nothing. */
static const char *gpt_result(const Facts *f, bool ok)
{
        bool older = strcmp(f->table.source, "pmt") == 0 || strcmp(f->table.source, "mbr") == 0;

        return ok ? "pass" : older ? "skip" : "fail";
}

bool facts_check(Message *m, const Facts *f, size_t i)
{
        const GptFacts *gpt = &f->table.gpt;
        bool both = gpt->primary_ok && gpt->backup_ok;
        const struct {
                const char *name, *result, *detail;
        } table[FACTS_TABLE_CHECKS] = {
                { "partition-table", f->table.problem[0] ? "fail" : "pass", f->table.problem },
                { "gpt-primary", gpt_result(f, gpt->primary_ok), gpt->primary_problem },
                { "gpt-backup", gpt_result(f, gpt->backup_ok), gpt->backup_problem },
                { "gpt-equal",
                        !both                ? "skip"
                                : gpt->equal ? "pass"
                                             : "fail",
                        both && !gpt->equal ? "The two tables differ." : "" },
        };

        if (i >= FACTS_TABLE_CHECKS)
                return layout_check_at(m, f->table.layout, i - FACTS_TABLE_CHECKS);
        add_check(m, table[i].name, table[i].result, table[i].detail);
        return true;
}
