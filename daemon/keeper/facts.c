/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/keeper/facts.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "format/utf8.h"
#include "wire/verbs.h"

int facts_init(Facts *facts)
{
        *facts = (Facts){ .layout = layout_new() };
        return facts->layout ? 0 : -ENOMEM;
}

void facts_done(Facts *facts)
{
        facts->layout = layout_free(facts->layout);
}

static int violation(Failure *f, const Message *m, const char *what)
{
        return failure_set(f, -EBADMSG, ERROR_PROTOCOL_VIOLATION,
                "The worker sent a %.20s message that makes no sense: %s.", message_type(m), what);
}

/* Copies a text into a manifest's field: what is not UTF-8 becomes '?', what is too long is cut. */
static void copy_text(char *out, size_t size, const char *text)
{
        size_t n = 0;

        while (*text) {
                size_t length = utf8_length(text, strlen(text));

                if (n + MAX(length, (size_t)1) >= size)
                        break;
                if (length == 0)
                        out[n++] = '?';
                else
                        memcpy(out + n, text, length);
                n += length;
                text += MAX(length, (size_t)1);
        }
        out[n] = 0;
}

static uint64_t number(const Message *m, const char *key, uint64_t max)
{
        uint64_t value = 0;

        (void)message_get_u64(m, key, max, &value);
        return value;
}

static size_t id_bytes(const Message *m, const char *key, uint8_t *out, size_t max)
{
        ssize_t n = message_get_hex_max(m, key, out, max);

        /* all 00 or all FF is how a device says that it has none */
        return n <= 0 || bytes_all(out, (size_t)n, 0x00) || bytes_all(out, (size_t)n, 0xff)
                ? 0
                : (size_t)n;
}

/* ---- one message each ---- */

static int take_facts(Facts *facts, const Message *m, Failure *f)
{
        ManifestDevice *d = &facts->device;
        uint64_t value;
        int type;

        if (facts->have_facts)
                return violation(f, m, "it came twice");
        facts->have_facts = true;
        copy_text(d->chip, sizeof d->chip, message_text(m, "CHIP"));
        copy_text(d->boot_mode, sizeof d->boot_mode, message_text(m, "MODE"));
        copy_text(d->ptable, sizeof d->ptable, message_text(m, "PTABLE"));
        copy_text(d->agent_name, sizeof d->agent_name, message_text(m, "AGENT_NAME"));
        copy_text(d->agent_sha256, sizeof d->agent_sha256, message_text(m, "AGENT_SHA256"));
        copy_text(d->agent_version, sizeof d->agent_version, message_text(m, "AGENT_VERSION"));
        copy_text(facts->libusb, sizeof facts->libusb, message_text(m, "LIBUSB"));
        facts->sram = number(m, "SRAM", UINT64_MAX);
        facts->dram = number(m, "DRAM", UINT64_MAX);
        d->ids.hw_code = (uint16_t)number(m, "HW_CODE", UINT16_MAX);
        d->hw_sub_code = (uint16_t)number(m, "HW_SUB", UINT16_MAX);
        d->hw_version = (uint16_t)number(m, "HW_VER", UINT16_MAX);
        d->sw_version = (uint16_t)number(m, "SW_VER", UINT16_MAX);
        d->has_security = message_get_u64(m, "TARGET_CONFIG", UINT32_MAX, &value) == 0;
        d->target_config = d->has_security ? (uint32_t)value : 0;
        d->battery_mv = (uint32_t)number(m, "BATTERY_MV", UINT32_MAX);
        d->ids.n_me_id = id_bytes(m, "ME_ID", d->ids.me_id, sizeof d->ids.me_id);
        d->ids.n_soc_id = id_bytes(m, "SOC_ID", d->ids.soc_id, sizeof d->ids.soc_id);
        d->ids.n_cid = id_bytes(m, "CID", d->ids.cid, sizeof d->ids.cid);
        d->n_fw_version = id_bytes(m, "FW_VERSION", d->fw_version, sizeof d->fw_version);
        d->has_disk_guid = message_get_hex(m, "DISK_GUID", d->disk_guid, 16) == 0;
        d->ptable_checked = message_get_u64(m, "PRIMARY_OK", 1, &value) == 0;
        d->primary_ok = d->ptable_checked && value;
        d->backup_ok = number(m, "BACKUP_OK", 1);
        d->tables_equal = number(m, "EQUAL", 1);
        /* which of the two copies was used is said by the two flags */
        if (strcmp(d->ptable, "gpt-backup") == 0)
                copy_text(d->ptable, sizeof d->ptable, "gpt");

        type = storage_type_from_string(message_text(m, "TYPE"));
        d->storage = facts->layout->storage = type < 0 ? STORAGE_UNKNOWN : (StorageType)type;
        d->block_size = facts->layout->block_size = (uint32_t)number(m, "BLOCK_SIZE", 1 << 20);
        d->page_size = (uint32_t)number(m, "PAGE_SIZE", 1 << 20);
        d->spare_size = (uint32_t)number(m, "SPARE_SIZE", 1 << 20);
        return 0;
}

static int take_region(Facts *facts, const Message *m, Failure *f)
{
        StorageType storage;
        uint64_t size, id = 0, readable = 0;
        RegionKind kind;
        Region *region;

        if (region_from_name(message_text(m, "REGION"), &storage, &kind) < 0 ||
                kind == REGION_BOOT1_BOOT2)
                return violation(f, m, "its region is not known");
        if (message_get_u64(m, "SIZE", FACTS_REGION_MAX_TIB * 1024 * GiB, &size) < 0 ||
                message_get_u64(m, "READABLE", 1, &readable) == -EBADMSG ||
                message_get_u64(m, "ID", UINT32_MAX, &id) == -EBADMSG)
                return violation(f, m, "a number is missing or out of range");
        if (layout_region(facts->layout, kind))
                return violation(f, m, "it came twice");
        region = layout_set_region(facts->layout, kind, size);
        if (!region)
                return violation(f, m, "there are too many");
        region->section = (uint32_t)id;
        region->readable = readable;
        /* a worker that names regions like UFS_LU2 without saying TYPE=ufs */
        if (facts->layout->storage == STORAGE_UNKNOWN)
                facts->layout->storage = facts->device.storage = storage;
        return 0;
}

static int take_part(Facts *facts, const Message *m, Failure *f)
{
        const char *name = message_text(m, "NAME");
        char clean[LAYOUT_NAME_MAX + 1];
        StorageType storage;
        uint64_t offset, size, attrs = 0;
        RegionKind kind;
        Partition *p;

        if (region_from_name(message_text(m, "REGION"), &storage, &kind) < 0)
                return violation(f, m, "its region is not known");
        /* a table may claim anything; what lies outside its region is left out by the plan */
        if (message_get_u64(m, "OFFSET", UINT64_MAX, &offset) < 0 ||
                message_get_u64(m, "SIZE", UINT64_MAX, &size) < 0 ||
                message_get_u64(m, "ATTRS", UINT64_MAX, &attrs) == -EBADMSG)
                return violation(f, m, "a number is missing or none");
        copy_text(clean, sizeof clean, name);
        p = layout_add(facts->layout, clean);
        if (!p)
                return violation(f, m, "there are too many");
        p->region = kind;
        p->offset = offset;
        p->size = size;
        p->attrs = attrs;
        p->has_guid = message_get_hex(m, "TYPE_GUID", p->type_guid, 16) == 0 &&
                message_get_hex(m, "UNIQUE_GUID", p->unique_guid, 16) == 0;
        return 0;
}

static int take_check(Facts *facts, const Message *m, Failure *f)
{
        ManifestCheck *check = facts->checks + facts->n_checks;
        int result = check_result_from_string(message_text(m, "RESULT"));

        if (facts->n_checks == ELEMENTS(facts->checks))
                return violation(f, m, "there are too many");
        if (result < 0)
                return violation(f, m, "its result is not known");
        check->result = (CheckResult)result;
        copy_text(check->name, sizeof check->name, message_text(m, "NAME"));
        copy_text(check->detail, sizeof check->detail, message_text(m, "DETAIL"));
        facts->n_checks++;
        return 0;
}

static int take_end(Facts *facts, const Message *m, Failure *f)
{
        return facts->have_facts ? 1 : violation(f, m, "there were no FACTS");
}

int facts_take(Facts *facts, const Message *m, Failure *f)
{
        static const struct {
                const char *type;
                int (*take)(Facts *facts, const Message *m, Failure *f);
        } types[] = {
                { VERB_FACTS, take_facts },
                { VERB_REGION, take_region },
                { VERB_PART, take_part },
                { VERB_CHECK, take_check },
                { VERB_END, take_end },
        };

        for (size_t i = 0; i < ELEMENTS(types); i++)
                if (message_is(m, types[i].type))
                        return types[i].take(facts, m, f);
        return violation(f, m, "it is not expected now");
}
