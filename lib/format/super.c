/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/super.h"

#include <errno.h>

#include "basic/bytes.h"
#include "basic/digest.h"
#include "basic/table.h"

#define GEOMETRY_MAGIC UINT32_C(0x616C4467)
#define HEADER_MAGIC UINT32_C(0x414C5030)

enum {
        GEOMETRY_AT = 4096,
        GEOMETRY_STEP = 4096,
        GEOMETRY_SIZE = 52,
        METADATA_AT = 12288,
        SECTOR = 512,
        HEADER_MIN = 128,
        HEADER_MAX = 256,
        PARTITION_SIZE = 52,
        EXTENT_SIZE = 24,
        GROUP_SIZE = 48,
        DEVICE_SIZE = 64,
};

enum { TABLE_PARTITIONS, TABLE_EXTENTS, TABLE_GROUPS, TABLE_DEVICES, TABLES };

static const char *const copy_names[] = { "absent", "bad", "good" };

const char *super_copy_to_string(SuperCopy copy)
{
        return table_name(copy_names, ELEMENTS(copy_names), (int)copy);
}

/* Compares the SHA-256 stored at field (counted as zero) with that of size bytes. */
static bool sum_matches(const uint8_t *data, size_t size, size_t field)
{
        uint8_t copy[GEOMETRY_STEP], sum[SHA256_SIZE];

        if (size > sizeof(copy) || field + SHA256_SIZE > size)
                return false;
        memcpy(copy, data, size);
        memset(copy + field, 0, SHA256_SIZE);
        digest_of(DIGEST_SHA256, copy, size, sum);
        return memcmp(sum, data + field, SHA256_SIZE) == 0;
}

static int read_geometry(Source *s, Super *super, size_t copy)
{
        uint8_t raw[GEOMETRY_SIZE];
        uint32_t max, slots;
        size_t n;
        int r;

        r = source_read_some(s, raw, sizeof(raw), GEOMETRY_AT + copy * GEOMETRY_STEP, &n);
        if (r < 0)
                return r;
        if (n < sizeof(raw) || get_le32(raw) != GEOMETRY_MAGIC)
                return 0;
        super->geometry[copy] = SUPER_COPY_BAD;
        if (get_le32(raw + 4) != GEOMETRY_SIZE || !sum_matches(raw, sizeof(raw), 8))
                return 0;
        max = get_le32(raw + 40);
        slots = get_le32(raw + 44);
        if (max == 0 || max % SECTOR != 0 || max > SUPER_TABLES_MAX || slots == 0 ||
                slots > SUPER_SLOTS_MAX)
                return 0;
        super->geometry[copy] = SUPER_COPY_GOOD;
        if (super->slot_count > 0)
                return 0;
        super->metadata_max_size = max;
        super->slot_count = slots;
        super->logical_block_size = get_le32(raw + 48);
        return 0;
}

typedef struct Table {
        uint32_t offset, count, entry_size;
} Table;

/* one checked metadata slot in memory */
typedef struct Metadata {
        const uint8_t *tables;
        Table table[TABLES];
        unsigned minor;
} Metadata;

static const uint8_t *table_entry(const Metadata *m, int table, size_t i)
{
        return m->tables + m->table[table].offset + i * m->table[table].entry_size;
}

static bool tables_fit(Metadata *m, const uint8_t *header, uint32_t tables_size)
{
        static const uint32_t sizes[TABLES] = { PARTITION_SIZE, EXTENT_SIZE, GROUP_SIZE,
                DEVICE_SIZE };

        for (int i = 0; i < TABLES; i++) {
                const uint8_t *d = header + 80 + 12 * i;
                Table *t = &m->table[i];

                *t = (Table){ get_le32(d), get_le32(d + 4), get_le32(d + 8) };
                if (t->entry_size < sizes[i] ||
                        !range_fits(t->offset, (uint64_t)t->count * t->entry_size, tables_size))
                        return false;
        }
        return true;
}

static SuperCopy check_metadata(const uint8_t *raw, size_t size, Metadata *m)
{
        uint32_t header_size, tables_size;
        uint8_t sum[SHA256_SIZE];

        if (size < HEADER_MIN || get_le32(raw) != HEADER_MAGIC)
                return SUPER_COPY_ABSENT;
        header_size = get_le32(raw + 8);
        tables_size = get_le32(raw + 44);
        if (get_le16(raw + 4) != 10 || header_size < HEADER_MIN || header_size > HEADER_MAX ||
                header_size > size || tables_size > size - header_size ||
                !sum_matches(raw, header_size, 12))
                return SUPER_COPY_BAD;
        digest_of(DIGEST_SHA256, raw + header_size, tables_size, sum);
        if (memcmp(sum, raw + 48, SHA256_SIZE) != 0)
                return SUPER_COPY_BAD;
        m->minor = get_le16(raw + 6);
        m->tables = raw + header_size;
        return tables_fit(m, raw, tables_size) ? SUPER_COPY_GOOD : SUPER_COPY_BAD;
}

static void text(const uint8_t *p, char *out)
{
        Bytes b = bytes_make(p, SUPER_NAME);

        bytes_text(&b, SUPER_NAME, out);
}

static int take_extents(const Metadata *m, Super *super)
{
        super->n_extents = m->table[TABLE_EXTENTS].count;
        super->extents = calloc(MAX(super->n_extents, 1U), sizeof(*super->extents));
        if (!super->extents)
                return -ENOMEM;
        for (size_t i = 0; i < super->n_extents; i++) {
                const uint8_t *p = table_entry(m, TABLE_EXTENTS, i);
                uint64_t sectors = get_le64(p), target = get_le64(p + 12);

                if (sectors > UINT64_MAX / SECTOR / 4 || target > UINT64_MAX / SECTOR / 4 ||
                        get_le32(p + 8) > 1)
                        return -EBADMSG;
                super->extents[i] = (SuperExtent){
                        .size = sectors * SECTOR,
                        .zero = get_le32(p + 8) == 1,
                        .offset = target * SECTOR,
                        .device = get_le32(p + 20),
                };
        }
        return 0;
}

static int take_partition(const Metadata *m, Super *super, size_t i)
{
        const uint8_t *p = table_entry(m, TABLE_PARTITIONS, i);
        SuperPartition *q = &super->partitions[i];
        uint32_t group = get_le32(p + 48);

        text(p, q->name);
        q->attributes = get_le32(p + 36);
        q->first_extent = get_le32(p + 40);
        q->n_extents = get_le32(p + 44);
        if (!range_fits(q->first_extent, q->n_extents, super->n_extents))
                return -EBADMSG;
        for (size_t k = 0; k < q->n_extents; k++)
                if (__builtin_add_overflow(
                            q->size, super->extents[q->first_extent + k].size, &q->size) ||
                        q->size > INT64_MAX)
                        return -EBADMSG;
        if (group < m->table[TABLE_GROUPS].count)
                text(table_entry(m, TABLE_GROUPS, group), q->group);
        return 0;
}

static int take_tables(const Metadata *m, Super *super)
{
        int r;

        r = take_extents(m, super);
        if (r < 0)
                return r;
        super->n_partitions = m->table[TABLE_PARTITIONS].count;
        super->partitions = calloc(MAX(super->n_partitions, 1U), sizeof(*super->partitions));
        if (!super->partitions)
                return -ENOMEM;
        for (size_t i = 0; i < super->n_partitions; i++) {
                r = take_partition(m, super, i);
                if (r < 0)
                        return r;
        }
        super->n_devices = MIN(m->table[TABLE_DEVICES].count, (uint32_t)SUPER_DEVICES_MAX);
        for (size_t i = 0; i < super->n_devices; i++) {
                const uint8_t *p = table_entry(m, TABLE_DEVICES, i);

                super->devices[i].first_byte = MIN(get_le64(p), UINT64_MAX / SECTOR) * SECTOR;
                super->devices[i].size = get_le64(p + 16);
                text(p + 24, super->devices[i].name);
        }
        super->minor = m->minor;
        return 0;
}

/* Looks at every copy of every slot, takes the wanted one. */
static int read_slots(Source *s, int slot, Super *super)
{
        uint32_t max = super->metadata_max_size;
        _cleanup_free_ uint8_t *raw = malloc(max);
        bool taken = false;
        int r;

        if (!raw)
                return -ENOMEM;
        for (unsigned i = 0; i < super->slot_count; i++)
                for (unsigned copy = 0; copy < 2; copy++) {
                        uint64_t at = METADATA_AT + (uint64_t)max * (i + copy * super->slot_count);
                        Metadata m = {};
                        size_t n;

                        r = source_read_some(s, raw, max, at, &n);
                        if (r < 0)
                                return r;
                        super->slots[copy][i] = check_metadata(raw, n, &m);
                        if (taken || (slot >= 0 && (unsigned)slot != i) ||
                                super->slots[copy][i] != SUPER_COPY_GOOD)
                                continue;
                        r = take_tables(&m, super);
                        if (r < 0)
                                return r;
                        taken = true;
                        super->slot = i;
                        super->from_backup = copy == 1;
                }
        return taken ? 0 : -EBADMSG;
}

int super_read(Source *s, int slot, Super **ret)
{
        _cleanup_(super_freep) Super *super = calloc(1, sizeof(*super));
        int r;

        if (!super)
                return -ENOMEM;
        for (size_t copy = 0; copy < 2; copy++) {
                r = read_geometry(s, super, copy);
                if (r < 0)
                        return r;
        }
        if (super->geometry[0] == SUPER_COPY_ABSENT && super->geometry[1] == SUPER_COPY_ABSENT)
                return -ENOENT;
        if (super->slot_count == 0)
                return -EBADMSG;
        if (slot >= 0 && (uint32_t)slot >= super->slot_count)
                return -ERANGE;
        r = read_slots(s, slot, super);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(super);
        return 0;
}

Super *super_free(Super *super)
{
        if (!super)
                return NULL;
        free(super->partitions);
        free(super->extents);
        free(super);
        return NULL;
}

const SuperPartition *super_find(const Super *super, const char *name)
{
        for (size_t i = 0; i < super->n_partitions; i++)
                if (strcmp(super->partitions[i].name, name) == 0)
                        return &super->partitions[i];
        return NULL;
}

/* The extent that holds an offset, and where in it. NULL behind the last. */
static const SuperExtent *locate(const SuperSource *x, uint64_t offset, uint64_t *ret_inside)
{
        for (size_t i = 0; i < x->n_extents; i++) {
                if (offset < x->extents[i].size) {
                        *ret_inside = offset;
                        return &x->extents[i];
                }
                offset -= x->extents[i].size;
        }
        return NULL;
}

static int super_source_read(Source *s, void *data, size_t size, uint64_t offset)
{
        SuperSource *x = (SuperSource *)s;
        uint8_t *out = data;
        int r;

        while (size > 0) {
                uint64_t inside;
                const SuperExtent *e = locate(x, offset, &inside);
                size_t n;

                if (!e)
                        return -ERANGE;
                n = (size_t)MIN(e->size - inside, size);
                if (e->zero)
                        memset(out, 0, n);
                else {
                        r = source_read(x->parent, out, n, e->offset + inside);
                        if (r < 0)
                                return r;
                }
                out += n;
                offset += n;
                size -= n;
        }
        return 0;
}

static int super_source_extent(Source *s, uint64_t offset, uint64_t *ret_start, uint64_t *ret_end)
{
        SuperSource *x = (SuperSource *)s;
        uint64_t begin = 0;

        for (size_t i = 0; i < x->n_extents; i++) {
                const SuperExtent *e = &x->extents[i];
                uint64_t end = begin + e->size, from = MAX(offset, begin), start, stop;

                if (from < end && !e->zero &&
                        source_extent(x->parent, e->offset + (from - begin), &start, &stop) == 0 &&
                        start < e->offset + e->size) {
                        *ret_start = begin + (start - e->offset);
                        *ret_end = MIN(end, begin + (stop - e->offset));
                        return 0;
                }
                begin = end;
        }
        return -ENXIO;
}

static const SourceOps super_source_ops = {
        .read = super_source_read,
        .extent = super_source_extent,
};

int super_source_init(SuperSource *x, const Super *super, const SuperPartition *p, Source *parent)
{
        *x = (SuperSource){
                .source = { .ops = &super_source_ops, .size = p->size },
                .parent = parent,
                .extents = super->extents + p->first_extent,
                .n_extents = p->n_extents,
        };
        for (size_t i = 0; i < x->n_extents; i++) {
                const SuperExtent *e = &x->extents[i];

                if (e->zero)
                        continue;
                if (e->device != 0)
                        return -ENODEV;
                if (!range_fits(e->offset, e->size, parent->size))
                        return -ERANGE;
        }
        return 0;
}
