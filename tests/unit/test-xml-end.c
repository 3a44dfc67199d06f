/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "xml-peer.h"

#include "protocol/xml-private.h"

enum { SIZE = 0x8000 };

typedef struct Got {
        uint8_t data[SIZE];
        size_t size;
} Got;

static int take(void *userdata, const uint8_t *data, size_t size)
{
        Got *g = userdata;

        assert_true(size <= sizeof g->data - g->size);
        memcpy(g->data + g->size, data, size);
        g->size += size;
        return 0;
}

/* One packet of a file. */
#define FILE_OF(size, data)                                                                        \
        "<OK\n<UPLOAD 0x10000\n> OK\n<OK@" size "\n> OK\n<OK@0x0\n> OK\n" data                     \
        "> OK\n<END OK\n> OK\n<START\n> OK\n"

static const Region user = { .kind = REGION_USER, .size = SIZE, .readable = true };
static const Region boot1 = { .kind = REGION_BOOT1, .size = 0x1000, .readable = true };

static int to_end(const char *script, const Region *region, uint64_t offset, Got *got, Failure *f)
{
        static DaXml x;
        static XmlPeer peer;
        int r;

        x = (DaXml){ .session.storage.type = STORAGE_EMMC };
        assert_int_equal(xml_link_init(&x.link, xml_script(&peer, script)), 0);
        *got = (Got){};
        r = xml_read_to_end(&x, region, offset, take, got, f);
        xml_link_done(&x.link);
        xml_done(&peer);
        return r;
}

#define SGPT ">~ <partition>sgpt</partition>\n" FILE_OF("0x200", "<# 512 7\n")
#define PRELOADER(size, data) ">~ <partition>preloader</partition>\n" FILE_OF(size, data)
#define FLASH(offset, length) ">~ <offset>" offset "</offset><length>" length "</length>\n"

/* The end of USER: the last sectors by their name, the same by address but the last byte, and only
 * when they agree what was asked for. */
static void test_user(void **state)
{
        static const char script[] = SGPT
                /* before the last byte */
                FLASH("0x7e00", "0x1ff") FILE_OF("0x1ff", "<# 511 7\n")
                /* what was wanted, without it */
                FLASH("0x4000", "0x3fff") FILE_OF("0x3fff", "<# 16383 5\n");
        Got got;

        assert_int_equal(to_end(script, &user, 0x4000, &got, NULL), 0);
        assert_int_equal(got.size, 0x4000);
        assert_int_equal(got.data[0x3ffe], 5);
        assert_int_equal(got.data[0x3fff], 7);
}

/* Only the last byte of BOOT1, whose name stands for the whole area. */
static void test_last_byte(void **state)
{
        static const char script[] = PRELOADER("0x1000", "<# 4096 9\n") FLASH("0x0", "0xfff")
                FILE_OF("0xfff", "<# 4095 9\n");
        Got got;

        assert_int_equal(to_end(script, &boot1, 0xfff, &got, NULL), 0);
        assert_int_equal(got.size, 1);
        assert_int_equal(got.data[0], 9);
}

/* A name that means something else must not put a foreign byte at the end of a backup. */
static void test_disagreement(void **state)
{
        static const char script[] = SGPT ">~ READ-FLASH\n" FILE_OF("0x1ff", "<# 511 8\n");
        Failure f = {};
        Got got;

        assert_int_equal(to_end(script, &user, 0, &got, &f), -EREMOTEIO);
        assert_int_equal(f.id, ERROR_OUT_OF_RANGE);
        assert_int_equal(got.size, 0);
        /* a boot area of another size */
        f = (Failure){};
        assert_int_equal(
                to_end(PRELOADER("0x800", "<# 2048 9\n"), &boot1, 0, &got, &f), -EREMOTEIO);
        assert_int_equal(f.id, ERROR_OUT_OF_RANGE);
}

static void test_no_such_name(void **state)
{
        static const Region gp = { .kind = REGION_GP1, .size = 0x1000, .readable = true };
        Failure f = {};
        Got got;

        assert_int_equal(to_end(">~ sgpt\n<OK\n<END ERR Cannot find [sgpt] in partition table.\n> "
                                "OK\n<START\n> OK\n",
                                 &user, 0, &got, &f),
                -EREMOTEIO);
        assert_non_null(strstr(f.text, "Cannot find [sgpt]"));
        f = (Failure){};
        assert_int_equal(to_end("", &gp, 0, &got, &f), -EREMOTEIO);
        assert_int_equal(f.id, ERROR_OUT_OF_RANGE);
}

static void test_recognised(void **state)
{
        DaXml x = { .link.message =
                            "Read length[400000] is larger than partition max size[400000]" };

        assert_true(xml_end_was_refused(&x));
        x = (DaXml){ .link.message = "Cannot find [EMMC-RPMB] on current device storage." };
        assert_false(xml_end_was_refused(&x));
}

TEST_MAIN(cmocka_unit_test(test_user), cmocka_unit_test(test_last_byte),
        cmocka_unit_test(test_disagreement), cmocka_unit_test(test_no_such_name),
        cmocka_unit_test(test_recognised))
