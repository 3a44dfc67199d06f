/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/scatter-make.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "format/address.h"
#include "format/filesystem.h"
#include "format/part-defaults.h"
#include "format/utf8.h"

enum {
        PGPT_MAX = 0x80000,
        OLD_LOADER = 0x40000,
        NEW_LOADER = 0x80000,
        GPT_SECTORS = 33, /* of a backup table */
};

/* "MT6765" -> 6765, 0 for anything else */
static unsigned chip_number(const char *chip)
{
        if (strncasecmp(chip, "MT", 2) != 0 || strspn(chip + 2, "0123456789") < 4)
                return 0;
        return (unsigned)strtoul((char[5]){ chip[2], chip[3], chip[4], chip[5] }, NULL, 10);
}

/* Chips up to MT6753 and the tablets of their time keep one loader in BOOT1; later ones write it to
 * both boot areas. */
static bool is_old_chip(const char *chip)
{
        unsigned n = chip_number(chip);
        return n != 6739 && ((n > 0 && n <= 6753) || (n >= 8000 && n <= 8176));
}

void scatter_set_defaults(const Layout *l, Partition *p)
{
        const PartDefault *d = part_default_find(p->name);
        bool own = p->class == CLASS_IDENTITY || p->class == CLASS_LOCK || p->class == CLASS_GAP;

        utf8_copy(p->type, sizeof(p->type), d ? d->type : "NORMAL_ROM");
        utf8_copy(p->operation, sizeof(p->operation), d ? d->operation : "INVISIBLE");
        p->is_download = d && d->is_download && !own;
        utf8_copy(p->file_name, sizeof(p->file_name), p->is_download ? d->file_name : "");
        p->is_reserved = d && d->is_reserved;
        p->boundary_check = !p->is_reserved;
        if (own && strcmp(p->operation, "UPDATE") == 0)
                utf8_copy(p->operation, sizeof(p->operation), "PROTECTED");
        /* files of eMMC phones say YAFFS_IMG and mean ext4 */
        if ((l->storage == STORAGE_EMMC || l->storage == STORAGE_UFS) &&
                strcmp(p->type, "YAFFS_IMG") == 0)
                utf8_copy(p->type, sizeof(p->type), "EXT4_IMG");
}

static Partition *insert(
        Layout *l, const char *name, RegionKind region, uint64_t offset, uint64_t size)
{
        Partition *p = layout_add(l, name);

        if (!p)
                return NULL;
        p->region = region;
        p->offset = offset;
        p->size = size;
        scatter_set_defaults(l, p);
        return p;
}

static int add_loader(Layout *l, const ScatterMake *how)
{
        bool old = l->storage == STORAGE_EMMC && is_old_chip(l->chip);
        uint64_t size = old ? OLD_LOADER : NEW_LOADER;

        if (l->storage != STORAGE_EMMC && l->storage != STORAGE_UFS)
                return 0;
        if (how->boot_size > 0)
                size = MIN(size, how->boot_size);
        Partition *p = insert(l, "preloader", old ? REGION_BOOT1 : REGION_BOOT1_BOOT2, 0, size);
        if (!p)
                return -ENOMEM;
        if (old)
                utf8_copy(p->region_text, sizeof(p->region_text), "EMMC_BOOT_1");
        return 0;
}

static uint64_t first_offset(const Layout *table)
{
        uint64_t first = UINT64_MAX;

        for (size_t i = 0; i < table->n_parts; i++) {
                const Partition *p = table->parts + i;
                if (p->region == REGION_USER && !p->unplaced && p->class != CLASS_GAP)
                        first = MIN(first, p->offset);
        }
        return first;
}

/* A GPT does not list itself. */
static bool needs_own_tables(const Layout *table)
{
        bool gpt = table->usable_end > 0;

        for (size_t i = 0; i < table->n_parts; i++)
                gpt |= table->parts[i].has_guid;
        return gpt && !layout_find(table, "pgpt") && !layout_find(table, "mbr");
}

/* Where the backup table's own space begins: what the table says, or the gap at the end of one that
 * was tiled; 0 unknown. */
static uint64_t usable_end(const Layout *table, uint64_t end)
{
        for (size_t i = 0; table->usable_end == 0 && i < table->n_parts; i++) {
                const Partition *p = table->parts + i;
                if (p->class == CLASS_GAP && p->region == REGION_USER && p->offset > 0 &&
                        p->offset + p->size == end)
                        return p->offset;
        }
        return table->usable_end;
}

static bool is_boot(RegionKind kind)
{
        return kind == REGION_BOOT1 || kind == REGION_BOOT2;
}

/* Gaps are no partitions. What a GPT phone's layout has in the boot areas is the area as it was read,
 * while a scatter names the loader in it. */
static int add_parts(Layout *l, const Layout *table)
{
        bool gpt = needs_own_tables(table);

        for (size_t i = 0; i < table->n_parts; i++) {
                if (table->parts[i].class == CLASS_GAP || (gpt && is_boot(table->parts[i].region)))
                        continue;
                Partition *p = layout_add(l, table->parts[i].name);
                if (!p)
                        return -ENOMEM;
                *p = table->parts[i];
                p->keys = 0;
                p->index[0] = '\0';
                scatter_set_defaults(l, p);
        }
        return 0;
}

static int add_backup_table(Layout *l, const Layout *table)
{
        uint64_t end = layout_region(l, REGION_USER)->size, start = usable_end(table, end);
        uint32_t sector = l->storage == STORAGE_UFS ? 4096 : 512;

        if (end == 0 || layout_find(l, "sgpt"))
                return 0;
        if (start == 0 || start >= end)
                start = end - MIN(end, (uint64_t)GPT_SECTORS * sector);
        return insert(l, "sgpt", REGION_USER, start, end - start) ? 0 : -ENOMEM;
}

/* A partition that the table of defaults does not know may still show what it is. */
static int look_for_filesystems(Layout *l, const ScatterMake *how)
{
        for (size_t i = 0; how->user && i < l->n_parts; i++) {
                Partition *p = l->parts + i;
                Filesystem fs;
                if (p->region != REGION_USER || p->unplaced || part_default_find(p->name) ||
                        p->offset > UINT64_MAX / 2)
                        continue;
                int r = filesystem_identify(how->user, how->user_offset + p->offset, &fs);
                if (r == -ERANGE || r == -ENODATA)
                        continue;
                if (r < 0)
                        return r;
                if (fs.kind == FILESYSTEM_EXT4)
                        utf8_copy(p->type, sizeof(p->type), "EXT4_IMG");
        }
        return 0;
}

/* A device without MBR counts linear like physical; with one, the user area starts behind the
 * loader. */
static void set_addresses(Layout *l)
{
        const Partition *loader = layout_find(l, "preloader");
        uint64_t start = layout_find(l, "mbr") && loader ? loader->size : 0;
        uint32_t blocks[LAYOUT_PARTS_MAX] = { 0 };

        /* what counted from the end in the table and has no place keeps its number */
        for (size_t i = 0; i < l->n_parts; i++)
                blocks[i] = l->parts[i].unplaced ? l->parts[i].end_blocks : 0;
        layout_address(l, start);
        for (size_t i = 0; i < l->n_parts; i++) {
                Partition *p = l->parts + i;
                if (!p->unplaced)
                        continue;
                p->from_end = true;
                p->end_blocks = blocks[i];
                p->linear_address = p->physical_address = 0xffff0000 | blocks[i];
        }
}

static void describe(Layout *l, const Layout *table, const ScatterMake *how)
{
        l->storage = how->storage != STORAGE_UNKNOWN ? how->storage : table->storage;
        l->block_size = l->storage == STORAGE_UFS ? 0x80000 : 0x20000;
        utf8_copy(l->chip, sizeof(l->chip), how->chip ?: table->chip);
        utf8_copy(l->project, sizeof(l->project), how->project ?: table->project);
        for (size_t i = 0; i < table->n_regions; i++)
                layout_set_region(l, table->regions[i].kind, table->regions[i].size);
        const Region *user = layout_region(table, REGION_USER);
        layout_set_region(l, REGION_USER, how->user_size ?: user ? user->size : 0);
        if (how->boot_size > 0)
                layout_set_region(l, REGION_BOOT1, how->boot_size);
        if (!l->chip[0])
                layout_problem(l, 0, "the chip is not known, flash tools will want its name");
}

int scatter_make(const Layout *table, const ScatterMake *how, Layout **ret)
{
        _cleanup_(layout_freep) Layout *l = layout_new();
        uint64_t first = first_offset(table);
        int r = 0;

        if (!l)
                return -ENOMEM;
        describe(l, table, how);
        if (needs_own_tables(table) || !layout_find(table, "preloader"))
                r = add_loader(l, how);
        if (r == 0 && needs_own_tables(table) &&
                !insert(l, "pgpt", REGION_USER, 0, MIN(first, (uint64_t)PGPT_MAX)))
                r = -ENOMEM;
        if (r == 0)
                r = add_parts(l, table);
        if (r == 0 && needs_own_tables(table))
                r = add_backup_table(l, table);
        if (r == 0)
                r = look_for_filesystems(l, how);
        if (r < 0)
                return r;
        set_addresses(l);
        layout_check(l);
        *ret = TAKE_PTR(l);
        return 0;
}
