/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "xflash-peer.h"

#include "protocol/xflash-link.h"

/* A packet is a header and a payload, and leaves as two transfers; the answer may come byte by
 * byte. */
static void test_send_and_receive(void **state)
{
        uint32_t status = 1;
        uint8_t data[16];
        size_t size;
        Peer p;
        Transport *t = peer_script(&p,
                HOST_WORD("53 59 4e 43") PHONE_OK PHONE("03 00 00 00", "31 2e 30")
                        PHONE_WORD("0b 00 04 c0"));

        p.packet = 1;
        assert_int_equal(xflash_send_word(t, XFLASH_SYNC), 0);
        assert_int_equal(xflash_receive_word(t, &status, 1000), 0);
        assert_int_equal(status, 0);
        assert_int_equal(xflash_receive(t, data, sizeof(data), &size, 1000), 0);
        assert_int_equal(size, 3);
        assert_memory_equal(data, "1.0", 3);
        assert_int_equal(xflash_receive_word(t, &status, 1000), 0);
        assert_int_equal(status, 0xC004000B);
        peer_done(&p);
}

static void test_logs_are_skipped(void **state)
{
        uint32_t status = 1;
        Peer p;
        Transport *t = peer_script(&p, PHONE_LOG PHONE_LOG PHONE_OK);

        assert_int_equal(xflash_receive_word(t, &status, 1000), 0);
        assert_int_equal(status, 0);
        peer_done(&p);
        /* an empty one, too */
        t = peer_script(&p, "< ef ee ee fe 02 00 00 00 00 00 00 00\n" PHONE_OK);
        assert_int_equal(xflash_receive_word(t, &status, 1000), 0);
        peer_done(&p);
}

static void check_nonsense(const char *script)
{
        uint32_t status;
        Peer p;
        Transport *t = peer_script(&p, script);

        assert_int_equal(xflash_receive_word(t, &status, 1000), -EPROTO);
        peer_free(t);
}

static void test_nonsense(void **state)
{
        check_nonsense("< ef ee ee ff 01 00 00 00 04 00 00 00 00 00 00 00\n");    /* magic */
        check_nonsense("< ef ee ee fe 03 00 00 00 04 00 00 00 00 00 00 00\n");    /* type */
        check_nonsense("< ef ee ee fe 01 00 00 00 00 00 00 00\n");                /* empty */
        check_nonsense("< ef ee ee fe 01 00 00 00 02 00 00 00 00 00\n");          /* short */
        check_nonsense("< ef ee ee fe 01 00 00 00 05 00 00 00 00 00 00 00 00\n"); /* long */
        check_nonsense("< ef ee ee fe 01 00 00 00 ff ff ff ff 00 00 00 00\n");
        check_nonsense("< ef ee ee fe 02 00 00 00 01 00 01 00\n< *65537 20\n"); /* log */
}

static void test_logs_without_end(void **state)
{
        uint32_t status;
        Peer p;
        Transport *t = peer_init(&p, NULL);

        for (int i = 0; i <= XFLASH_LOGS_MAX; i++)
                peer_say(&p, "\xef\xee\xee\xfe\x02\0\0\0\0\0\0\0", 12);
        assert_int_equal(xflash_receive_word(t, &status, 1000), -EPROTO);
        peer_free(t);
}

static void test_cut_off_anywhere(void **state)
{
        for (size_t n = 1; n < 25 + 12 + 4; n++) {
                uint32_t status;
                Peer p;
                Transport *t = peer_script(&p, PHONE_LOG PHONE_OK);

                p.hang_up = n;
                assert_int_equal(xflash_receive_word(t, &status, 1000), n < 37 ? -ENODEV : 0);
                peer_free(t);
        }
}

TEST_MAIN(cmocka_unit_test(test_send_and_receive), cmocka_unit_test(test_logs_are_skipped),
        cmocka_unit_test(test_nonsense), cmocka_unit_test(test_logs_without_end),
        cmocka_unit_test(test_cut_off_anywhere))
