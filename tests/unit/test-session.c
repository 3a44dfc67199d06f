/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "xflash-peer.h"

/* Ranges are checked before the phone hears of them. */
static void test_ranges(void **state)
{
        static const struct {
                uint64_t offset, size;
        } bad[] = { { 0, MiB + 1 }, { MiB, 1 }, { MiB + 1, 0 }, { UINT64_MAX, 2 },
                { 1, UINT64_MAX } };
        Reader r = { 0 };
        Peer p;
        DaSession *s = running_session(&p, "");
        const Region *user = storage_region(&s->storage, REGION_USER);
        Failure f = { 0 };

        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                f = (Failure){ 0 };
                assert_int_equal(
                        da_session_read(s, user, bad[i].offset, bad[i].size, reader_take, &r, &f),
                        -ERANGE);
                assert_int_equal(f.id, ERROR_OUT_OF_RANGE);
        }
        assert_int_equal(da_session_read(s, user, 0, 0, reader_take, &r, NULL), 0);
        assert_int_equal(da_session_read(s, user, MiB, 0, reader_take, &r, NULL), 0);
        f = (Failure){ 0 };
        assert_int_equal(da_session_read(s, storage_region(&s->storage, REGION_RPMB), 0, 512,
                                 reader_take, &r, &f),
                -ERANGE);
        assert_non_null(strstr(f.text, "EMMC_RPMB"));
        peer_done(&p);
        da_session_free(s);
}

static void test_nothing_after_the_end(void **state)
{
        Reader r = { 0 };
        Peer p;
        DaSession *s = running_session(&p, "");

        s->lost = true;
        assert_int_equal(da_session_start(s, NULL), -EPROTO);
        assert_int_equal(da_session_info(s, NULL), -EPROTO);
        assert_int_equal(
                da_session_read(s, &s->storage.regions[0], 0, 1, reader_take, &r, NULL), -EPROTO);
        assert_int_equal(da_session_finish(s, DA_FINISH_OFF, NULL), -EPROTO);
        peer_done(&p);
        assert_null(da_session_free(s));
        assert_null(da_session_free(NULL));
}

static void test_regions(void **state)
{
        StorageInfo s = { .block_size = 512 };

        assert_int_equal(storage_add_region(&s, REGION_GP1, 4, 0, true), 0); /* not there */
        assert_null(storage_region(&s, REGION_GP1));
        assert_int_equal(storage_add_region(&s, REGION_USER, 8, 513, true), -EPROTO);
        assert_int_equal(
                storage_add_region(&s, REGION_USER, 8, UINT64_C(1) << STORAGE_SIZE_BITS, true),
                -EPROTO);
        for (size_t i = 0; i < ELEMENTS(s.regions); i++)
                assert_int_equal(storage_add_region(&s, REGION_USER, 8, 512, true), 0);
        assert_int_equal(storage_add_region(&s, REGION_USER, 8, 512, true), -EPROTO);
}

TEST_MAIN(cmocka_unit_test(test_ranges), cmocka_unit_test(test_nothing_after_the_end),
        cmocka_unit_test(test_regions))
