/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/da-container.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "basic/bytes.h"

enum {
        FILE_MAGIC = 0x22668899,
        ENTRY_MAGIC = 0xDADA,
        USUAL_VERSION = 4,
        REGION_SIZE = 20,
        OFFSET_VERSION = 0x60,
        OFFSET_ENTRY_REGIONS = 0x14, /* in an entry of the usual size */
        PHONE_REGIONS = 3,
        SPLIT_REGIONS = 6, /* feature phones whose agent may be a head and a body */
};
static const char identifier[32] = "MTK_DOWNLOAD_AGENT";

DaContainer *da_container_free(DaContainer *c)
{
        free(c);
        return NULL;
}

static void _printf_(2, 3) note(char out[DA_PROBLEM_MAX], const char *format, ...)
{
        va_list arguments;

        if (out[0])
                return;
        va_start(arguments, format);
        vsnprintf(out, DA_PROBLEM_MAX, format, arguments);
        va_end(arguments);
}

/* ---- one entry ---- */

static bool check_region(DaEntry *e, size_t i, uint64_t file_size)
{
        const DaRegion *r = &e->regions[i];

        if (r->size == 0)
                return true;
        if (!range_fits(r->offset, r->size, file_size))
                note(e->problem, "region %zu lies outside the file", i);
        else if (r->offset < DA_DATA_OFFSET_MIN)
                note(e->problem, "region %zu lies in the header", i);
        else if (r->sig_size > r->size)
                note(e->problem, "region %zu is shorter than its signature", i);
        else if (r->size > DA_REGION_MAX)
                note(e->problem, "region %zu is too long", i);
        else
                return true;
        return false;
}

static bool check_stage(DaEntry *e, const DaRegion *r, const char *name)
{
        if (r->size < DA_STAGE_MIN || r->size > DA_STAGE_MAX)
                note(e->problem, "%s has an impossible length (%u bytes)", name, r->size);
        else if (r->size <= r->sig_size)
                note(e->problem, "%s is nothing but a signature", name);
        else if (r->address == 0)
                note(e->problem, "%s has no load address", name);
        else
                return true;
        return false;
}

static void warn_stage(DaEntry *e, const DaRegion *r, const char *name)
{
        if (r->size == 0)
                return;
        if (r->sig_size != 0 && r->sig_size != DA_SIGNATURE_SIZE)
                note(e->problem, "%s has a signature of %u bytes", name, r->sig_size);
        if (r->size > UINT32_MAX - r->address)
                note(e->problem, "%s is loaded across the end of memory", name);
}

/* Which regions are the stages: phones have three, of which the first is a head that is never
 * sent, and the third a stage only when it is signed; other devices name theirs. */
static void pick_stages(DaEntry *e)
{
        if (e->n_regions == PHONE_REGIONS) {
                e->stage1 = e->regions[1];
                if (e->regions[2].sig_size > 0)
                        e->stage2 = e->regions[2];
                return;
        }
        e->stage1 = e->regions[e->entry_region];
        if (e->n_regions == SPLIT_REGIONS && e->regions[3].size > 0)
                e->stage2 = e->regions[3];
}

static void check_entry(DaEntry *e, uint64_t file_size)
{
        if (e->problem[0]) /* could not even be read */
                return;
        for (size_t i = 0; i < e->n_regions; i++)
                if (!check_region(e, i, file_size))
                        return;
        pick_stages(e);
        if (!check_stage(e, &e->stage1, "stage 1"))
                return;
        if (e->stage2.size > 0 && !check_stage(e, &e->stage2, "stage 2"))
                return;
        e->usable = true;
        warn_stage(e, &e->stage1, "stage 1");
        warn_stage(e, &e->stage2, "stage 2");
}

/* Reads an entry's fields. False when there is none here. */
static bool read_entry(Bytes b, bool old, DaEntry *e)
{
        *e = (DaEntry){ 0 };
        if (bytes_le16(&b) != ENTRY_MAGIC)
                return false;
        e->hw_code = bytes_le16(&b);
        e->hw_sub = bytes_le16(&b);
        e->hw_ver = bytes_le16(&b);
        if (!old) {
                e->sw_ver = bytes_le16(&b);
                bytes_skip(&b, 2); /* chip evolution */
        }
        e->feature = bytes_le32(&b);
        e->entry_region = bytes_le16(&b);
        e->n_regions = bytes_le16(&b);
        if (b.bad)
                return false;
        if (e->n_regions == 0 || e->n_regions > DA_REGIONS_MAX || e->entry_region >= e->n_regions) {
                note(e->problem, "impossible number of regions");
                e->n_regions = 0;
                return true;
        }
        for (size_t i = 0; i < e->n_regions; i++) {
                DaRegion *r = &e->regions[i];

                r->offset = bytes_le32(&b);
                r->size = bytes_le32(&b);
                r->address = bytes_le32(&b);
                bytes_skip(&b, 4); /* place of the signature: two conventions, neither needed */
                r->sig_size = bytes_le32(&b);
        }
        return !b.bad;
}

/* ---- the file ---- */

/* Very old files have entries without software version. One glance at where the second entry would
 * begin tells, and where there is only one, which of the two makes sense. */
static bool entries_are_old(const Bytes *head, uint32_t count, uint64_t file_size)
{
        Bytes second = bytes_sub(head, DA_HEADER_SIZE + DA_ENTRY_SIZE_OLD, 2);
        Bytes first;
        DaEntry as_new, as_old;

        if (count > 1)
                return bytes_le16(&second) == ENTRY_MAGIC;
        first = bytes_sub(head, DA_HEADER_SIZE, MIN(head->size - DA_HEADER_SIZE, DA_ENTRY_SIZE));
        if (read_entry(first, false, &as_new))
                check_entry(&as_new, file_size);
        if (as_new.usable)
                return false;
        if (read_entry(first, true, &as_old))
                check_entry(&as_old, file_size);
        return as_old.usable;
}

/* How many entries the file has room for: -EINVAL when not for all it claims. A single entry of the
 * newest kind is cut off behind its regions. */
static int check_count(const Bytes *head, uint32_t count, size_t entry_size, uint64_t file_size)
{
        Bytes regions = bytes_sub(head, DA_HEADER_SIZE + 0x12, 2);
        uint64_t size = DA_HEADER_SIZE + (uint64_t)count * entry_size;

        if (count == 1 && size > file_size)
                size = DA_HEADER_SIZE + OFFSET_ENTRY_REGIONS +
                        (uint64_t)bytes_le16(&regions) * REGION_SIZE;
        return size <= file_size ? 0 : -EINVAL;
}

static int refuse(Failure *f, const char *why)
{
        failure_set(
                f, -EINVAL, ERROR_INVALID_FILE, "This is no usable download agent file: %s.", why);
        return -EINVAL;
}

int da_container_parse(
        const void *head, size_t head_size, uint64_t file_size, DaContainer **ret, Failure *f)
{
        _cleanup_(da_container_freep) DaContainer *c = NULL;
        Bytes b = bytes_make(head, head_size);
        const uint8_t *id = bytes_take(&b, sizeof(identifier));
        char description[65];
        uint32_t version, magic, count;
        size_t entry_size;
        bool old;

        assert(head_size <= file_size);
        bytes_text(&b, sizeof(description) - 1, description);
        version = bytes_le32(&b);
        magic = bytes_le32(&b);
        count = bytes_le32(&b);
        if (b.bad || memcmp(id, identifier, strlen(identifier)) != 0 || magic != FILE_MAGIC)
                return refuse(f, "it does not begin as one");
        if (file_size > DA_FILE_MAX)
                return refuse(f, "it is too long");
        if (count == 0 || count > DA_ENTRIES_MAX)
                return refuse(f, "the number of its entries is impossible");
        old = entries_are_old(&b, count, file_size);
        entry_size = old ? DA_ENTRY_SIZE_OLD : DA_ENTRY_SIZE;
        if (check_count(&b, count, entry_size, file_size) < 0)
                return refuse(f, "its table of entries is cut off");

        c = calloc(1, sizeof(*c) + count * sizeof(c->entries[0]));
        if (!c)
                return -ENOMEM;
        memcpy(c->description, description, sizeof(description));
        c->version = version;
        c->size = file_size;
        c->xml = strstr(description, "MTK_DA_v6") != NULL;
        if (version != USUAL_VERSION)
                note(c->warning, "unusual format version %u", version);

        for (uint32_t i = 0; i < count; i++) {
                uint64_t at = DA_HEADER_SIZE + (uint64_t)i * entry_size;
                DaEntry *e = &c->entries[i];

                if (at >= head_size ||
                        !read_entry(bytes_sub(&b, at, MIN(entry_size, head_size - at)), old, e)) {
                        note(c->warning, "%u entries announced, %u there", count, i);
                        break;
                }
                check_entry(e, file_size);
                c->n_entries++;
        }
        if (c->n_entries == 0)
                return refuse(f, "its first entry is broken");
        *ret = TAKE_PTR(c);
        return 0;
}

/* ---- choosing ---- */

DaFamily da_container_family(const DaContainer *c, const Chip *chip)
{
        if (c->xml)
                return DA_XML;
        /* some chips had agents of the generation before, in the files of that one (MT6781) */
        return chip->family == DA_XML ? DA_XFLASH : chip->family;
}

int da_entry_family(const DaContainer *c, const DaEntry *e)
{
        if (c->xml)
                return DA_XML;
        for (size_t i = 0; i < chip_count(); i++)
                if (chip_at(i)->da_code == e->hw_code || chip_at(i)->hw_code == e->hw_code)
                        return (int)da_container_family(c, chip_at(i));
        return e->usable && e->stage2.size == 0 ? (int)DA_LEGACY : -ENOENT;
}

static bool entry_fits(const DaEntry *e, const Chip *chip, uint16_t hw_code)
{
        return e->usable && (e->hw_code == hw_code || (chip && e->hw_code == chip->da_code));
}

const DaEntry *da_container_choose(const DaContainer *c, const Chip *chip, uint16_t hw_code,
        uint16_t hw_ver, uint16_t sw_ver, bool *ret_guess)
{
        const DaEntry *first = NULL, *best = NULL;

        *ret_guess = false;
        for (size_t i = 0; i < c->n_entries; i++) {
                const DaEntry *e = &c->entries[i];

                if (!entry_fits(e, chip, hw_code))
                        continue;
                if (!first)
                        first = e;
                if (e->hw_ver == hw_ver && e->sw_ver == sw_ver)
                        return e;
                if (e->hw_ver > hw_ver || e->sw_ver > sw_ver)
                        continue;
                if (!best || e->hw_ver > best->hw_ver ||
                        (e->hw_ver == best->hw_ver && e->sw_ver > best->sw_ver))
                        best = e;
        }
        if (best)
                return best;
        *ret_guess = first != NULL;
        return first;
}
