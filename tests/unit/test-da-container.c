/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>

#include "container.h"
#include "protocol/da-container.h"

static uint8_t file[MADE_SIZE];

static int parse(size_t size, DaContainer **ret, Failure *f)
{
        return da_container_parse(file, MIN(size, (size_t)DA_HEAD_MAX), size, ret, f);
}

/* A file for one phone: DA1 is region 1, DA2 region 2; region 0 is a head that is never sent. */
static void test_a_phone(void **state)
{
        _cleanup_(da_container_freep) DaContainer *c = NULL;
        MadeEntry e = made_phone(0x6765);

        made_file(file, &e);
        assert_int_equal(parse(MADE_SIZE, &c, NULL), 0);
        assert_string_equal(c->description, "MTK_AllInOne_DA_v3.3001.2020/01/01");
        assert_int_equal(c->n_entries, 1);
        assert_true(c->entries[0].usable);
        assert_string_equal(c->entries[0].problem, "");
        assert_int_equal(c->entries[0].hw_code, 0x6765);
        assert_int_equal(c->entries[0].stage1.offset, MADE_STAGE1);
        assert_int_equal(c->entries[0].stage1.sig_size, 0x100);
        assert_int_equal(c->entries[0].stage2.address, 0x40000000);
        assert_int_equal(da_container_family(c, chip_by_code(0x0766)), DA_XFLASH);
        assert_int_equal(da_entry_family(c, &c->entries[0]), DA_XFLASH);
}

/* The file decides before the chip: this one's agents mostly speak XML, the one of an older file
 * does not. */
static void test_an_older_agent(void **state)
{
        _cleanup_(da_container_freep) DaContainer *c = NULL;
        MadeEntry e = made_phone(0x6781);

        assert_int_equal(chip_by_code(0x1066)->family, DA_XML);
        made_file(file, &e);
        assert_int_equal(parse(MADE_SIZE, &c, NULL), 0);
        assert_int_equal(da_container_family(c, chip_by_code(0x1066)), DA_XFLASH);
        assert_int_equal(da_entry_family(c, &c->entries[0]), DA_XFLASH);
}

/* An entry as it stands in a real file of 2015. */
static void test_real_entry(void **state)
{
        static const uint8_t mt6580[] = { 0xda, 0xda, 0x80, 0x65, 0x00, 0x00, 0x00, 0xca, 0x00,
                0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x03, 0x00, 0xfc, 0x7d, 0x3a,
                0x00, 0x70, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x50, 0x00, 0x00, 0x00, 0x00, 0x00,
                0x00, 0x00, 0x00, 0x6c, 0x80, 0x3a, 0x00, 0xc0, 0xc8, 0x00, 0x00, 0x00, 0x00, 0x20,
                0x00, 0xc0, 0xc7, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x2c, 0x49, 0x3b, 0x00, 0xa8,
                0xbc, 0x02, 0x00, 0x00, 0x00, 0x00, 0x80, 0xa8, 0xbb, 0x02, 0x00, 0x00, 0x01, 0x00,
                0x00 };
        _cleanup_(da_container_freep) DaContainer *c = NULL;
        const DaEntry *e;

        memset(file, 0, sizeof(file));
        made_header(file, "MTK_AllInOne_DA_v7.1504.00.00", 4, 1);
        memcpy(file + DA_HEADER_SIZE, mt6580, sizeof(mt6580));
        assert_int_equal(da_container_parse(file, 0x1000, 4064724, &c, NULL), 0);
        e = &c->entries[0];
        assert_true(e->usable);
        assert_int_equal(e->hw_code, 0x6580);
        assert_int_equal(e->hw_ver, 0xca00);
        assert_int_equal(e->stage1.offset, 0x3a806c);
        assert_int_equal(e->stage1.size, 0xc8c0);
        assert_int_equal(e->stage1.address, 0x200000);
        assert_int_equal(e->stage2.address, 0x80000000);
        assert_int_equal(da_entry_family(c, e), DA_LEGACY);
}

static void check_kind(const MadeEntry *e, uint32_t stage1, uint32_t stage2)
{
        _cleanup_(da_container_freep) DaContainer *c = NULL;

        made_file(file, e);
        assert_int_equal(parse(MADE_SIZE, &c, NULL), 0);
        assert_true(c->entries[0].usable);
        assert_int_equal(c->entries[0].stage1.offset, stage1);
        assert_int_equal(c->entries[0].stage2.size > 0 ? c->entries[0].stage2.offset : 0, stage2);
}

static void test_kinds_of_entries(void **state)
{
        MadeEntry e = made_phone(0x6577);

        e.entry_region = 1; /* single-stage: the third region is a table, not signed */
        e.regions[2].sig_size = 0;
        check_kind(&e, MADE_STAGE1, 0);

        e = made_phone(0x1172); /* sixth generation: the first two are the same */
        e.regions[0] = e.regions[1];
        e.regions[1].sig_offset = MADE_STAGE1 + 0x700;
        check_kind(&e, MADE_STAGE1, MADE_STAGE2);

        e = (MadeEntry){ .magic = 0xdada,
                .hw_code = 0x2625,
                .entry_region = 2,
                .n_regions = 6,
                .regions = { { 0x200, 0x100, 0x4015000 }, { 0 }, { 0x300, 0x400, 0x4001000 }, { 0 },
                        { 0x800, 0x69c, 0xf0000000 }, { 0x1000, 0x24, 0xf1000000 } } };
        check_kind(&e, 0x300, 0);
        e.regions[3] = (MadeRegion){ 0x1100, 0x200, 0x20000, 0, 0 }; /* head and body */
        check_kind(&e, 0x300, 0x1100);
}

/* A single entry of the newest kind ends behind its regions. */
static void test_compact_entry(void **state)
{
        _cleanup_(da_container_freep) DaContainer *c = NULL;
        MadeEntry e = made_phone(0x1172);

        e.regions[0] = e.regions[1] = (MadeRegion){ 0xbc, 0x40, 0x2000000, 0, 0 };
        e.regions[2] = (MadeRegion){ 0xbc, 0x41, 0x40000000, 0, 1 };
        memset(file, 0, sizeof(file));
        made_header(file, "MTK_DA_v6_2022", 4, 1);
        made_entry(file + DA_HEADER_SIZE, &e, false);
        assert_int_equal(parse(0xbc + 0x41, &c, NULL), 0);
        assert_true(c->xml);
        assert_true(c->entries[0].usable);
        assert_non_null(strstr(c->entries[0].problem, "signature of 1 bytes")); /* a warning */
        assert_int_equal(da_container_family(c, chip_by_code(0x0766)), DA_XML);
}

static void test_old_entries(void **state)
{
        _cleanup_(da_container_freep) DaContainer *c = NULL;
        MadeEntry e = made_phone(0x6573);

        for (uint32_t count = 1; count <= 2; count++) {
                memset(file, 0, sizeof(file));
                made_header(file, "MTK_AllInOne_DA_v2", 4, count);
                for (size_t i = 0; i < count; i++)
                        made_entry(file + DA_HEADER_SIZE + i * DA_ENTRY_SIZE_OLD, &e, true);
                c = da_container_free(c);
                assert_int_equal(parse(MADE_SIZE, &c, NULL), 0);
                assert_int_equal(c->n_entries, count);
                assert_true(c->entries[count - 1].usable);
                assert_int_equal(c->entries[count - 1].stage1.offset, MADE_STAGE1);
        }
}

/* ---- broken files ---- */

static void check_refused_file(size_t size)
{
        DaContainer *c = NULL;
        Failure f = { 0 };

        assert_int_equal(parse(size, &c, &f), -EINVAL);
        assert_int_equal(f.id, ERROR_INVALID_FILE);
        assert_null(c);
}

static void test_no_container(void **state)
{
        MadeEntry e = made_phone(0x6765);
        static const struct {
                size_t at;
                uint32_t value;
        } wrong[] = { { 0, 0x12345678 }, { 0x64, 0x22668898 }, { 0x68, 0 }, { 0x68, 257 },
                { 0x68, UINT32_MAX }, { 0x68, 60 }, { DA_HEADER_SIZE, 0 } };

        for (size_t i = 0; i < ELEMENTS(wrong); i++) {
                made_file(file, &e);
                put_le32(file + wrong[i].at, wrong[i].value);
                check_refused_file(MADE_SIZE);
        }
        made_file(file, &e);
        check_refused_file(0);
        check_refused_file((size_t)DA_FILE_MAX + 1);
}

/* Cut off after any byte, a file is refused or the entry that needs what is missing is not usable;
 * never is anything promised that is not there. */
static void test_truncated_everywhere(void **state)
{
        MadeEntry e = made_phone(0x6765);

        made_file(file, &e);
        for (size_t size = 0; size < MADE_SIZE; size++) {
                _cleanup_(da_container_freep) DaContainer *c = NULL;
                Failure f = { 0 };
                /* exactly so much memory, for the sanitizer */
                _cleanup_free_ uint8_t *copy = malloc(MAX(size, 1U));

                assert_non_null(copy);
                memcpy(copy, file, size);
                if (da_container_parse(copy, size, size, &c, &f) < 0) {
                        assert_int_equal(f.id, ERROR_INVALID_FILE);
                        assert_true(size < DA_HEADER_SIZE + DA_ENTRY_SIZE);
                        continue;
                }
                assert_int_equal(c->n_entries, 1);
                assert_false(c->entries[0].usable);
                assert_true(c->entries[0].problem[0]);
        }
}

static void check_bad_entry(const MadeEntry *e, const char *problem)
{
        _cleanup_(da_container_freep) DaContainer *c = NULL;
        bool guess;

        made_file(file, e);
        assert_int_equal(parse(MADE_SIZE, &c, NULL), 0);
        assert_false(c->entries[0].usable);
        if (!strstr(c->entries[0].problem, problem))
                fail_msg("\"%s\" instead of \"%s\"", c->entries[0].problem, problem);
        assert_null(da_container_choose(c, NULL, e->hw_code, 0xca00, 0, &guess));
}

static void test_bad_entries(void **state)
{
        static const struct {
                MadeRegion region; /* in the place of stage 1 */
                const char *problem;
        } cases[] = {
                { { MADE_SIZE, 0x100, 1, 0, 0 }, "outside" },
                { { MADE_SIZE - 0xff, 0x100, 1, 0, 0 }, "outside" },
                { { 0xfffffff0, 0x100, 1, 0, 0 }, "outside" },
                { { 0x1000, 0xfffff000, 1, 0, 0 }, "outside" },
                { { 0xbb, 0x100, 1, 0, 0 }, "in the header" },
                { { 0x1000, 0x100, 1, 0, 0x101 }, "shorter than its signature" },
                { { 0x1000, 0x100, 1, 0, 0x100 }, "nothing but" },
                { { 0x1000, 0x3f, 1, 0, 0 }, "impossible length" },
                { { 0x1000, 0, 1, 0, 0 }, "impossible length" },
                { { 0x1000, 0x100, 0, 0, 0 }, "no load address" },
        };
        MadeEntry e;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                e = made_phone(0x6765);
                e.regions[1] = cases[i].region;
                check_bad_entry(&e, cases[i].problem);
        }
        e = made_phone(0x6765);
        e.entry_region = 3;
        check_bad_entry(&e, "number of regions");
        e.entry_region = 0;
        e.n_regions = 0;
        check_bad_entry(&e, "number of regions");
        e.n_regions = 11;
        check_bad_entry(&e, "number of regions");
}

static void test_one_bad_entry_spares_the_others(void **state)
{
        _cleanup_(da_container_freep) DaContainer *c = NULL;
        MadeEntry good = made_phone(0x6765), bad = made_phone(0x6761);

        bad.regions[2].size = 0x10000000;
        made_file(file, &bad);
        made_header(file, "MTK_AllInOne_DA_v3.3001", 0x4a, 3);
        made_entry(file + DA_HEADER_SIZE + DA_ENTRY_SIZE, &good, false);
        put_le16(file + DA_HEADER_SIZE + 2 * DA_ENTRY_SIZE, 0); /* the table ends early */
        assert_int_equal(parse(MADE_SIZE, &c, NULL), 0);
        assert_int_equal(c->n_entries, 2);
        assert_false(c->entries[0].usable);
        assert_true(c->entries[1].usable);
        assert_non_null(strstr(c->warning, "version"));
}

static void test_description_is_printable(void **state)
{
        _cleanup_(da_container_freep) DaContainer *c = NULL;
        MadeEntry e = made_phone(0x6765);

        made_file(file, &e);
        memset(file + 0x20, 0x1b, 64);
        assert_int_equal(parse(MADE_SIZE, &c, NULL), 0);
        for (size_t i = 0; i < 64; i++)
                assert_int_equal(c->description[i], '?');
        assert_int_equal(c->description[64], 0);
}

/* ---- choosing ---- */

static uint32_t choose(
        const uint16_t (*versions)[2], size_t n, uint16_t hw, uint16_t sw, bool *guess)
{
        _cleanup_(da_container_freep) DaContainer *c = NULL;
        const DaEntry *e;

        memset(file, 0, sizeof(file));
        made_header(file, "MTK_AllInOne_DA_v7", 4, (uint32_t)n + 1);
        for (size_t i = 0; i <= n; i++) {
                MadeEntry m = made_phone(i < n ? 0x6575 : 0x6572);

                m.hw_ver = i < n ? versions[i][0] : hw;
                m.sw_ver = i < n ? versions[i][1] : sw;
                made_entry(file + DA_HEADER_SIZE + i * DA_ENTRY_SIZE, &m, false);
        }
        assert_int_equal(parse(MADE_SIZE, &c, NULL), 0);
        e = da_container_choose(c, chip_by_code(0x6575), 0x6575, hw, sw, guess);
        return e ? (uint32_t)e->hw_ver << 16 | e->sw_ver : 0;
}

static void test_choose_by_version(void **state)
{
        static const uint16_t two[][2] = { { 0xca00, 0xe100 }, { 0xcb00, 0xe201 } };
        static const uint16_t three[][2] = { { 0xca00, 0 }, { 0xcb00, 0 }, { 0xcb00, 1 } };
        bool guess;

        assert_int_equal(choose(two, 2, 0xcb00, 0xe201, &guess), 0xcb00e201); /* exactly */
        assert_false(guess);
        assert_int_equal(choose(two, 2, 0xcb01, 0xe201, &guess), 0xcb00e201); /* newest below */
        assert_int_equal(choose(two, 2, 0xcb00, 0xe200, &guess), 0xca00e100);
        assert_false(guess);
        assert_int_equal(choose(two, 2, 0x1000, 0, &guess), 0xca00e100); /* all above: the first */
        assert_true(guess);
        assert_int_equal(choose(three, 3, 0xffff, 0xffff, &guess), 0xcb000001);
        assert_int_equal(choose(NULL, 0, 0xca00, 0, &guess), 0); /* another chip only */
        assert_false(guess);
}

static void test_choose_by_either_code(void **state)
{
        _cleanup_(da_container_freep) DaContainer *c = NULL;
        MadeEntry e = made_phone(0x1066); /* a file that carries the phone's own code */
        bool guess;

        made_file(file, &e);
        assert_int_equal(parse(MADE_SIZE, &c, NULL), 0);
        assert_non_null(da_container_choose(c, chip_by_code(0x1066), 0x1066, 0, 0, &guess));
        assert_non_null(da_container_choose(c, NULL, 0x1066, 0, 0, &guess));
        assert_null(da_container_choose(c, chip_by_code(0x0766), 0x0766, 0, 0, &guess));
}

TEST_MAIN(cmocka_unit_test(test_a_phone), cmocka_unit_test(test_an_older_agent),
        cmocka_unit_test(test_real_entry), cmocka_unit_test(test_kinds_of_entries),
        cmocka_unit_test(test_compact_entry), cmocka_unit_test(test_old_entries),
        cmocka_unit_test(test_no_container), cmocka_unit_test(test_truncated_everywhere),
        cmocka_unit_test(test_bad_entries), cmocka_unit_test(test_one_bad_entry_spares_the_others),
        cmocka_unit_test(test_description_is_printable), cmocka_unit_test(test_choose_by_version),
        cmocka_unit_test(test_choose_by_either_code))
