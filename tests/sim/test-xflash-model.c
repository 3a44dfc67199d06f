/* SPDX-License-Identifier: GPL-3.0-or-later */

/* An XFlash agent, and what it says of a host that breaks the rules. */

#include <string.h>

#include "model-rig.h"

/* ---- XFlash ---- */

static void stages_belong_together(void **state)
{
        size_t size;
        Rig *r = RIG("mt6765");
        rig_region(r, 2, &size)[1000] ^= 1;
        rig_start_stage1(r, 0);
        rig_start_stage2(r);
        assert_int_equal(rig_status(r), 0xc0070004);
        /* and stage 1 goes on */
        rig_word(r, 0x10009);
        assert_int_equal(rig_status(r), 0);
        rig_free(r);

        /* an agent of another chip does not start */
        Rig *other = RIG("mt6761");
        r = RIG("mt6765");
        rig_load_stage1(r, other);
        rig_jump(r);
        rig_expect_silence(r, 1000);
        rig_free(r);
        rig_free(other);
}

static void any_agent_of_others_is_accepted(void **state)
{
        Rig *r = RIG("mt6765");
        size_t size;
        uint8_t *stage = rig_region(r, 1, &size);
        memset(stage, 0x5a, size);
        stage = rig_region(r, 2, &size);
        memset(stage, 0xa5, size);
        rig_start_agent(r);
        assert_int_equal(model_breaches(r->model), 0);
        rig_free(r);
}

static void read_packets_by_host_system(void **state)
{
        for (uint32_t os = 0; os < 2; os++) {
                Rig *r = RIG("mt6765");
                uint8_t d[8];
                rig_start_stage1(r, os);
                rig_start_stage2(r);
                assert_int_equal(rig_status(r), 0);
                assert_int_equal(rig_status(r), 0x434e5953);
                rig_word(r, 0x10009);
                assert_int_equal(rig_status(r), 0);
                rig_word(r, 0x40007);
                assert_int_equal(rig_status(r), 0);
                assert_int_equal(rig_get_frame(r, d, 8), 8);
                assert_int_equal(rig_status(r), 0);
                assert_int_equal(get_le32(d), 0x200000);
                assert_int_equal(get_le32(d + 4), os ? 0x10000 : 0x200000);
                rig_read_compare(r, 8, "user.img", 1, 3 * 65536 + 7);
                assert_int_equal(rig_logged(r, "tolerated host-os"), os == 1);
                assert_int_equal(model_breaches(r->model), 0);
                rig_free(r);
        }
}

static void reads_are_checked(void **state)
{
        Rig *r = RIG("mt6765");
        rig_start_agent(r);
        assert_int_equal(rig_read_begin(r, 8, 32 * MiB, 1), 0xc004000b);
        assert_int_equal(rig_read_begin(r, 8, 32 * MiB - 1, 2), 0xc004000b);
        assert_int_equal(rig_read_begin(r, 8, UINT64_MAX - 10, 100), 0xc004000b);
        assert_int_equal(rig_read_begin(r, 3, 0, 512), 0xc003000c);
        assert_int_equal(rig_read_begin(r, 99, 0, 512), 0xc003000c);
        /* nothing: two statuses */
        assert_int_equal(rig_read_begin(r, 8, 0, 0), 0);
        assert_int_equal(rig_status(r), 0);
        rig_read_compare(r, 8, "user.img", 32 * MiB - 777, 777);
        rig_free(r);

        r = RIG("mt6785-ufs");
        rig_start_agent(r);
        rig_read_compare(r, 3, "lu2.img", 0, 1 * MiB);
        rig_read_compare(r, 1, "lu0.img", 0, 65536);
        assert_int_equal(rig_read_begin(r, 8, 0, 512), 0xc003000c);
        rig_free(r);
}

static void a_read_can_be_canceled(void **state)
{
        Rig *r = RIG("mt6765");
        uint8_t *data = malloc(2 * MiB);
        rig_start_agent(r);
        assert_int_equal(rig_read_begin(r, 8, 0, 8 * MiB), 0);
        assert_int_equal(rig_status(r), 0);
        rig_get_frame(r, data, 2 * MiB);
        rig_word(r, 0xc0010002);
        assert_int_equal(rig_status(r), 0xc0010002);
        rig_read_compare(r, 8, "user.img", 4096, 4096);
        assert_int_equal(model_breaches(r->model), 0);
        free(data);
        rig_free(r);
}

static void storage_errors(void **state)
{
        uint8_t *data = malloc(2 * MiB);
        /* in the first chunk: one status; from the third on: two */
        for (unsigned chunk = 0; chunk < 4; chunk++) {
                char fault[64];
                snprintf(fault, sizeof(fault), "fault=storage@%u=0xc0040030",
                        chunk * 2 * 1024 * 1024 + 5);
                Rig *r = RIG("mt6765", fault);
                rig_start_agent(r);
                assert_int_equal(rig_read_begin(r, 8, 0, 9 * MiB), 0);
                for (unsigned i = 0; i < chunk; i++) {
                        assert_int_equal(rig_status(r), 0);
                        rig_get_frame(r, data, 2 * MiB);
                        rig_word(r, 0);
                }
                assert_int_equal(rig_status(r), 0xc0040030);
                if (chunk >= 2)
                        assert_int_equal(rig_status(r), 0xc0040030);
                rig_expect_silence(r, 20);
                rig_free(r);
        }
        free(data);
}

static void a_locked_agent_reads_nothing(void **state)
{
        Rig *r = RIG("mt6768-sla", "target_config=0");
        uint8_t d[64];
        rig_start_agent(r);
        rig_word(r, 0x10009);
        assert_int_equal(rig_status(r), 0);
        rig_word(r, 0x40016);
        assert_int_equal(rig_status(r), 0);
        assert_int_equal(rig_get_frame(r, d, sizeof(d)), 4);
        assert_int_equal(get_le32(d), 1);
        assert_int_equal(rig_status(r), 0);
        rig_word(r, 0x10009);
        assert_int_equal(rig_status(r), 0);
        rig_word(r, 0x40001);
        assert_int_equal(rig_status(r), 0xc0010004);
        rig_word(r, 0x10005);
        assert_int_equal(rig_status(r), 0xc0010003);
        rig_free(r);
}

/* ---- hosts that break the rules ---- */

static void joined(Rig *r)
{
        OUT(r, 0xef, 0xee, 0xee, 0xfe, 1, 0, 0, 0, 4, 0, 0, 0, 9, 0, 1, 0);
}
static void zero_length(Rig *r)
{
        rig_out(r, "", 0);
}
static void no_magic(Rig *r)
{
        OUT(r, 0, 0xee, 0xee, 0xfe, 1, 0, 0, 0, 4, 0, 0, 0);
}
static void too_long(Rig *r)
{
        OUT(r, 0xef, 0xee, 0xee, 0xfe, 1, 0, 0, 0, 8, 0, 0, 0);
}
static void early_command(Rig *r)
{
        r->collects = false;
        rig_word(r, 0x10009);
        rig_word(r, 0x40005);
        r->collects = true;
}
static void early_ack(Rig *r)
{
        uint8_t block[56] = { 1, 0, 0, 0, 8 };
        block[17] = 2;
        rig_word(r, 0x10005);
        assert_int_equal(rig_status(r), 0);
        r->collects = false;
        rig_frame(r, block, sizeof(block));
        rig_word(r, 0);
        r->collects = true;
}
static void write_data(Rig *r)
{
        uint8_t block[56] = { 1, 0, 0, 0, 8 };
        block[17] = 2;
        rig_word(r, 0x10004);
        assert_int_equal(rig_status(r), 0);
        rig_frame(r, block, sizeof(block));
        assert_int_equal(rig_status(r), 0xc002000c);
}
static void format(Rig *r)
{
        rig_word(r, 0x10003);
        assert_int_equal(rig_status(r), 0xc002000c);
}
static void long_shutdown(Rig *r)
{
        rig_word(r, 0x10007);
        assert_int_equal(rig_status(r), 0);
        OUT(r, 0xef, 0xee, 0xee, 0xfe, 1, 0, 0, 0, 32, 0, 0, 0);
}

static void breaches_are_named(void **state)
{
        static const struct {
                void (*run)(Rig *r);
                const char *line;
                bool stuck;
        } cases[] = {
                { joined, "breach joined", true },
                { zero_length, "breach zlp", true },
                { no_magic, "breach magic", true },
                { too_long, "breach frame", true },
                { early_command, "breach early", false },
                { early_ack, "breach early", false },
                { write_data, "breach write", false },
                { format, "breach write", false },
                { long_shutdown, "breach frame", true },
        };
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Rig *r = RIG("mt6765");
                rig_start_agent(r);
                assert_int_equal(model_breaches(r->model), 0);
                cases[i].run(r);
                rig_run(r, 100);
                assert_int_equal(model_breaches(r->model), 1);
                assert_true(rig_logged(r, cases[i].line));
                /* a device that is out of step never answers again */
                assert_int_equal(rig_logged(r, "stuck"), cases[i].stuck);
                rig_free(r);
        }
}

static void a_wrong_sync_halts(void **state)
{
        Rig *r = RIG("mt6765");
        rig_load_stage1(r, r);
        /* zero-length packets while the agent is sent are a harmless habit */
        rig_out(r, "", 0);
        assert_int_equal(model_breaches(r->model), 0);
        assert_true(rig_logged(r, "tolerated zlp"));
        rig_jump(r);
        EXPECT(r, 0xc0);
        rig_frame(r, "SINK", 4);
        assert_true(rig_logged(r, "breach sync"));
        rig_expect_silence(r, 500);
        rig_free(r);
}

static void no_storage_no_sync(void **state)
{
        Rig *r = RIG("mt6765", "storage=0");
        rig_load_stage1(r, r);
        rig_jump(r);
        EXPECT(r, 0xc0);
        rig_configure(r, 0);
        rig_expect_silence(r, 2000);
        rig_free(r);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(stages_belong_together),
                cmocka_unit_test(any_agent_of_others_is_accepted),
                cmocka_unit_test(read_packets_by_host_system),
                cmocka_unit_test(reads_are_checked),
                cmocka_unit_test(a_read_can_be_canceled),
                cmocka_unit_test(storage_errors),
                cmocka_unit_test(a_locked_agent_reads_nothing),
                cmocka_unit_test(breaches_are_named),
                cmocka_unit_test(a_wrong_sync_halts),
                cmocka_unit_test(no_storage_no_sync),
        };
        return cmocka_run_group_tests_name("xflash-model", tests, rig_set_up, rig_tear_down);
}
