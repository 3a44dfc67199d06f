/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a readback list names (readback-xml.h). */

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "format/readback-xml.h"
#include "format/rom.h"
#include "format/utf8.h"

void readback_list_done(ReadbackList *l)
{
        free(l->items);
        *l = (ReadbackList){ 0 };
}

static bool matches(const char *const *globs, const char *name)
{
        for (; globs && *globs; globs++)
                if (fnmatch(*globs, name, FNM_CASEFOLD) == 0)
                        return true;
        return false;
}

static bool is_chosen(const ReadbackOptions *o, const char *name)
{
        return (!o->only || matches(o->only, name)) && !matches(o->exclude, name);
}

/* "D:\x", "C:/x", "\\server\x" and anything else with a back slash */
static bool is_windows(const char *folder)
{
        return strchr(folder, '\\') || (isalpha((unsigned char)folder[0]) && folder[1] == ':');
}

static void set_path(ReadbackItem *item, const ReadbackOptions *o, unsigned copy)
{
        const char *folder = o->folder ?: "", *suffix = o->suffix ?: "";
        size_t n = strlen(folder);
        char file[ROM_FILE_MAX], number[16] = "", separator[2] = "/";

        rom_file_name(item->name, file);
        if (copy > 1)
                snprintf(number, sizeof(number), "~%u", copy);
        if (is_windows(folder))
                separator[0] = '\\';
        if (n == 0 || folder[n - 1] == '/' || folder[n - 1] == '\\')
                separator[0] = '\0';
        snprintf(item->path, sizeof(item->path), "%s%s%s%s%s", folder, separator, file, number,
                suffix);
}

/* how many items of this name there are already, this one counted */
static unsigned count_name(const ReadbackList *list, const char *name)
{
        unsigned n = 1;

        for (size_t i = 0; i < list->n_items; i++)
                n += strcasecmp(list->items[i].name, name) == 0;
        return n;
}

static void add(ReadbackList *list, const ReadbackOptions *o, const ReadbackItem *item)
{
        if (!is_chosen(o, item->name))
                return;
        unsigned copy = count_name(list, item->name);
        ReadbackItem *added = list->items + list->n_items++;
        *added = *item;
        set_path(added, o, copy);
}

/* What version 6 reads by address must not touch the end of an area: agents refuse that. */
static void note_end(Layout *l, const ReadbackOptions *o, const Region *r, ReadbackItem *item)
{
        if (o->form != READBACK_V6 || !r || item->offset + item->size < r->size)
                return;
        if (item->part && item->part->size > 0 && item->part->size < r->size)
                item->size = item->part->size;
        else
                layout_note(l, 0, "%s is read up to the end of its area, which some phones refuse",
                        item->name);
}

/* The loader's areas: whole when their size is known, else as much as the scatter says. */
static void add_boot(Layout *l, const ReadbackOptions *o, ReadbackList *list)
{
        static const struct {
                RegionKind kind;
                const char *name;
        } areas[] = { { REGION_BOOT1, "preloader" }, { REGION_BOOT2, "preloader_backup" } };
        bool any = false;

        if (l->storage != STORAGE_EMMC && l->storage != STORAGE_UFS)
                return;
        for (size_t i = 0; i < ELEMENTS(areas); i++) {
                const Region *r = layout_region(l, areas[i].kind);
                const Partition *part = NULL;
                for (size_t k = 0; !part && k < l->n_parts; k++)
                        if (l->parts[k].region == areas[i].kind ||
                                l->parts[k].region == REGION_BOOT1_BOOT2)
                                part = l->parts + k;
                ReadbackItem item = { .part = part, .region = areas[i].kind };
                item.size = r && r->size ? r->size : part ? part->size : 0;
                item.by_name = o->form == READBACK_CONSOLE6;
                utf8_copy(item.name, sizeof(item.name), areas[i].name);
                if (item.size == 0)
                        continue;
                any = true;
                note_end(l, o, r, &item);
                if (part && !(r && r->size))
                        layout_note(l, part->line,
                                "the size of the boot area is not known, 0x%" PRIx64
                                " bytes of it are read",
                                item.size);
                add(list, o, &item);
        }
        if (!any)
                layout_problem(
                        l, 0, "no size for the boot areas: the preloader is not in the list");
}

/* Why a part cannot be in the list, or NULL. */
static const char *obstacle(const Partition *p)
{
        if (p->unplaced)
                return p->from_end ? "its address counts from the end of an area of unknown size"
                                   : "it has no place";
        if (p->open_end)
                return "its end is not known";
        return p->size == 0 ? "it has no size" : NULL;
}

/* what version 6 finds in the phone's table, or knows by a name of its own */
static bool is_by_name(const ReadbackOptions *o, const Partition *p)
{
        bool table = strcasecmp(p->name, "pgpt") == 0 || strcasecmp(p->name, "sgpt") == 0;
        return o->form == READBACK_CONSOLE6 || (o->form == READBACK_V6 && !table);
}

/* An end that is open is closed by the area's size. */
static uint64_t size_of(const Layout *l, const Partition *p)
{
        const Region *r = layout_region(l, p->region);

        return p->open_end && !p->unplaced && r && r->size > p->offset ? r->size - p->offset
                                                                       : p->size;
}

static void add_part(Layout *l, const ReadbackOptions *o, ReadbackList *list, const Partition *p)
{
        uint32_t unit = l->storage == STORAGE_EMMC ? 512 : l->storage == STORAGE_UFS ? 2048 : 4096;
        const char *why = size_of(l, p) > 0 && !p->unplaced ? NULL : obstacle(p);
        ReadbackItem item = { .part = p,
                .region = p->region,
                .offset = p->offset,
                .size = size_of(l, p),
                .by_name = is_by_name(o, p) };

        if (p->name[0])
                utf8_copy(item.name, sizeof(item.name), p->name);
        else
                snprintf(item.name, sizeof(item.name), "%s", p->index[0] ? p->index : "unnamed");
        if (!is_chosen(o, item.name))
                return;
        if (why) {
                layout_problem(l, p->line, "%s is left out: %s", item.name, why);
                return;
        }
        if (item.size % unit || item.offset % unit)
                layout_problem(l, p->line,
                        "%s does not lie on units of %" PRIu32 " bytes, which "
                        "the tool wants",
                        item.name, unit);
        if (item.size > UINT32_MAX && (o->form == READBACK_V5 || o->form == READBACK_CONSOLE5))
                layout_note(l, p->line,
                        "%s has more than 4 GiB, which early versions 5 of the tool cut",
                        item.name);
        add(list, o, &item);
}

/* The tool compares the name with that of its scatter, and its schema knows no other form. */
static void check_chip(Layout *l)
{
        const char *c = l->chip;
        bool known = strncmp(c, "MT", 2) == 0 && strspn(c + 2, "0123456789") == 4 &&
                (c[6] == '\0' || (isupper((unsigned char)c[6]) && c[7] == '\0'));

        if (!known && strcmp(c, "ELBRUS") != 0)
                layout_problem(l, 0, "“%s” is no chip name that the tool accepts, as MT6765 is", c);
}

static bool is_boot(RegionKind kind)
{
        return kind == REGION_BOOT1 || kind == REGION_BOOT2 || kind == REGION_BOOT1_BOOT2;
}

int readback_list(Layout *l, const ReadbackOptions *o, ReadbackList *ret)
{
        ReadbackList list = { .items = calloc(l->n_parts + 2, sizeof(ReadbackItem)) };

        if (!list.items)
                return -ENOMEM;
        check_chip(l);
        add_boot(l, o, &list);
        for (size_t i = 0; i < l->n_parts; i++)
                if (!is_boot(l->parts[i].region))
                        add_part(l, o, &list, l->parts + i);
        if (list.n_items == 0)
                layout_problem(l, 0, "the list is empty");
        *ret = list;
        return 0;
}
