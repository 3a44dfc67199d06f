/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "basic/bytes.h"
#include "basic/digest.h"

/* A sum over pieces is the sum over the whole, and a finished one starts over. */
static void test_pieces(void **state)
{
        _cleanup_(digest_freep) Digest *d = NULL;
        uint8_t sum[DIGEST_SIZE_MAX], whole[DIGEST_SIZE_MAX];

        digest_of(DIGEST_SHA256, "abc", 3, whole);
        assert_int_equal(digest_new(DIGEST_SHA256, &d), 0);
        for (int round = 0; round < 2; round++) {
                digest_add(d, "a", 1);
                digest_add(d, "bc", 2);
                digest_finish(d, sum);
                assert_memory_equal(sum, whole, SHA256_SIZE);
        }
}

static void test_known_sums(void **state)
{
        static const struct {
                DigestKind kind;
                const char *hex;
        } known[] = {
                { DIGEST_SHA256,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
                { DIGEST_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d" },
                { DIGEST_MD5, "900150983cd24fb0d6963f7d28e17f72" },
        };

        for (size_t i = 0; i < ELEMENTS(known); i++) {
                uint8_t sum[DIGEST_SIZE_MAX];
                char hex[2 * DIGEST_SIZE_MAX + 1];

                digest_of(known[i].kind, "abc", 3, sum);
                hex_encode(sum, digest_size(known[i].kind), hex);
                assert_string_equal(hex, known[i].hex);
        }
}

static void test_library(void **state)
{
        assert_true(digest_library()[0] >= '3' && digest_library()[0] <= '9');
}

TEST_MAIN(cmocka_unit_test(test_pieces), cmocka_unit_test(test_known_sums),
        cmocka_unit_test(test_library))
