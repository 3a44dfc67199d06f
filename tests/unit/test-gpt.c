/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "data.h"
#include "format/crc32.h"
#include "format/ends-source.h"
#include "format/gpt.h"

#define P70A_USER UINT64_C(0x3a3e00000)

/* An area as a test builds it: its first and last bytes. */
typedef struct Area {
        uint64_t size;
        char *head, *tail;
        size_t head_size, tail_size;
        EndsSource source;
} Area;

static void area_done(Area *a)
{
        free(a->head);
        free(a->tail);
}
#define _cleanup_area_ _cleanup_(area_done)

static Area p70a(void)
{
        Area a = { .size = P70A_USER };
        a.head = data_read("examples/gpt-emmc-p70a-primary.bin", &a.head_size);
        a.tail = data_read("examples/gpt-emmc-p70a-backup.bin", &a.tail_size);
        return a;
}

static int area_read(Area *a, Layout **ret, GptFacts *facts)
{
        Source *s =
                ends_source_init(&a->source, a->size, a->head, a->head_size, a->tail, a->tail_size);
        return gpt_read(s, a->size, ret, facts);
}

/* Makes the checksums of a table right again after a test changed it. */
static void sign(char *header, const char *entries)
{
        uint8_t *h = (uint8_t *)header;
        put_le32(h + 88, crc32_add(0, entries, (size_t)get_le32(h + 80) * get_le32(h + 84)));
        put_le32(h + 16, 0);
        put_le32(h + 16, crc32_add(0, h, get_le32(h + 12)));
}
static void sign_primary(Area *a)
{
        sign(a->head + 512, a->head + 1024);
}
static void sign_backup(Area *a)
{
        sign(a->tail + a->tail_size - 512, a->tail);
}

static bool has_problem(const Layout *l, const char *text)
{
        for (size_t i = 0; i < l->n_problems; i++)
                if (strstr(l->problems[i].text, text))
                        return true;
        return false;
}

/* The table of a phone with 15 GiB: only its two ends are needed to read it. */
static void test_phone(void **state)
{
        _cleanup_area_ Area a = p70a();
        _cleanup_(layout_freep) Layout *l = NULL;
        GptFacts facts;

        assert_int_equal(area_read(&a, &l, &facts), 0);
        assert_true(facts.primary_ok && facts.backup_ok && facts.equal);
        assert_false(facts.used_backup);
        assert_int_equal(facts.sector_size, 512);
        assert_int_equal(facts.table_size, P70A_USER);
        assert_string_equal(facts.primary_problem, "");
        assert_true(bytes_all(facts.disk_guid, 16, 0));

        assert_int_equal(l->n_problems, 0);
        assert_int_equal(l->n_regions, 1);
        assert_int_equal(l->regions[0].kind, REGION_USER);
        assert_int_equal(l->regions[0].size, P70A_USER);
        assert_int_equal(l->storage, STORAGE_EMMC);
        assert_int_equal(l->usable_start, 34 * 512);
        assert_int_equal(l->usable_end, UINT64_C(0x1d1ec00) * 512);
        assert_int_equal(l->n_parts, 19);
        const Partition *p = layout_find(l, "system");
        assert_int_equal(p->offset, 134217728);
        assert_int_equal(p->size, 0x80000000);
        assert_int_equal(p->class, CLASS_FIRMWARE);
        assert_true(p->has_guid);
        char guid[GUID_TEXT_SIZE];
        guid_format(p->type_guid, guid);
        assert_string_equal(guid, "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7");
        assert_true(a.source.source.bytes_read < 40000);

        assert_int_equal(layout_tile(l), 0);
        assert_string_equal(l->parts[0].name, "_gap-0");
        assert_int_equal(l->parts[0].size, 0x80000);
        assert_string_equal(l->parts[l->n_parts - 1].name, "_gap-3a3d80000");
}

static void test_big_sectors(void **state)
{
        _cleanup_area_ Area a = { .size = 0x80000000 };
        _cleanup_(layout_freep) Layout *l = NULL;
        GptFacts facts;

        a.head = data_read("examples/gpt-ufs-4096-primary.bin", &a.head_size);
        a.tail = data_read("examples/gpt-ufs-4096-backup.bin", &a.tail_size);
        assert_int_equal(area_read(&a, &l, &facts), 0);
        assert_true(facts.primary_ok && facts.backup_ok && facts.equal);
        assert_int_equal(facts.sector_size, 4096);
        assert_int_equal(l->storage, STORAGE_UFS);
        assert_int_equal(l->n_parts, 6);
        assert_int_equal(layout_find(l, "super")->offset, 0x6088000);
        assert_int_equal(layout_find(l, "super")->size, 0x40000000);
        assert_int_equal(l->n_problems, 0);
}

static void test_8bit_names(void **state)
{
        _cleanup_area_ Area a = p70a();
        _cleanup_(layout_freep) Layout *l = NULL;
        GptFacts facts;

        free(a.head);
        a.head = data_read("examples/gpt-emmc-ascii-names.bin", &a.head_size);
        assert_int_equal(area_read(&a, &l, &facts), 0);
        assert_true(facts.names_8bit);
        assert_true(facts.primary_ok && facts.backup_ok && !facts.equal);
        assert_true(has_problem(l, "differ; the primary is used"));
        assert_int_equal(l->n_parts, 4);
        assert_string_equal(l->parts[0].name, "proinfo");
        assert_string_equal(l->parts[3].name, "protect2");
}

/* One whole copy is enough, whichever it is; the facts say which. */
static void test_one_broken(void **state)
{
        static const size_t places[] = { 512, 512 + 16, 512 + 30, 512 + 72, 1024 + 3, 1024 + 60 };

        for (size_t i = 0; i < ELEMENTS(places); i++) {
                _cleanup_area_ Area a = p70a();
                _cleanup_(layout_freep) Layout *l = NULL;
                GptFacts facts;

                a.head[places[i]] ^= 0x10;
                assert_int_equal(area_read(&a, &l, &facts), 0);
                assert_false(facts.primary_ok);
                assert_true(facts.backup_ok && facts.used_backup && !facts.equal);
                assert_string_not_equal(facts.primary_problem, "");
                assert_true(has_problem(l, "primary table: "));
                assert_int_equal(l->n_parts, 19);
        }
        _cleanup_area_ Area a = p70a();
        _cleanup_(layout_freep) Layout *l = NULL;
        GptFacts facts;
        a.tail[5] ^= 1;
        assert_int_equal(area_read(&a, &l, &facts), 0);
        assert_true(facts.primary_ok && !facts.backup_ok && !facts.used_backup);
        assert_true(has_problem(l, "backup table: entries checksum is wrong"));
}

static void test_both_broken(void **state)
{
        _cleanup_area_ Area a = p70a();
        Layout *l = NULL;
        GptFacts facts;

        a.head[1024] ^= 1;
        a.tail[a.tail_size - 512 + 16] ^= 1;
        assert_int_equal(area_read(&a, &l, &facts), -EBADMSG);
        assert_null(l);
        assert_true(facts.found && !facts.primary_ok && !facts.backup_ok);
        assert_int_equal(facts.sector_size, 512);
        assert_string_equal(facts.primary_problem, "entries checksum is wrong");
        assert_string_equal(facts.backup_problem, "header checksum is wrong");
}

static void test_none(void **state)
{
        static uint8_t zeros[65536];
        MemorySource m;
        Layout *l = NULL;
        GptFacts facts;

        for (size_t size = 0; size <= sizeof(zeros); size += 511) {
                Source *s = memory_source_init(&m, zeros, size);
                assert_int_equal(gpt_read(s, 0, &l, &facts), -ENOENT);
                assert_int_equal(gpt_read(s, size, &l, &facts), -ENOENT);
                assert_false(facts.found);
                assert_int_equal(facts.sector_size, 0);
        }
        assert_null(l);
}

static int broken_read(Source *s, void *data, size_t size, uint64_t offset)
{
        return -EIO;
}

static void test_unreadable(void **state)
{
        static const SourceOps ops = { .read = broken_read };
        Source s = { .ops = &ops, .size = 1 << 20 };
        Layout *l = NULL;
        GptFacts facts;

        assert_int_equal(gpt_read(&s, s.size, &l, &facts), -EIO);
        assert_string_equal(facts.primary_problem, "cannot be read");
}

/* A file that holds only the first or only the last sectors of an area. */
static void test_lone_pieces(void **state)
{
        _cleanup_area_ Area a = p70a();
        _cleanup_(layout_freep) Layout *l = NULL, *m = NULL;
        MemorySource memory;
        GptFacts facts;

        assert_int_equal(
                gpt_read(memory_source_init(&memory, a.head, a.head_size), 0, &l, &facts), 0);
        assert_true(facts.primary_ok && !facts.backup_ok);
        assert_string_equal(facts.backup_problem, "not in what was read");
        assert_int_equal(facts.table_size, P70A_USER);
        assert_int_equal(l->regions[0].size, P70A_USER);
        assert_int_equal(l->n_parts, 19);

        assert_int_equal(
                gpt_read(memory_source_init(&memory, a.tail, a.tail_size), 0, &m, &facts), 0);
        assert_true(!facts.primary_ok && facts.backup_ok && facts.used_backup);
        assert_int_equal(m->n_parts, 19);
        assert_int_equal(m->regions[0].size, P70A_USER);
}

/* The phone has another size than the table says. */
static void test_wrong_size(void **state)
{
        _cleanup_area_ Area a = p70a();
        _cleanup_(layout_freep) Layout *l = NULL, *m = NULL;
        GptFacts facts;

        a.size -= 64 * MiB;
        assert_int_equal(area_read(&a, &l, &facts), 0);
        assert_false(facts.backup_ok);
        assert_true(has_problem(l, "the table was made for"));
        assert_true(has_problem(l, "flashinfo ends at"));
        assert_int_equal(l->regions[0].size, a.size);

        /* in a bigger area the backup lies where the primary says */
        _cleanup_area_ Area b = p70a();
        b.size += 64 * MiB;
        char *tail = calloc(1, 64 * MiB + b.tail_size);
        memcpy(tail, b.tail, b.tail_size);
        free(b.tail);
        b.tail = tail;
        b.tail_size += 64 * MiB;
        assert_int_equal(area_read(&b, &m, &facts), 0);
        assert_true(facts.primary_ok && facts.backup_ok && facts.equal);
        assert_true(has_problem(m, "the table was made for"));
}

static void test_hostile_headers(void **state)
{
        static const struct {
                size_t at; /* in the header */
                int width;
                uint64_t value;
        } rows[] = {
                { 12, 4, 91 },
                { 12, 4, 513 },
                { 12, 4, UINT32_MAX },
                { 24, 8, 2 },
                { 24, 8, UINT64_MAX },
                { 32, 8, UINT64_MAX },
                { 40, 8, UINT64_MAX },
                { 48, 8, UINT64_MAX },
                { 48, 8, 0 },
                { 72, 8, 0 },
                { 72, 8, 1 },
                { 72, 8, UINT64_MAX },
                { 72, 8, UINT64_MAX / 512 },
                { 72, 8, 1 << 24 },
                { 80, 4, 0 },
                { 80, 4, UINT32_MAX },
                { 80, 4, 8193 },
                { 84, 4, 0 },
                { 84, 4, 127 },
                { 84, 4, 129 },
                { 84, 4, 8192 },
                { 84, 4, UINT32_MAX },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_area_ Area a = p70a();
                _cleanup_(layout_freep) Layout *l = NULL;
                GptFacts facts;
                uint8_t *h = (uint8_t *)a.head + 512;

                if (rows[i].width == 4)
                        put_le32(h + rows[i].at, (uint32_t)rows[i].value);
                else
                        put_le64(h + rows[i].at, rows[i].value);
                uint32_t size = get_le32(h + 12);
                put_le32(h + 16, 0);
                put_le32(h + 16, crc32_add(0, h, MIN(size, 512u)));
                assert_int_equal(area_read(&a, &l, &facts), 0);
                assert_false(facts.primary_ok);
                assert_true(facts.used_backup);
        }
}

static void test_hostile_entries(void **state)
{
        _cleanup_area_ Area a = p70a();
        _cleanup_(layout_freep) Layout *l = NULL;
        GptFacts facts;
        uint8_t *e = (uint8_t *)a.head + 1024;

        put_le64(e + 32, 100); /* before its own end: first > last */
        put_le64(e + 40, 99);
        put_le64(e + 128 + 40, UINT64_MAX);                     /* impossible */
        put_le64(e + 2 * 128 + 40, UINT64_C(0x4000000));        /* behind the flash */
        put_le64(e + 3 * 128 + 40, get_le64(e + 4 * 128 + 40)); /* overlap */
        memset(e + 5 * 128 + 56, 0, 72);                        /* no name */
        memcpy(e + 6 * 128 + 56, e + 7 * 128 + 56, 72);         /* twice */
        put_le16(e + 8 * 128 + 56, 0x1b);                       /* a control character */
        put_le16(e + 8 * 128 + 58, 0xd800);                     /* half a pair */
        for (size_t i = 0; i < 36; i++)
                put_le16(e + 9 * 128 + 56 + 2 * i, i == 0 ? 'p' : 0x20ac); /* long in UTF-8 */
        sign_primary(&a);

        assert_int_equal(area_read(&a, &l, &facts), 0);
        assert_true(facts.primary_ok && facts.backup_ok && !facts.equal);
        assert_int_equal(l->n_parts, 17);
        assert_null(layout_find(l, "proinfo"));
        assert_true(has_problem(l, "proinfo lies at impossible sectors 100 to 99"));
        assert_true(has_problem(l, "nvram lies at impossible sectors"));
        assert_true(has_problem(l, "protect1 is outside the sectors"));
        assert_true(has_problem(l, "protect1 ends at"));
        assert_true(has_problem(l, "overlaps"));
        assert_true(has_problem(l, "entry 6 has no name"));
        assert_non_null(layout_find(l, "unnamed-6"));
        assert_true(has_problem(l, "recovery is there twice"));
        assert_non_null(layout_find(l, "??cro"));
        assert_int_equal(layout_tile(l), -EINVAL);
        for (size_t i = 0; i < l->n_parts; i++)
                if (l->parts[i].name[0] == 'p' && l->parts[i].name[1] == '\xe2')
                        assert_int_equal(strlen(l->parts[i].name), 1 + 23 * 3);
}

/* 1024 entries are the most that a layout takes; a longer table is cut and says so. */
static void test_too_many(void **state)
{
        Area a = { .size = 1 << 30 };
        _cleanup_(layout_freep) Layout *l = NULL;
        GptFacts facts;
        enum { N = LAYOUT_PARTS_MAX + 5 };

        a.head_size = 1024 + N * 128;
        _cleanup_free_ char *head = a.head = calloc(1, a.head_size);
        uint8_t *h = (uint8_t *)head + 512;
        memcpy(h, "EFI PART", 8);
        put_le32(h + 12, 92);
        put_le64(h + 24, 1);
        put_le64(h + 32, (1 << 21) - 1);
        put_le64(h + 40, 2000);
        put_le64(h + 48, 1 << 20);
        put_le64(h + 72, 2);
        put_le32(h + 80, N);
        put_le32(h + 84, 128);
        for (size_t i = 0; i < N; i++) {
                uint8_t *e = (uint8_t *)head + 1024 + i * 128;
                e[0] = 1;
                put_le64(e + 32, 2000 + i);
                put_le64(e + 40, 2000 + i);
                put_le16(e + 56, (uint16_t)('a' + i % 26));
        }
        sign_primary(&a);
        assert_int_equal(area_read(&a, &l, &facts), 0);
        assert_int_equal(l->n_parts, LAYOUT_PARTS_MAX);
}

/* Cut at every byte: a result or a named error, never anything else. */
static void test_truncated(void **state)
{
        _cleanup_area_ Area a = p70a();

        for (size_t n = 0; n < a.head_size; n++) {
                _cleanup_free_ char *cut = malloc(n + 1);
                _cleanup_(layout_freep) Layout *l = NULL;
                MemorySource m;
                GptFacts facts;
                memcpy(cut, a.head, n);
                int r = gpt_read(memory_source_init(&m, cut, n), 0, &l, &facts);
                assert_int_equal(r, n < 1024 ? -ENOENT : -EBADMSG);
        }
}

static void test_backup_alone_signed(void **state)
{
        _cleanup_area_ Area a = p70a();
        _cleanup_(layout_freep) Layout *l = NULL;
        GptFacts facts;

        memset(a.head, 0, a.head_size);
        put_le64((uint8_t *)a.tail + 128 + 48, UINT64_C(0x1000000000000000));
        sign_backup(&a);
        assert_int_equal(area_read(&a, &l, &facts), 0);
        assert_true(facts.used_backup);
        assert_int_equal(layout_find(l, "nvram")->attrs, UINT64_C(0x1000000000000000));
        assert_true(has_problem(l, "primary table: no table there"));
}

TEST_MAIN(cmocka_unit_test(test_phone), cmocka_unit_test(test_big_sectors),
        cmocka_unit_test(test_8bit_names), cmocka_unit_test(test_one_broken),
        cmocka_unit_test(test_both_broken), cmocka_unit_test(test_none),
        cmocka_unit_test(test_unreadable), cmocka_unit_test(test_lone_pieces),
        cmocka_unit_test(test_wrong_size), cmocka_unit_test(test_hostile_headers),
        cmocka_unit_test(test_hostile_entries), cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_truncated), cmocka_unit_test(test_backup_alone_signed))
