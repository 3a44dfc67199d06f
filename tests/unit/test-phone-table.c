/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "protocol/phone-table.h"

/* A session whose user area is a block of memory. */
static uint8_t area[4 * MiB];
static int broken; /* what a read answers */
static size_t n_reads;

static int memory_read(DaSession *s, const Region *region, uint64_t offset, uint64_t size,
        DaSink sink, void *userdata, Failure *f)
{
        n_reads++;
        if (broken)
                return failure_set(f, broken, ERROR_DEVICE_GONE, "gone");
        for (uint64_t at = 0, part; at < size; at += part) {
                part = MIN(size - at, (uint64_t)5000);
                assert_int_equal(sink(userdata, area + offset + at, part), 0);
        }
        return 0;
}

static int listed; /* what the agent answers when it is asked for partitions */

static void list(Layout *layout, const char *name, uint64_t offset, uint64_t size)
{
        Partition *p = layout_add(layout, name);

        assert_non_null(p);
        p->region = REGION_USER;
        p->offset = offset;
        p->size = size;
}

/* 1: with parts that cannot be */
static int memory_table(DaSession *s, Layout *layout, Failure *f)
{
        if (listed < 0)
                return listed;
        list(layout, "nvram", MiB, MiB);
        if (listed == 1) {
                list(layout, "over", MiB + 512, MiB);
                list(layout, "outside", sizeof(area), MiB);
                list(layout, "too-long", 3 * MiB, UINT64_MAX);
        }
        return 0;
}

static const DaOps memory_ops = { .name = "memory", .read = memory_read, .table = memory_table };

static DaSession phone(void)
{
        DaSession s = { .ops = &memory_ops };

        s.storage.type = STORAGE_EMMC;
        s.storage.block_size = 512;
        assert_int_equal(storage_add_region(&s.storage, REGION_BOOT1, 1, 4096, true), 0);
        assert_int_equal(storage_add_region(&s.storage, REGION_RPMB, 3, 4096, false), 0);
        assert_int_equal(storage_add_region(&s.storage, REGION_USER, 8, sizeof(area), true), 0);
        broken = 0;
        n_reads = 0;
        listed = -EOPNOTSUPP;
        return s;
}

static void write_table(const char *first)
{
        _cleanup_(layout_freep) Layout *l = layout_new();
        GptImage image;
        Partition *p;

        assert_non_null(l);
        assert_non_null(layout_set_region(l, REGION_USER, sizeof(area)));
        p = layout_add(l, first);
        *p = (Partition){ .region = REGION_USER, .offset = MiB, .size = 512 * KiB };
        snprintf(p->name, sizeof(p->name), "%s", first);
        p = layout_add(l, "userdata");
        p->region = REGION_USER;
        p->offset = 2 * MiB;
        p->size = MiB;
        assert_int_equal(gpt_write(l, 512, sizeof(area), &image), 0);
        memset(area, 0, sizeof(area));
        memcpy(area, image.head, image.head_size);
        memcpy(area + sizeof(area) - image.tail_size, image.tail, image.tail_size);
        gpt_image_done(&image);
}

/* Both ends of the user area are read; the layout has the parts of the table and the regions of
 * the storage. */
static void test_table(void **state)
{
        DaSession s = phone();
        PhoneTable t;

        write_table("nvram");
        assert_int_equal(phone_table_read(&s, &t, NULL), 0);
        assert_string_equal(t.source, "gpt");
        assert_true(t.gpt.primary_ok && t.gpt.backup_ok && t.gpt.equal);
        assert_int_equal(t.layout->n_parts, 2);
        assert_string_equal(t.layout->parts[0].name, "nvram");
        assert_int_equal(t.layout->n_regions, 3);
        assert_int_equal(layout_region(t.layout, REGION_USER)->section, 8);
        assert_false(layout_region(t.layout, REGION_RPMB)->readable);
        assert_int_equal(t.layout->block_size, 512);
        assert_int_equal(n_reads, 2);
        phone_table_done(&t);
}

static void test_backup_table(void **state)
{
        DaSession s = phone();
        PhoneTable t;

        write_table("nvram");
        area[512] ^= 1;
        assert_int_equal(phone_table_read(&s, &t, NULL), 0);
        assert_string_equal(t.source, "gpt-backup");
        assert_false(t.gpt.primary_ok);
        assert_true(t.gpt.backup_ok);
        assert_int_equal(t.layout->n_parts, 2);
        phone_table_done(&t);
}

/* Without a usable table a phone is its regions, and the reason is told. */
static void test_no_table(void **state)
{
        DaSession s = phone();
        PhoneTable t;

        write_table("nvram");
        area[512 + 16] ^= 1;
        area[sizeof(area) - 512 + 16] ^= 1;
        assert_int_equal(phone_table_read(&s, &t, NULL), 0);
        assert_string_equal(t.source, "none");
        assert_non_null(strstr(t.problem, "damaged"));
        assert_int_equal(t.layout->n_parts, 0);
        assert_int_equal(t.layout->n_regions, 3);
        phone_table_done(&t);

        memset(area, 0, sizeof(area));
        assert_int_equal(phone_table_read(&s, &t, NULL), 0);
        assert_string_equal(t.source, "none");
        assert_non_null(strstr(t.problem, "no partition table"));
        phone_table_done(&t);
}

/* Some agents tell what they know: names, and the problem stays one. */
static void test_agent_knows(void **state)
{
        DaSession s = phone();
        PhoneTable t;

        listed = 0;
        write_table("lk");
        area[512 + 16] ^= 1;
        area[sizeof(area) - 512 + 16] ^= 1;
        assert_int_equal(phone_table_read(&s, &t, NULL), 0);
        assert_string_equal(t.source, "agent");
        assert_non_null(strstr(t.problem, "damaged"));
        assert_int_equal(t.layout->n_parts, 1);
        assert_string_equal(t.layout->parts[0].name, "nvram");
        phone_table_done(&t);

        /* what lies over another part, or outside, is left out; what is too long is cut */
        listed = 1;
        assert_int_equal(phone_table_read(&s, &t, NULL), 0);
        assert_int_equal(t.layout->n_parts, 2);
        assert_string_equal(t.layout->parts[1].name, "too-long");
        assert_true(t.layout->parts[1].size == MiB);
        phone_table_done(&t);

        /* the phone's own one is better */
        area[512 + 16] ^= 1;
        assert_int_equal(phone_table_read(&s, &t, NULL), 0);
        assert_string_equal(t.source, "gpt");
        phone_table_done(&t);
}

static void test_small_area(void **state)
{
        DaSession s = phone();
        PhoneTable t;

        memset(area, 0, sizeof(area));
        s.storage.regions[2].size = 512;
        assert_int_equal(phone_table_read(&s, &t, NULL), 0);
        assert_string_equal(t.source, "none");
        phone_table_done(&t);
}

static void test_session_fails(void **state)
{
        DaSession s = phone();
        Failure f = { 0 };
        PhoneTable t;

        broken = -ENODEV;
        assert_int_equal(phone_table_read(&s, &t, &f), -ENODEV);
        assert_int_equal(f.id, ERROR_DEVICE_GONE);
        phone_table_done(&t);
}

static uint8_t *pmt_record(uint8_t *p, const char *name, uint64_t size, uint64_t offset)
{
        memset(p, 0, 88);
        memcpy(p, name, strlen(name));
        for (int i = 0; i < 8; i++) {
                p[64 + i] = (uint8_t)(size >> 8 * i);
                p[72 + i] = (uint8_t)(offset >> 8 * i);
        }
        return p + 88;
}

/* A phone before GPT: boot records for the file systems alone. The last one reaches to the end. */
static void test_mbr(void **state)
{
        DaSession s = phone();
        uint8_t *record = area + 0x1be;
        PhoneTable t;

        memset(area, 0, sizeof(area));
        record[4] = 0x83;
        record[9] = 0x08; /* sector 0x800 */
        record[13] = 0x08;
        record[16 + 4] = 0x83;
        record[16 + 9] = 0x10; /* sector 0x1000, to the end */
        memset(record + 16 + 12, 0xff, 4);
        area[510] = 0x55;
        area[511] = 0xaa;
        assert_int_equal(phone_table_read(&s, &t, NULL), 0);
        assert_string_equal(t.source, "mbr");
        assert_true(t.layout->n_parts >= 1);
        for (size_t i = 0; i < t.layout->n_parts; i++)
                assert_true(t.layout->parts[i].offset + t.layout->parts[i].size <= sizeof(area));
        assert_int_equal(t.layout->n_regions, 3);
        phone_table_done(&t);
}

/* A PMT with names; a part that is not inside USER is left out. */
static void test_pmt(void **state)
{
        DaSession s = phone();
        uint8_t *p = area + sizeof(area) - 0x100000;
        PhoneTable t;

        memset(area, 0, sizeof(area));
        memcpy(p, "1vTP", 4);
        p = pmt_record(p + 4, "NVRAM", 0x80000, 0x80000);
        p = pmt_record(p, "BOOTIMG", 0x100000, 0x100000);
        p = pmt_record(p, "BEYOND", 0x100000, 0x10000000);
        assert_int_equal(phone_table_read(&s, &t, NULL), 0);
        if (strcmp(t.source, "pmt") == 0) {
                assert_true(t.layout->n_parts >= 2);
                assert_string_equal(t.layout->parts[0].name, "NVRAM");
                for (size_t i = 0; i < t.layout->n_parts; i++)
                        assert_true(t.layout->parts[i].offset + t.layout->parts[i].size <=
                                sizeof(area));
        } else
                fail_msg("no PMT: %s", t.problem);
        phone_table_done(&t);
}

TEST_MAIN(cmocka_unit_test(test_mbr), cmocka_unit_test(test_pmt), cmocka_unit_test(test_table),
        cmocka_unit_test(test_backup_table), cmocka_unit_test(test_no_table),
        cmocka_unit_test(test_agent_knows), cmocka_unit_test(test_small_area),
        cmocka_unit_test(test_session_fails))
