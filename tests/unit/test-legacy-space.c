/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "peer.h"

#include "protocol/legacy-space.h"

static const LegacyReport report = {
        .boot1 = 0x400000,
        .boot2 = 0x400000,
        .rpmb = 0x400000,
        .user = 0x3a3e00000,
};

#define READ(address) "> d6\n> 0b\n> 02\n> " address "\n> 00 00 00 00 00 00 02 00\n< 5a\n> *4\n"
#define READ_OLD(address) "> d6\n> 02\n> " address "\n> 00 00 00 00 00 00 02 00\n< 5a\n> *4\n"
#define ZERO "00 00 00 00 00 00 00 00"
/* "EMMC_BOOT", then nothing: 02 b5 is the sum */
#define BOOT_AREA "< 45 4d 4d 43 5f 42 4f 4f 54\n< *503 00\n< 02 b5\n> 5a\n"
#define TABLE "< *510 00\n< 55 aa\n< 00 ff\n> 5a\n"
#define NOTHING "< *512 00\n< 00 00\n> 5a\n"

static int look(
        const char *script, const LegacyReport *r, bool single, LegacySpace *ret, Failure *f)
{
        Peer p;
        LegacyReader reader;
        Transport *t = peer_script(&p, script);
        int e;

        assert_int_equal(legacy_reader_init(&reader, t, !single, LEGACY_STORE_EMMC), 0);
        e = legacy_space_find(&reader, r, single, ret, f);
        legacy_reader_done(&reader);
        peer_done(&p);
        return e;
}

/* "USER" that begins with a boot area's header: the choice of an area had no effect. USER is behind
 * the boot areas and RPMB; what every backup would lose otherwise is its last 12 MiB. */
static void test_linear(void **state)
{
        LegacySpace s;
        uint64_t base;
        uint8_t part;

        assert_int_equal(look("> 60\n< 5a\n> 08\n< 5a\n" READ(ZERO)
                                         BOOT_AREA READ("00 00 00 00 00 c0 00 00") TABLE,
                                 &report, false, &s, NULL),
                0);
        assert_true(s.linear && s.choose && s.proven);
        assert_true(s.user_base == 0xc00000);
        assert_int_equal(legacy_space_locate(&s, &report, REGION_USER, &part, &base), 0);
        assert_true(base == 0xc00000);
        assert_int_equal(legacy_space_locate(&s, &report, REGION_BOOT2, &part, &base), 0);
        assert_true(base == 0x400000);
        assert_int_equal(legacy_space_locate(&s, &report, REGION_GP1, &part, &base), -EOPNOTSUPP);
        assert_int_equal(legacy_space_locate(&s, &report, REGION_RPMB, &part, &base), -EOPNOTSUPP);
}

/* Areas apart: USER begins with a table, or with nothing yet. */
static void test_areas(void **state)
{
        static const char *const starts[] = { TABLE, NOTHING };

        for (size_t i = 0; i < ELEMENTS(starts); i++) {
                char script[512];
                LegacySpace s;
                uint64_t base;
                uint8_t part;

                snprintf(script, sizeof script, "> 60\n< 5a\n> 08\n< 5a\n" READ(ZERO) "%s",
                        starts[i]);
                assert_int_equal(look(script, &report, false, &s, NULL), 0);
                assert_false(s.linear);
                assert_int_equal(legacy_space_locate(&s, &report, REGION_BOOT1, &part, &base), 0);
                assert_int_equal(part, LEGACY_PART_BOOT1);
                assert_true(base == 0);
                assert_int_equal(legacy_space_locate(&s, &report, REGION_GP2, &part, &base), 0);
                assert_int_equal(part, 5);
        }
}

/* With GP areas the table says where USER is; without a table nobody can. */
static void test_gp_areas(void **state)
{
        LegacyReport gp = report;
        LegacySpace s;
        Failure f = {};

        gp.gp[0] = 0x100000;
        assert_int_equal(look("> 60\n< 5a\n> 08\n< 5a\n" READ(ZERO) BOOT_AREA READ(
                                      "00 00 00 00 00 d0 00 00") NOTHING READ("00 00 00 00 00 c0 "
                                                                              "00 00") TABLE,
                                 &gp, false, &s, NULL),
                0);
        assert_true(s.user_base == 0xc00000);
        assert_int_equal(look("> 60\n< 5a\n> 08\n< 5a\n" READ(ZERO) BOOT_AREA READ(
                                      "00 00 00 00 00 d0 00 00") NOTHING READ("00 00 00 00 00 c0 "
                                                                              "00 00") NOTHING,
                                 &gp, false, &s, &f),
                -EOPNOTSUPP);
        assert_int_equal(f.id, ERROR_UNSUPPORTED_CHIP);
}

/* A single-stage agent takes area 0 and no host byte; neither boot area nor table is a reason to
 * stop. */
static void test_single_stage(void **state)
{
        LegacySpace s;
        Failure f = {};

        assert_int_equal(look("> 60\n< 5a\n> 00\n< 5a\n" READ_OLD(ZERO)
                                         BOOT_AREA READ_OLD("00 00 00 00 00 c0 00 00") NOTHING,
                                 &report, true, &s, NULL),
                0);
        assert_true(s.linear && !s.choose && !s.proven);
        assert_int_equal(look("> 60\n< 5a\n> 00\n< 5a\n" READ_OLD(ZERO)
                                         NOTHING READ_OLD("00 00 00 00 00 c0 00 00") NOTHING,
                                 &report, true, &s, &f),
                -EOPNOTSUPP);
}

TEST_MAIN(cmocka_unit_test(test_linear), cmocka_unit_test(test_areas),
        cmocka_unit_test(test_gp_areas), cmocka_unit_test(test_single_stage))
