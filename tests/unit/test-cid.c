/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <string.h>

#include "protocol/cid.h"

static const uint8_t natural[CID_SIZE] = { 0x15, 0x01, 0x00, 'N', 'J', 'S', '0', '0', 'M', 0x00, 1,
        2, 3, 4, 5, 6 };
static const uint8_t turned[CID_SIZE] = { 'N', 0x00, 0x01, 0x15, '0', '0', 'S', 'J', 2, 1, 0x00,
        'M', 6, 5, 4, 3 };

/* Agents give the id in either order; the store wants one. */
static void test_orders(void **state)
{
        uint8_t cid[CID_SIZE];

        memcpy(cid, turned, CID_SIZE);
        assert_false(cid_is_natural(cid));
        cid_make_natural(cid);
        assert_memory_equal(cid, natural, CID_SIZE);
        cid_make_natural(cid); /* and stays */
        assert_memory_equal(cid, natural, CID_SIZE);
        cid_turn(cid);
        assert_memory_equal(cid, turned, CID_SIZE);
}

/* An unknown maker: nobody can tell, so nothing is changed. */
static void test_unknown_maker(void **state)
{
        uint8_t cid[CID_SIZE] = { 0x01, 0x02, 0x03, 0x04 }, before[CID_SIZE];

        memcpy(before, cid, CID_SIZE);
        cid_make_natural(cid);
        assert_memory_equal(cid, before, CID_SIZE);
        memset(cid, 0xff, CID_SIZE);
        cid_make_natural(cid);
        assert_int_equal(cid[0], 0xff);
}

TEST_MAIN(cmocka_unit_test(test_orders), cmocka_unit_test(test_unknown_maker))
