/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/phone.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "basic/bytes.h"
#include "basic/digest.h"
#include "daemon/text.h"
#include "wire/verbs.h"

static int get_number(const Message *m, const char *key, uint64_t max, uint64_t *ret)
{
        int r = message_get_u64(m, key, max, ret);

        if (r == -ENOENT)
                *ret = 0;
        return r == -ENOENT ? 0 : r;
}

static int get_u16(const Message *m, const char *key, uint16_t *ret)
{
        uint64_t v;
        int r = get_number(m, key, UINT16_MAX, &v);

        if (r == 0)
                *ret = (uint16_t)v;
        return r;
}

static int get_u32(const Message *m, const char *key, uint32_t *ret)
{
        uint64_t v;
        int r = get_number(m, key, UINT32_MAX, &v);

        if (r == 0)
                *ret = (uint32_t)v;
        return r;
}

/* Hexadecimal of at most max bytes, kept as text. An id of one repeated 00 or FF is none. */
static int get_id(const Message *m, const char *key, size_t max, char *ret)
{
        uint8_t id[PHONE_ID_MAX];
        ssize_t n;

        ret[0] = 0;
        if (message_text(m, key)[0] == 0)
                return 0;
        n = message_get_hex_max(m, key, id, max);
        if (n < 0)
                return -EBADMSG;
        if (bytes_all(id, (size_t)n, 0x00) || bytes_all(id, (size_t)n, 0xff))
                return 0;
        hex_encode(id, (size_t)n, ret);
        return 0;
}

static int take_identity(Phone *p, const Message *m)
{
        int r = get_u16(m, "HW_CODE", &p->hw_code);

        r = r ?: get_u16(m, "HW_SUB", &p->hw_sub);
        r = r ?: get_u16(m, "HW_VER", &p->hw_ver);
        r = r ?: get_u16(m, "SW_VER", &p->sw_ver);
        r = r ?: get_u32(m, "BL_VER", &p->bl_ver);
        r = r ?: get_u32(m, "TARGET_CONFIG", &p->target_config);
        r = r ?: get_id(m, "ME_ID", PHONE_ID_MAX, p->me_id);
        r = r ?: get_id(m, "SOC_ID", PHONE_ID_MAX, p->soc_id);
        text_copy(p->chip, sizeof p->chip, message_text(m, "CHIP"));
        text_copy(p->mode, sizeof p->mode, message_text(m, "MODE"));
        text_copy(p->protocol, sizeof p->protocol, message_text(m, "PROTOCOL"));
        p->identified = true;
        return r;
}

static int take_storage(Phone *p, const Message *m)
{
        uint64_t key;
        int r = get_u32(m, "BLOCK_SIZE", &p->block_size);

        r = r ?: get_u32(m, "PAGE_SIZE", &p->page_size);
        r = r ?: get_u32(m, "SPARE_SIZE", &p->spare_size);
        r = r ?: get_id(m, "CID", PHONE_ID_MAX, p->cid);
        r = r ?: get_id(m, "FW_VERSION", 16, p->fw_version);
        r = r ?: get_number(m, "SRAM", UINT64_MAX, &p->sram);
        r = r ?: get_number(m, "DRAM", UINT64_MAX, &p->dram);
        r = r ?: get_u32(m, "BATTERY_MV", &p->battery_mv);
        if (r < 0)
                return r;
        p->rpmb_key = message_get_u64(m, "RPMB_KEY", 1, &key) == 0 ? (int)key : -1;
        text_copy(p->storage, sizeof p->storage, message_text(m, "TYPE"));
        text_copy(p->da_version, sizeof p->da_version, message_text(m, "DA_VERSION"));
        text_copy(p->usb_speed, sizeof p->usb_speed, message_text(m, "USB_SPEED"));
        text_copy(p->ptable, sizeof p->ptable, message_text(m, "PTABLE"));
        if (message_text(m, "PROTOCOL")[0])
                text_copy(p->protocol, sizeof p->protocol, message_text(m, "PROTOCOL"));
        p->has_storage = true;
        return 0;
}

static int take_region(Phone *p, const Message *m)
{
        PhoneRegion *region;
        uint64_t readable = 0;

        if (p->n_regions >= PHONE_REGIONS_MAX)
                return -EBADMSG;
        region = p->regions + p->n_regions;
        text_copy(region->name, sizeof region->name, message_text(m, "REGION"));
        if (region->name[0] == 0 || get_number(m, "SIZE", UINT64_MAX, &region->size) < 0 ||
                get_number(m, "READABLE", 1, &readable) < 0)
                return -EBADMSG;
        region->readable = readable;
        p->n_regions++;
        return 0;
}

int phone_take(Phone *p, const Message *m)
{
        static const struct {
                const char *type;
                int (*take)(Phone *p, const Message *m);
        } types[] = {
                { VERB_IDENTITY, take_identity },
                { VERB_STORAGE, take_storage },
                { VERB_REGION, take_region },
        };

        for (size_t i = 0; i < ELEMENTS(types); i++) {
                Phone changed = *p;

                if (!message_is(m, types[i].type))
                        continue;
                if (types[i].take(&changed, m) < 0)
                        return -EBADMSG;
                *p = changed;
                return 0;
        }
        return -EBADMSG;
}

int phone_mark(const Phone *p, char out[static PHONE_MARK_SIZE])
{
        const char *id = p->soc_id[0] ? p->soc_id : p->me_id[0] ? p->me_id : p->cid;
        char text[sizeof p->cid + 32];
        uint8_t sum[SHA256_SIZE];
        int n;

        out[0] = 0;
        if (!id[0])
                return p->has_storage ? 0 : -EAGAIN;
        n = snprintf(text, sizeof text, "mtkbackup-phone-1\n0x%04x\n%s\n", p->hw_code, id);
        digest_of(DIGEST_SHA256, text, (size_t)n, sum);
        hex_encode(sum, (PHONE_MARK_SIZE - 1) / 2, out);
        return 1;
}

bool phone_mark_valid(const char *mark)
{
        return strlen(mark) == PHONE_MARK_SIZE - 1 && mark[strspn(mark, "0123456789abcdef")] == 0;
}

void phone_security(const Phone *p, const char *ret[static PHONE_SECURITY_MAX + 1])
{
        static const char *const names[PHONE_SECURITY_MAX] = { "sbc", "sla", "daa" };
        size_t n = 0;

        for (unsigned bit = 0; bit < PHONE_SECURITY_MAX; bit++)
                if (p->target_config & (1u << bit))
                        ret[n++] = names[bit];
        ret[n] = NULL;
}

void phone_describe(const Phone *p, char *out, size_t size)
{
        if (!p->identified)
                snprintf(out, size, "a phone that has not said what it is");
        else
                snprintf(out, size, "%s (hardware code 0x%04x)",
                        p->chip[0] ? p->chip : "an unknown chip", p->hw_code);
}

/* ---- the report ---- */

static void set_text(json_t *o, const char *key, const char *value)
{
        if (value[0])
                json_object_set_new(o, key, json_string(value));
}

static void set_number(json_t *o, const char *key, uint64_t value)
{
        json_object_set_new(o, key, json_integer((json_int_t)MIN(value, (uint64_t)INT64_MAX)));
}

static void set_hex(json_t *o, const char *key, uint32_t value, int digits)
{
        json_object_set_new(o, key, json_sprintf("0x%0*x", digits, value));
}

static json_t *identity(const Phone *p)
{
        const char *security[PHONE_SECURITY_MAX + 1];
        json_t *o = json_object(), *list = json_array();

        set_text(o, "chip", p->chip);
        set_hex(o, "hw_code", p->hw_code, 4);
        set_hex(o, "hw_sub_code", p->hw_sub, 4);
        set_hex(o, "hw_version", p->hw_ver, 4);
        set_hex(o, "sw_version", p->sw_ver, 4);
        set_text(o, "mode", p->mode);
        set_number(o, "bl_version", p->bl_ver);
        set_hex(o, "target_config", p->target_config, 8);
        set_text(o, "me_id", p->me_id);
        set_text(o, "soc_id", p->soc_id);
        set_text(o, "protocol", p->protocol);
        phone_security(p, security);
        for (size_t i = 0; security[i]; i++)
                json_array_append_new(list, json_string(security[i]));
        json_object_set_new(o, "security", list);
        return o;
}

static json_t *storage(const Phone *p)
{
        json_t *o = json_object(), *regions = json_array();

        set_text(o, "type", p->storage);
        set_number(o, "block_size", p->block_size);
        if (p->page_size > 0) {
                set_number(o, "page_size", p->page_size);
                set_number(o, "spare_size", p->spare_size);
        }
        set_text(o, "cid", p->cid);
        set_text(o, "fw_version", p->fw_version);
        set_number(o, "sram", p->sram);
        set_number(o, "dram", p->dram);
        set_text(o, "da_version", p->da_version);
        set_text(o, "usb_speed", p->usb_speed);
        set_text(o, "ptable", p->ptable);
        if (p->rpmb_key >= 0)
                json_object_set_new(o, "rpmb_key", json_boolean(p->rpmb_key));
        if (p->battery_mv > 0)
                set_number(o, "battery_mv", p->battery_mv);
        for (size_t i = 0; i < p->n_regions; i++) {
                json_t *region = json_object();

                set_text(region, "name", p->regions[i].name);
                set_number(region, "size", p->regions[i].size);
                json_object_set_new(region, "readable", json_boolean(p->regions[i].readable));
                json_array_append_new(regions, region);
        }
        json_object_set_new(o, "regions", regions);
        return o;
}

char *phone_report(const Phone *p, const char *port, const char *note)
{
        json_t *o = json_object(), *notes = json_array();
        char *text;

        set_text(o, "port", port);
        json_object_set_new(o, "identity", identity(p));
        if (p->has_storage)
                json_object_set_new(o, "storage", storage(p));
        if (p->agent_name[0])
                json_object_set_new(o, "agent",
                        json_pack("{ss ss}", "name", p->agent_name, "sha256", p->agent_sha256));
        if (note)
                json_array_append_new(notes, json_string(note));
        json_object_set_new(o, "notes", notes);
        text = json_dumps(o, JSON_COMPACT);
        json_decref(o);
        return text;
}
