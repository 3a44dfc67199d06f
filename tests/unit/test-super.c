/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "basic/digest.h"
#include "data.h"
#include "format/super.h"

#define EXAMPLE "examples/super-metadata-head.bin"

/* The head of a super partition lists logical partitions and where they lie. */
static void test_list(void **state)
{
        size_t size;
        _cleanup_free_ char *data = data_read(EXAMPLE, &size);
        _cleanup_(super_freep) Super *super = NULL;
        const SuperPartition *p;
        MemorySource m;

        assert_int_equal(super_read(memory_source_init(&m, data, size), -1, &super), 0);
        assert_int_equal(super->geometry[0], SUPER_COPY_GOOD);
        assert_int_equal(super->geometry[1], SUPER_COPY_GOOD);
        assert_int_equal(super->slot_count, 2);
        assert_int_equal(super->slot, 0);
        assert_false(super->from_backup);
        assert_int_equal(super->n_partitions, 3);
        p = super_find(super, "system_a");
        assert_non_null(p);
        assert_int_equal(p->size, (2048 + 1024) * 512);
        assert_int_equal(p->n_extents, 2);
        assert_true(super->extents[1].zero);
        assert_string_equal(p->group, "main_a");
        assert_int_equal(p->attributes, SUPER_ATTR_READONLY);
        assert_int_equal(super_find(super, "vendor_a")->size, 512 * 512);
        assert_int_equal(super_find(super, "system_b")->size, 0);
        assert_null(super_find(super, "odm"));
        assert_string_equal(super->devices[0].name, "super");
        assert_int_equal(super->devices[0].size, 8 * MiB);
}

/* the whole partition of the example, with data in it */
static char *whole(size_t *ret_size)
{
        size_t size;
        _cleanup_free_ char *head = data_read(EXAMPLE, &size);
        char *data = calloc(1, 8 * MiB);

        assert_non_null(data);
        memcpy(data, head, size);
        for (size_t i = 0; i < 2048 * 512; i++)
                data[2048 * 512 + i] = (char)(i % 251);
        memset(data + 8192 * 512 - 1, 'v', 512 * 512 + 1);
        *ret_size = 8 * MiB;
        return data;
}

static void test_extract(void **state)
{
        size_t size;
        _cleanup_free_ char *data = whole(&size), *out = malloc(2 * MiB);
        _cleanup_(super_freep) Super *super = NULL;
        uint64_t start, end;
        SuperSource x;
        MemorySource m;

        assert_int_equal(super_read(memory_source_init(&m, data, size), 0, &super), 0);
        assert_int_equal(super_source_init(&x, super, super_find(super, "system_a"), &m.source), 0);
        assert_int_equal(x.source.size, 3072 * 512);
        assert_int_equal(source_read(&x.source, out, 3072 * 512, 0), 0);
        assert_memory_equal(out, data + 2048 * 512, 2048 * 512);
        assert_true(bytes_all(out + 2048 * 512, 1024 * 512, 0));
        /* a read across the border of two extents */
        assert_int_equal(source_read(&x.source, out, 100, 2048 * 512 - 50), 0);
        assert_memory_equal(out, data + 4096 * 512 - 50, 50);
        assert_true(bytes_all(out + 50, 50, 0));
        assert_int_equal(source_extent(&x.source, 5, &start, &end), 0);
        assert_int_equal(start, 5);
        assert_int_equal(end, 2048 * 512);
        assert_int_equal(source_extent(&x.source, end, &start, &end), -ENXIO);

        assert_int_equal(super_source_init(&x, super, super_find(super, "system_b"), &m.source), 0);
        assert_int_equal(x.source.size, 0);
        /* only the head is there: nothing to extract from */
        memory_source_init(&m, data, 0x7000);
        assert_int_equal(
                super_source_init(&x, super, super_find(super, "vendor_a"), &m.source), -ERANGE);
}

enum { SLOT0 = 12288, BACKUP0 = 12288 + 2 * 4096, GEOMETRY = 4096 };

static void test_backups(void **state)
{
        size_t size;
        _cleanup_free_ char *data = data_read(EXAMPLE, &size);
        _cleanup_(super_freep) Super *super = NULL;
        MemorySource m;
        Source *s = memory_source_init(&m, data, size);

        data[GEOMETRY + 44] ^= 1;
        data[SLOT0 + 200] ^= 1;
        assert_int_equal(super_read(s, 0, &super), 0);
        assert_int_equal(super->geometry[0], SUPER_COPY_BAD);
        assert_string_equal(super_copy_to_string(super->geometry[0]), "bad");
        assert_int_equal(super->slots[0][0], SUPER_COPY_BAD);
        assert_int_equal(super->slots[1][0], SUPER_COPY_GOOD);
        assert_true(super->from_backup);
        super = super_free(super);

        data[BACKUP0 + 200] ^= 1;
        assert_int_equal(super_read(s, 0, &super), -EBADMSG);
        assert_int_equal(super_read(s, -1, &super), 0);
        assert_int_equal(super->slot, 1);
        super = super_free(super);
        assert_int_equal(super_read(s, 2, &super), -ERANGE);

        data[2 * GEOMETRY + 44] ^= 1;
        assert_int_equal(super_read(s, -1, &super), -EBADMSG);
        memset(data + GEOMETRY, 0, 8192);
        assert_int_equal(super_read(s, -1, &super), -ENOENT);
}

/* Makes the sums of slot 0 fit again after a test changed it. */
static void seal(uint8_t *slot)
{
        uint32_t header = get_le32(slot + 8), tables = get_le32(slot + 44);

        digest_of(DIGEST_SHA256, slot + header, tables, slot + 48);
        memset(slot + 12, 0, 32);
        digest_of(DIGEST_SHA256, slot, header, slot + 12);
}

static void test_tables_that_lie(void **state)
{
        static const struct {
                size_t at;
                uint32_t value;
        } lies[] = {
                { 80, 0xFFFFFFF0 },               /* offset of the partition table */
                { 84, 0x10000000 },               /* number of partitions */
                { 88, 51 },                       /* size of an entry */
                { 96, 1000000 },                  /* number of extents */
                { 128 + 44, 100 },                /* extents of the first partition */
                { 128 + 40, 0xFFFFFFFF },         /* its first extent */
                { 128 + 3 * 52 + 4, 0xFFFFFFFF }, /* sectors, upper half */
                { 128 + 3 * 52 + 8, 2 },          /* kind of an extent */
        };

        for (size_t i = 0; i < ELEMENTS(lies); i++) {
                size_t size;
                _cleanup_free_ char *data = data_read(EXAMPLE, &size);
                uint8_t *slot = (uint8_t *)data + SLOT0;
                Super *super = NULL;
                MemorySource m;

                put_le32(slot + lies[i].at, lies[i].value);
                seal(slot);
                memset(data + BACKUP0, 0, 4096);
                assert_int_equal(
                        super_read(memory_source_init(&m, data, size), 0, &super), -EBADMSG);
        }
}

static void test_every_truncation(void **state)
{
        size_t size;
        _cleanup_free_ char *data = data_read(EXAMPLE, &size);
        Super *super = NULL;
        MemorySource m;

        for (size_t n = 0; n < size; n += n < 12288 ? 61 : 7) {
                int r = super_read(memory_source_init(&m, data, n), -1, &super);

                if (n < GEOMETRY + 52)
                        assert_int_equal(r, -ENOENT);
                super_free(r == 0 ? super : NULL);
        }
}

TEST_MAIN(cmocka_unit_test(test_list), cmocka_unit_test(test_extract),
        cmocka_unit_test(test_backups), cmocka_unit_test(test_tables_that_lie),
        cmocka_unit_test(test_every_truncation))
