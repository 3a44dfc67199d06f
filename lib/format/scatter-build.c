/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Keys are told apart by name and context alone: indentation and dashes of real files are not to be
 * trusted. A key starts a new partition when it is partition_index, or when it is partition_name
 * and the current partition has a name already (a pasted piece of a file).
 *
 * The keys of a partition are a table; what is special about one is in its setter. */

#include "format/scatter-build.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "basic/table.h"
#include "format/address.h"
#include "format/utf8.h"

/* what flash tools know; anything else is kept and told of */
static const char *const types[] = { "NORMAL_ROM", "SV5_BL_BIN", "EXT4_IMG", "YAFFS_IMG", "NONE",
        "UBI_IMG", "FAT_IMG", "MBR_BIN", "F2FS_IMG", "FTL20_IMG" };
static const char *const operations[] = { "BOOTLOADERS", "BOOTLOADER", "UPDATE", "INVISIBLE",
        "PROTECTED", "BINREGION", "RESERVED", "NEEDRESIZE", "KEEPVISIBLE" };

static const char *const storage_names[_STORAGE_MAX] = {
        [STORAGE_UNKNOWN] = "NONE",
        [STORAGE_EMMC] = "EMMC",
        [STORAGE_UFS] = "UFS",
        [STORAGE_NAND] = "NAND",
        [STORAGE_NOR] = "NOR",
        [STORAGE_SD] = "SDMMC",
};

const char *scatter_storage_name(StorageType storage)
{
        return table_name(storage_names, ELEMENTS(storage_names), (int)storage);
}

int scatter_builder_init(ScatterBuilder *b)
{
        *b = (ScatterBuilder){ .scatter = calloc(1, sizeof(Scatter)) };
        return b->scatter ? 0 : -ENOMEM;
}

void scatter_builder_done(ScatterBuilder *b)
{
        scatter_free(b->scatter);
}

static int add_section(ScatterBuilder *b)
{
        Scatter *s = b->scatter;

        Layout *l = layout_new();
        if (!l)
                return -ENOMEM;
        s->sections[s->n_sections++] = b->layout = l;
        return 0;
}

int scatter_builder_section(ScatterBuilder *b)
{
        return b->layout ? 0 : add_section(b);
}

void scatter_builder_problem(ScatterBuilder *b, unsigned line, const char *format, ...)
{
        char text[sizeof(((Problem *)NULL)->text)];
        va_list ap;

        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        if (scatter_builder_section(b) == 0)
                layout_problem(b->layout, line, "%s", text);
}

bool scatter_number(const char *text, uint64_t *ret)
{
        bool hex = strncasecmp(text, "0x", 2) == 0;
        const char *digits = text + (hex ? 2 : 0);
        char *end;

        if (strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789") != strlen(digits) ||
                !*digits)
                return false;
        errno = 0;
        *ret = strtoull(digits, &end, hex ? 16 : 10);
        return errno == 0;
}

/* Takes blanks and quotes from both ends of a text, and keeps what is left from being a comment when
 * it is written: text and XML are to be able to say the same. */
static void settle(char *text)
{
        char *at = text;
        size_t n;

        for (;;) {
                at += strspn(at, " ");
                n = strlen(at);
                while (n > 0 && at[n - 1] == ' ')
                        at[--n] = '\0';
                if (n < 2 || (*at != '"' && *at != '\'') || at[n - 1] != *at)
                        break;
                at[n - 1] = '\0';
                at++;
        }
        memmove(text, at, n + 1);
        for (at = text; *at; at++)
                if (*at == '#' && (at == text || at[-1] == ' '))
                        *at = '_';
}

static void set_text(ScatterBuilder *b, unsigned line, const char *key, char *field, size_t size,
        const char *value)
{
        if (!utf8_copy(field, size, value))
                scatter_builder_problem(b, line, "%s is too long and was cut", key);
        settle(field);
}

static uint64_t get_number(ScatterBuilder *b, unsigned line, const char *key, const char *value)
{
        uint64_t number;

        if (scatter_number(value, &number))
                return number;
        scatter_builder_problem(b, line, "%s: \"%s\" is no number, 0 is taken", key, value);
        return 0;
}

static void find_storage(ScatterBuilder *b, unsigned line, const char *value)
{
        int storage = table_value(storage_names, ELEMENTS(storage_names), value);

        if (storage < 0)
                scatter_builder_problem(b, line, "unknown storage \"%s\"", value);
        else
                b->layout->storage = (StorageType)storage;
}

/* ---- keys of a partition ---- */

typedef enum KeyKind {
        KEY_TEXT,
        KEY_NUMBER,
        KEY_BOOL,
        KEY_IMAGE,  /* file name: text, NONE for none */
        KEY_LISTED, /* text of a list */
        KEY_REGION,
        KEY_HW_STORAGE,
        KEY_IGNORED,
} KeyKind;

typedef struct PartKey {
        const char *name;
        KeyKind kind;
        size_t at, size; /* of the field in Partition */
        const char *const *list;
        size_t n_list;
        uint32_t bit; /* in Partition.keys */
} PartKey;

#define FIELD(f) offsetof(Partition, f), sizeof(((Partition *)NULL)->f)

static const PartKey part_keys[] = {
        { "partition_name", KEY_TEXT, FIELD(name) },
        { "file_name", KEY_IMAGE, FIELD(file_name) },
        { "is_download", KEY_BOOL, FIELD(is_download) },
        { "type", KEY_LISTED, FIELD(type), types, ELEMENTS(types) },
        { "linear_start_addr", KEY_NUMBER, FIELD(linear_address) },
        { "physical_start_addr", KEY_NUMBER, FIELD(physical_address) },
        { "partition_size", KEY_NUMBER, FIELD(size) },
        { "region", KEY_REGION },
        { "storage", KEY_HW_STORAGE },
        { "boundary_check", KEY_BOOL, FIELD(boundary_check) },
        { "is_reserved", KEY_BOOL, FIELD(is_reserved) },
        { "operation_type", KEY_LISTED, FIELD(operation), operations, ELEMENTS(operations) },
        { "is_upgradable", KEY_BOOL, FIELD(is_upgradable), .bit = SCATTER_KEY_UPGRADABLE },
        { "empty_boot_needed", KEY_BOOL, FIELD(empty_boot_needed), .bit = SCATTER_KEY_EMPTY_BOOT },
        { "combo_partsize_check", KEY_BOOL, FIELD(combo_partsize_check), .bit = SCATTER_KEY_COMBO },
        { "reserve", KEY_IGNORED },
        { "d_type", KEY_IGNORED },
        { "slc_percentage", KEY_IGNORED },
};

/* keys of the head that are known and of no use here */
static const char *const head_keys[] = { "info", "description", "skip_pmt_operate",
        "skip_write_dl_info", "skip_pt_operate", "ext_id_check", "ext_id_reg", "ext_id_value",
        "target_board_platform", "check_bootloaders_consistency", "modem_check", "modem" };

static Partition *current(ScatterBuilder *b)
{
        return b->layout->parts + b->layout->n_parts - 1;
}

static bool get_bool(ScatterBuilder *b, unsigned line, const char *key, const char *value)
{
        if (strcasecmp(value, "true") != 0 && strcasecmp(value, "false") != 0)
                scatter_builder_problem(
                        b, line, "%s: \"%s\" is neither true nor false", key, value);
        return strcasecmp(value, "true") == 0;
}

static void set_region(ScatterBuilder *b, unsigned line, const char *value)
{
        Partition *p = current(b);
        StorageType storage;

        if (strcmp(value, "NONE") == 0)
                return;
        if (region_from_name(value, &storage, &p->region) < 0) {
                scatter_builder_problem(
                        b, line, "unknown region \"%s\", taken for the user area", value);
                p->region = REGION_USER;
                return;
        }
        if (b->layout->storage == STORAGE_UNKNOWN)
                b->layout->storage = storage;
        else if (storage != STORAGE_UNKNOWN && storage != b->layout->storage)
                scatter_builder_problem(
                        b, line, "region %s does not belong to this storage", value);
        const char *usual = region_name(storage, p->region);
        if (usual && strcmp(usual, value) != 0)
                set_text(b, line, "region", p->region_text, sizeof(p->region_text), value);
}

static void set_listed(ScatterBuilder *b, unsigned line, const PartKey *k, const char *value)
{
        set_text(b, line, k->name, (char *)current(b) + k->at, k->size, value);
        for (size_t i = 0; i < k->n_list; i++)
                if (strcmp(k->list[i], value) == 0)
                        return;
        scatter_builder_problem(b, line, "unknown %s \"%s\"", k->name, value);
}

static void set_hw_storage(ScatterBuilder *b, unsigned line, const char *value)
{
        const char *bare = strncmp(value, "HW_STORAGE_", 11) == 0 ? value + 11 : value;
        int storage = table_value(storage_names, ELEMENTS(storage_names), bare);

        if (storage < 0)
                scatter_builder_problem(b, line, "unknown storage \"%s\"", value);
        else if (b->layout->storage == STORAGE_UNKNOWN)
                b->layout->storage = (StorageType)storage;
        else if (storage != STORAGE_UNKNOWN && (StorageType)storage != b->layout->storage)
                scatter_builder_problem(b, line, "storage %s differs from that of the file", value);
}

static void set_field(ScatterBuilder *b, unsigned line, const PartKey *k, const char *value)
{
        Partition *p = current(b);
        void *field = (char *)p + k->at;

        p->keys |= k->bit;
        switch (k->kind) {
        case KEY_TEXT:
                set_text(b, line, k->name, field, k->size, value);
                p->class = part_class_of(p->name);
                break;
        case KEY_IMAGE:
                set_text(b, line, k->name, field, k->size, strcmp(value, "NONE") ? value : "");
                break;
        case KEY_NUMBER: *(uint64_t *)field = get_number(b, line, k->name, value); break;
        case KEY_BOOL: *(bool *)field = get_bool(b, line, k->name, value); break;
        case KEY_LISTED: set_listed(b, line, k, value); break;
        case KEY_REGION: set_region(b, line, value); break;
        case KEY_HW_STORAGE: set_hw_storage(b, line, value); break;
        case KEY_IGNORED: break;
        }
}

/* Tells of an unknown key once, however often it comes. */
static void note_unknown(ScatterBuilder *b, unsigned line, const char *key)
{
        for (size_t i = 0; i < b->n_unknown; i++)
                if (strncmp(b->unknown[i], key, sizeof(b->unknown[i]) - 1) == 0)
                        return;
        if (b->n_unknown == SCATTER_UNKNOWN_KEYS_MAX)
                return;
        snprintf(b->unknown[b->n_unknown], sizeof(b->unknown[0]), "%s", key);
        b->n_unknown++;
        scatter_builder_problem(b, line, "unknown key \"%s\"", key);
}

static int start_part(ScatterBuilder *b, unsigned line, const char *index)
{
        int r = scatter_builder_section(b);
        if (r < 0)
                return r;
        Partition *p = layout_add(b->layout, "");
        if (!p) {
                if (b->layout->n_parts < LAYOUT_PARTS_MAX)
                        return -ENOMEM;
                scatter_builder_problem(
                        b, 0, "more than %d partitions, the rest is left out", LAYOUT_PARTS_MAX);
                b->context = CONTEXT_NONE;
                return 0;
        }
        p->line = line;
        p->keys = SCATTER_KEY_SCATTER;
        b->context = CONTEXT_PARTITION;
        b->seen = 0;
        set_text(b, line, "partition_index", p->index, sizeof(p->index), index);
        return 0;
}

/* A key that partitions have: 0, -ENOENT when it is none, -ENOMEM. */
static int part_key(ScatterBuilder *b, unsigned line, const char *key, const char *value)
{
        size_t i = 0;

        while (i < ELEMENTS(part_keys) && strcmp(part_keys[i].name, key) != 0)
                i++;
        if (i == ELEMENTS(part_keys))
                return -ENOENT;
        b->has_config = true;
        if (i == 0 && (b->context != CONTEXT_PARTITION || b->seen & 1)) {
                int r = start_part(b, line, "");
                if (r < 0)
                        return r;
                scatter_builder_problem(b, line, "partition_index is missing");
        }
        if (b->context != CONTEXT_PARTITION) {
                scatter_builder_problem(b, line, "%s belongs to no partition", key);
                return 0;
        }
        if (b->seen & 1u << i) {
                scatter_builder_problem(b, line, "%s is there twice, the first counts", key);
                return 0;
        }
        b->seen |= 1u << i;
        set_field(b, line, part_keys + i, value);
        return 0;
}

/* ---- keys of the head ---- */

static int start_storage(ScatterBuilder *b, unsigned line, const char *value)
{
        Scatter *s = b->scatter;

        /* a head without partitions is not a section of its own */
        if (!b->layout || b->layout->n_parts > 0 || b->layout->storage != STORAGE_UNKNOWN) {
                if (s->n_sections == SCATTER_SECTIONS_MAX) {
                        scatter_builder_problem(b, line, "too many sections");
                        return 0;
                }
                int r = add_section(b);
                if (r < 0)
                        return r;
        }
        b->context = CONTEXT_STORAGE;
        find_storage(b, line, value);
        for (size_t i = 0; i + 1 < s->n_sections; i++)
                if (s->sections[i]->storage == b->layout->storage)
                        scatter_builder_problem(
                                b, line, "storage %s is there twice, the first counts", value);
        return 0;
}

static int head_key(ScatterBuilder *b, unsigned line, const char *key, const char *value)
{
        Layout *l = b->layout;

        if (strcmp(key, "general") == 0) {
                b->context =
                        strcmp(value, "MTK_STORAGE_CFG") == 0 ? CONTEXT_STORAGE : CONTEXT_PLATFORM;
                if (strcmp(value, "MTK_STORAGE_CFG") != 0 && strcmp(value, "MTK_PLATFORM_CFG") != 0)
                        scatter_builder_problem(b, line, "unknown block \"%s\"", value);
                b->has_config = true;
        } else if (strcmp(key, "config_version") == 0)
                set_text(b, line, key, b->scatter->version, sizeof(b->scatter->version), value);
        else if (strcmp(key, "platform") == 0)
                set_text(b, line, key, b->platform, sizeof(b->platform), value);
        else if (strcmp(key, "project") == 0)
                set_text(b, line, key, b->project, sizeof(b->project), value);
        else if (strcmp(key, "storage") == 0)
                find_storage(b, line, value);
        else if (strcmp(key, "boot_channel") == 0)
                set_text(b, line, key, l->boot_channel, sizeof(l->boot_channel), value);
        else if (strcmp(key, "block_size") == 0)
                l->block_size =
                        (uint32_t)MIN(get_number(b, line, key, value), UINT64_C(0x40000000));
        else
                return -ENOENT;
        return 0;
}

int scatter_builder_key(ScatterBuilder *b, unsigned line, const char *key, const char *text)
{
        char value[SCATTER_VALUE_MAX];

        int r = scatter_builder_section(b);
        if (r < 0)
                return r;
        set_text(b, line, key, value, sizeof(value), text);
        if (strcmp(key, "partition_index") == 0) {
                b->has_config = true;
                return start_part(b, line, value);
        }
        if (strcmp(key, "storage_type") == 0)
                return start_storage(b, line, value);
        if (b->context != CONTEXT_PARTITION || strcmp(key, "general") == 0) {
                r = head_key(b, line, key, value);
                if (r != -ENOENT)
                        return r;
        }
        r = part_key(b, line, key, value);
        if (r != -ENOENT)
                return r;
        for (size_t i = 0; i < ELEMENTS(head_keys); i++)
                if (strcmp(head_keys[i], key) == 0)
                        return 0;
        note_unknown(b, line, key);
        return 0;
}
