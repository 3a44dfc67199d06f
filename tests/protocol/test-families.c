/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "../unit/test.h"

#include <errno.h>
#include <string.h>

#include "phone.h"
#include "protocol/phone-table.h"

/* Every phone of a family, whole: identification, agent, storage, all bytes of all areas, the end;
 * and not one breach of its protocol by us. */

typedef struct Case {
        const char *chip, *protocol;
        bool ufs, brom, linear;
} Case;

static const Case legacy[] = {
        { "mt6577", "legacy", .linear = true },
        { "mt6572", "legacy", .linear = true },
        { "mt6580", "legacy" },
        { "mt6592", "legacy" },
        { "mt6735", "legacy" },
        { "mt6795", "legacy" },
        { "mt8127", "legacy" },
        { "mt8135", "legacy", .linear = true },
        { "mt8590", "legacy" },
};
static const Case waiting[] = {
        /* these cost three seconds of silence each */
        { "mt6571", "legacy" },
        { "mt6582", "legacy" },
        { "mt6589", "legacy", .linear = true },
};
static const Case xml[] = {
        { "mt6781", "xml" },
        { "mt6781-ufs", "xml", .ufs = true },
        { "mt6895", "xml", .ufs = true },
        { "mt6895-emmc", "xml" },
        { "mt6886", "xml", .ufs = true },
        { "mt6835", "xml" },
};
static const Case xflash[] = {
        { "mt6761", "xflash" },
        { "mt6765", "xflash" },
        { "mt6785", "xflash" },
        { "mt6781-v5", "xflash" }, /* its file decides, before the chip table */
        { "mt6893", "xflash", .ufs = true },
};
static const Case rom[] = {
        { "mt6765-brom", "xflash", .brom = true },
        { "mt6580-brom", "legacy", .brom = true },
        { "mt6735-brom", "legacy", .brom = true },
        { "mt6589-brom", "legacy", .brom = true, .linear = true },
        { "mt6895-brom", "xml", .ufs = true, .brom = true },
        { "mt6886-brom", "xml", .ufs = true, .brom = true },
};

static void whole_phone(const Case *c)
{
        _cleanup_(phone_freep) Phone *p = phone_new(c->chip);
        const StorageInfo *info;
        Failure f = {};

        p->ufs = c->ufs;
        if (c->brom && strcmp(c->protocol, "xml") != 0)
                p->preloader_words[0] = "--version=20";
        phone_ready(p);
        info = &p->session->storage;
        assert_string_equal(p->session->ops->name, c->protocol);
        assert_int_equal(p->identity.mode, c->brom ? BOOT_BROM : BOOT_PRELOADER);
        assert_int_equal(info->type, c->ufs ? STORAGE_UFS : STORAGE_EMMC);
        if (!c->ufs && strcmp(c->protocol, "xflash") != 0) {
                assert_int_equal(info->n_cid, 16);
                assert_memory_equal(info->cid, "\x15\x01\x00SIMEMC", 9); /* natural order */
        }
        assert_true(storage_region(info, REGION_USER)->size == 24 * MiB);
        assert_true(info->dram_size > 0);
        phone_compare_all(p);
        if (da_session_finish(p->session, DA_FINISH_OFF, &f) < 0)
                fail_msg("%s: %s", c->chip, f.text);
        if (!phone_stop(p)) {
                _cleanup_free_ char *log = phone_log(p);

                fail_msg("%s: breach\n%s", c->chip, log);
        }
}

/* Nobody knows their chips; the agent is for them, and shows by itself which protocol it speaks. */
static const Case unknown[] = {
        { "mt6577-new", "legacy", .linear = true },
        { "mt6735-new", "legacy" },
        { "mt6765-new", "xflash" },
        { "mt6781-new", "xml" },
};

#define FAMILY(name)                                                                               \
        static void test_##name(void **state)                                                      \
        {                                                                                          \
                for (size_t i = 0; i < ELEMENTS(name); i++)                                        \
                        whole_phone(&name[i]);                                                     \
        }
FAMILY(legacy)
FAMILY(waiting)
FAMILY(xml)
FAMILY(xflash)
FAMILY(rom)
FAMILY(unknown)

/* Both tables of a phone are damaged: an XML agent still tells names. */
static void test_agents_table(void **state)
{
        static const char *const chips[] = { "mt6781", "mt6895-emmc" };

        for (size_t i = 0; i < ELEMENTS(chips); i++) {
                _cleanup_(phone_freep) Phone *p = phone_new(chips[i]);
                PhoneTable t;
                Failure f = {};

                p->flash_words[0] = "--gpt";
                p->flash_words[1] = "both-broken";
                phone_ready(p);
                assert_int_equal(phone_table_read(p->session, &t, &f), 0);
                assert_string_equal(t.source, "agent");
                assert_in_range(t.layout->n_parts, 10, 100);
                phone_table_done(&t);
                assert_true(phone_stop(p));
        }
}

/* GP areas, where there are some. */
static void test_gp(void **state)
{
        static const char *const chips[] = { "mt6735", "mt6765", "mt6781", "mt6895-emmc" };

        for (size_t i = 0; i < ELEMENTS(chips); i++) {
                _cleanup_(phone_freep) Phone *p = phone_new(chips[i]);

                p->gp1_size = 1 * MiB;
                phone_ready(p);
                assert_true(storage_region(&p->session->storage, REGION_GP1)->size == 1 * MiB);
                /* the build of 2021 gives no end of this area, by no name */
                if (strcmp(chips[i], "mt6781") == 0)
                        assert_int_equal(
                                phone_compare_range(p, REGION_GP1, 0, MiB - 1, NULL, NULL), 0);
                else
                        phone_compare_all(p);
                assert_true(phone_stop(p));
        }
}

/* A phone with raw NAND: USER is its content. */
static void test_nand(void **state)
{
        _cleanup_(phone_freep) Phone *p = phone_new("mt6572-nand");

        p->user_size = "16M";
        phone_ready(p);
        assert_int_equal(p->session->storage.type, STORAGE_NAND);
        assert_int_equal(p->session->storage.block_size, 2048);
        assert_int_equal(p->session->storage.n_cid, 0);
        phone_compare_all(p);
        assert_true(phone_stop(p));
}

/* One with NOR: the same, by the ordinary command. */
static void test_nor(void **state)
{
        _cleanup_(phone_freep) Phone *p = phone_new("mt6572-nor");

        p->user_size = "16M";
        phone_ready(p);
        assert_int_equal(p->session->storage.type, STORAGE_NOR);
        assert_int_equal(p->session->storage.n_cid, 0);
        phone_compare_all(p);
        assert_true(phone_stop(p));
}

static bool logged(const Phone *p, const char *what)
{
        _cleanup_free_ char *log = phone_log(p);

        return strstr(log, what);
}

/* A phone on a slow link comes back on a fast one, and its agent goes on. */
static void test_speed(void **state)
{
        static const char *const chips[] = { "mt6580-brom", "mt6765-brom" };

        for (size_t i = 0; i < ELEMENTS(chips); i++) {
                _cleanup_(phone_freep) Phone *p = phone_new(chips[i]);

                p->preloader_words[0] = "--version=20";
                phone_ready(p);
                assert_int_equal(p->replugs, 1);
                assert_true(logged(p, "speed"));
                assert_int_equal(phone_compare(p, REGION_BOOT1, NULL), 0);
                assert_true(phone_stop(p));
        }
}

/* Letting the phone go: it starts again, or stays off until somebody does something. */
static void test_finish(void **state)
{
        static const char *const chips[] = { "mt6577", "mt6735", "mt6895-emmc" };

        for (size_t i = 0; i < ELEMENTS(chips); i++)
                for (DaFinish how = DA_FINISH_REBOOT; how <= DA_FINISH_OFF; how++) {
                        _cleanup_(phone_freep) Phone *p = phone_new(chips[i]);
                        Failure f = {};

                        phone_ready(p);
                        assert_int_equal(da_session_finish(p->session, how, &f), 0);
                        assert_true(p->session->lost);
                        assert_false(p->session->running);
                        while (transport_fill(p->transport, 3000) > 0)
                                transport_consume(
                                        p->transport, transport_peek(p->transport).iov_len);
                        assert_true(logged(
                                p, how == DA_FINISH_REBOOT ? "detached reset" : "detached off"));
                        assert_true(phone_stop(p));
                }
}

TEST_MAIN(cmocka_unit_test(test_legacy), cmocka_unit_test(test_waiting), cmocka_unit_test(test_xml),
        cmocka_unit_test(test_xflash), cmocka_unit_test(test_rom), cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_agents_table), cmocka_unit_test(test_gp), cmocka_unit_test(test_nand),
        cmocka_unit_test(test_nor), cmocka_unit_test(test_speed), cmocka_unit_test(test_finish))
