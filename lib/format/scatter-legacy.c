/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a legacy list leaves out: it has names and linear addresses, nothing else. Sizes are the
 * distance to the next entry, the user area starts where MBR does, and the rest is what such phones
 * had (doc/scatter.md, "Legacy lists"). */

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "format/address.h"
#include "format/part-defaults.h"
#include "format/scatter-build.h"
#include "format/scatter-make.h"

static const char no_download[] = "__NODL_";

/* image files under their names of that time; what is not here has none */
static const struct {
        const char *part, *file;
} files[] = {
        { "PRELOADER", "preloader_<project>.bin" },
        { "DSP_BL", "DSP_BL" },
        { "MBR", "MBR" },
        { "EBR1", "EBR1" },
        { "EBR2", "EBR2" },
        { "UBOOT", "lk.bin" },
        { "BOOTIMG", "boot.img" },
        { "RECOVERY", "recovery.img" },
        { "SEC_RO", "secro.img" },
        { "LOGO", "logo.bin" },
        { "ANDROID", "system.img" },
        { "CACHE", "cache.img" },
        { "USRDATA", "userdata.img" },
};

int scatter_builder_legacy(ScatterBuilder *b, unsigned line, const char *name, uint64_t address)
{
        bool download = strncmp(name, no_download, sizeof(no_download) - 1) != 0;

        if (b->has_config) {
                scatter_builder_problem(b, line, "stray line");
                return 0;
        }
        int r = scatter_builder_section(b);
        if (r < 0)
                return r;
        b->has_legacy = true;
        Partition *p = layout_add(b->layout, download ? name : name + sizeof(no_download) - 1);
        if (!p) {
                scatter_builder_problem(
                        b, 0, "more than %d partitions, the rest is left out", LAYOUT_PARTS_MAX);
                return b->layout->n_parts < LAYOUT_PARTS_MAX ? -ENOMEM : 0;
        }
        p->line = line;
        p->keys = SCATTER_KEY_SCATTER;
        p->is_download = download;
        p->linear_address = address;
        return 0;
}

/* "MT6577" of "/x/MT6577_Android_scatter_emmc.txt", and the storage */
static void guess_from_name(Layout *l, const char *file_name)
{
        const char *base = file_name ? strrchr(file_name, '/') : NULL;

        base = base ? base + 1 : file_name ?: "";
        for (const char *at = base; !l->chip[0] && *at; at++)
                if (strncasecmp(at, "MT", 2) == 0 && strspn(at + 2, "0123456789") >= 4)
                        snprintf(l->chip, sizeof(l->chip), "MT%.4s", at + 2);
        if (l->storage == STORAGE_UNKNOWN)
                l->storage = strcasestr(base, "_emmc") || layout_find(l, "MBR") ? STORAGE_EMMC
                                                                                : STORAGE_NAND;
}

static void set_sizes(Layout *l)
{
        for (size_t i = 0; i < l->n_parts; i++) {
                Partition *p = l->parts + i;
                const Partition *next = i + 1 < l->n_parts ? p + 1 : NULL;
                bool reserved = address_is_from_end(p->linear_address);
                if (!reserved && next && !address_is_from_end(next->linear_address) &&
                        next->linear_address >= p->linear_address)
                        p->size = next->linear_address - p->linear_address;
                else
                        p->open_end = true;
                if (!reserved && next && next->linear_address < p->linear_address)
                        layout_problem(l, next->line, "%s comes before %s, addresses should rise",
                                next->name, p->name);
        }
}

static void set_places(Layout *l)
{
        const Partition *mbr = layout_find(l, "MBR");

        for (size_t i = 0; i < l->n_parts; i++) {
                Partition *p = l->parts + i;
                p->physical_address = p->linear_address;
                if (l->storage != STORAGE_EMMC || address_is_from_end(p->linear_address) || !mbr)
                        continue;
                if (p->linear_address < mbr->linear_address)
                        p->region = REGION_BOOT1;
                else
                        p->physical_address -= mbr->linear_address;
        }
}

static void set_defaults(Layout *l, Partition *p)
{
        bool download = p->is_download;

        scatter_set_defaults(l, p);
        p->is_reserved = address_is_from_end(p->linear_address) || strncmp(p->name, "RSV_", 4) == 0;
        p->boundary_check = !p->is_reserved;
        p->is_download = download && !p->is_reserved;
        if (p->is_reserved)
                snprintf(p->operation, sizeof(p->operation), "RESERVED");
        else if (!part_default_find(p->name) && download)
                snprintf(p->operation, sizeof(p->operation), "UPDATE");
        if (p->region == REGION_BOOT1 && strcasecmp(p->name, "PRELOADER") == 0)
                snprintf(p->region_text, sizeof(p->region_text), "EMMC_BOOT_1");
        p->file_name[0] = '\0';
        for (size_t i = 0; i < ELEMENTS(files); i++)
                if (p->is_download && strcasecmp(files[i].part, p->name) == 0)
                        snprintf(p->file_name, sizeof(p->file_name), "%s", files[i].file);
        if (p->is_reserved && download)
                layout_problem(l, p->line, "%s is reserved and yet for download", p->name);
}

void scatter_complete_legacy(Layout *l, const char *file_name)
{
        guess_from_name(l, file_name);
        set_sizes(l);
        set_places(l);
        for (size_t i = 0; i < l->n_parts; i++) {
                snprintf(l->parts[i].index, sizeof(l->parts[i].index), "SYS%u", (unsigned)i);
                set_defaults(l, l->parts + i);
        }
        if (l->chip[0] == '\0')
                layout_note(l, 0, "a legacy file does not say its chip, only its name would");
}
