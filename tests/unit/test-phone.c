/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "daemon/phone.h"

static int take(Phone *p, const char *text)
{
        _cleanup_message_ Message m = {};

        assert_int_equal(message_parse(text, strlen(text), &m), 0);
        return phone_take(p, &m);
}

static const char identity[] = "IDENTITY\nHW_CODE=0x0766\nHW_SUB=0x8a00\nHW_VER=0xca00\nSW_VER=0\n"
                               "CHIP=MT6765\nMODE=preloader\nBL_VER=3\nTARGET_CONFIG=0x5\n"
                               "ME_ID=00112233445566778899aabbccddeeff\nSOC_ID=\nPROTOCOL=xflash";

static void test_report(void **state)
{
        const char *security[PHONE_SECURITY_MAX + 1];
        _cleanup_free_ char *text = NULL;
        Phone p = { 0 };
        char what[64];
        json_t *report, *o;

        assert_int_equal(take(&p, identity), 0);
        assert_int_equal(take(&p,
                                 "STORAGE\nTYPE=emmc\nBLOCK_SIZE=512\nDRAM=4294967296\nRPMB_KEY=1\n"
                                 "CID=150100444a344d4232a0000000000000"),
                0);
        assert_int_equal(take(&p, "REGION\nREGION=EMMC_USER\nSIZE=31268536320\nREADABLE=1"), 0);
        phone_security(&p, security);
        assert_string_equal(security[0], "sbc");
        assert_string_equal(security[1], "daa");
        assert_null(security[2]);
        phone_describe(&p, what, sizeof what);
        assert_string_equal(what, "MT6765 (hardware code 0x0766)");

        text = phone_report(&p, "1-2", "a note");
        report = json_loads(text, 0, NULL);
        assert_non_null(report);
        o = json_object_get(report, "identity");
        assert_string_equal(json_string_value(json_object_get(o, "hw_code")), "0x0766");
        assert_string_equal(json_string_value(json_object_get(o, "chip")), "MT6765");
        assert_null(json_object_get(o, "soc_id"));
        o = json_object_get(report, "storage");
        assert_true(json_is_true(json_object_get(o, "rpmb_key")));
        o = json_array_get(json_object_get(o, "regions"), 0);
        assert_true(json_integer_value(json_object_get(o, "size")) == 31268536320);
        json_decref(report);
}

/* What only NAND has. */
static void test_nand(void **state)
{
        _cleanup_free_ char *text = NULL;
        Phone p = { 0 };

        assert_int_equal(
                take(&p, "STORAGE\nTYPE=nand\nBLOCK_SIZE=2048\nPAGE_SIZE=2048\nSPARE_SIZE=64"), 0);
        text = phone_report(&p, "1-2", NULL);
        assert_non_null(strstr(text, "\"page_size\":2048,\"spare_size\":64"));
}

/* An id of all 00 or FF is none; that of a phone that says nothing neither. */
static void test_absent_ids(void **state)
{
        _cleanup_free_ char *text = NULL;
        Phone p = { 0 };

        assert_int_equal(take(&p, "IDENTITY\nME_ID=00000000\nSOC_ID=FFFFFFFF"), 0);
        assert_string_equal(p.me_id, "");
        assert_string_equal(p.soc_id, "");
        text = phone_report(&p, "1-2", NULL);
        assert_null(strstr(text, "storage"));
}

/* What has not the agreed form changes nothing. */
static void test_bad_values(void **state)
{
        static const char *const bad[] = {
                "IDENTITY\nHW_CODE=0x10000",
                "IDENTITY\nHW_CODE=many",
                "IDENTITY\nTARGET_CONFIG=0x100000000",
                "IDENTITY\nME_ID=abc",
                "IDENTITY\nME_ID=zz",
                "STORAGE\nBLOCK_SIZE=-1",
                "REGION\nSIZE=1",
                "REGION\nREGION=EMMC_USER\nSIZE=x",
                "REGION\nREGION=EMMC_USER\nREADABLE=2",
                "IDLE",
        };
        Phone p = { 0 };

        assert_int_equal(take(&p, identity), 0);
        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                Phone before = p;

                if (take(&p, bad[i]) != -EBADMSG)
                        fail_msg("taken: %s", bad[i]);
                assert_memory_equal(&p, &before, sizeof p);
        }
        for (unsigned i = 0; i < PHONE_REGIONS_MAX; i++)
                assert_int_equal(take(&p, "REGION\nREGION=EMMC_GP1\nSIZE=1"), 0);
        assert_int_equal(take(&p, "REGION\nREGION=EMMC_GP1\nSIZE=1"), -EBADMSG);
}

static void test_mark(void **state)
{
        static const char storage[] = "STORAGE\nTYPE=emmc\nCID=150100444a344d4232a0000000000000";
        char me[PHONE_MARK_SIZE], mark[PHONE_MARK_SIZE];
        Phone p = { 0 };

        /* the storage does not matter to a phone whose chip has an id */
        assert_int_equal(phone_mark(&p, mark), -EAGAIN);
        assert_string_equal(mark, "");
        assert_int_equal(take(&p, identity), 0);
        assert_int_equal(phone_mark(&p, me), 1);
        assert_true(phone_mark_valid(me));
        assert_string_equal(me, "fa57a5cbc2da");
        assert_int_equal(take(&p, storage), 0);
        assert_int_equal(phone_mark(&p, mark), 1);
        assert_string_equal(mark, me);
        /* another chip with the same id is another phone */
        p.hw_code++;
        assert_int_equal(phone_mark(&p, mark), 1);
        assert_string_not_equal(mark, me);
        /* SOC_ID goes before ME_ID, as in the store's key */
        p.hw_code--;
        snprintf(p.soc_id, sizeof p.soc_id, "%s", p.me_id);
        snprintf(p.me_id, sizeof p.me_id, "01");
        assert_int_equal(phone_mark(&p, mark), 1);
        assert_string_equal(mark, me);

        p.soc_id[0] = p.me_id[0] = 0;
        assert_int_equal(phone_mark(&p, mark), 1);
        assert_string_not_equal(mark, me);
        p.cid[0] = 0;
        assert_int_equal(phone_mark(&p, mark), 0);
        assert_string_equal(mark, "");
        assert_false(phone_mark_valid(mark));
        assert_false(phone_mark_valid("0123456789AB"));
        assert_false(phone_mark_valid("0123456789abc"));
}

TEST_MAIN(cmocka_unit_test(test_report), cmocka_unit_test(test_mark), cmocka_unit_test(test_nand),
        cmocka_unit_test(test_absent_ids), cmocka_unit_test(test_bad_values))
