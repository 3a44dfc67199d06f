/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include "daemon/awake.h"

/* What a device's interfaces tell, and what they do not. */
static void test_modes(void **state)
{
        static const struct {
                uint16_t vendor, product;
                const char *interfaces;
                AwakeMode mode;
                bool mediatek;
        } cases[] = {
                { 0x0e8d, 0x2008, ":060101:", AWAKE_ANDROID, true },
                { 0x0e8d, 0x200a, ":ffff00:ff4201:", AWAKE_ANDROID, true },
                { 0x0e8d, 0x201c, ":ff4203:", AWAKE_FASTBOOT, true },
                { 0x0e8d, 0x2009, ":080650:", AWAKE_OTHER, true },
                { 0x0e8d, 0x2007, "", AWAKE_OTHER, true },
                /* MediaTek's, but no phones: a disc drive, a radio adapter */
                { 0x0e8d, 0x1887, ":080250:", AWAKE_NONE, false },
                { 0x0e8d, 0x7961, ":e00101:ffffff:", AWAKE_NONE, false },
                /* Android, whoever made it */
                { 0x18d1, 0x4ee7, ":ff4201:", AWAKE_ANDROID, false },
                { 0x04e8, 0x6860, ":060101:ff4201:", AWAKE_ANDROID, false },
                { 0x18d1, 0x4ee0, ":ff4203:", AWAKE_FASTBOOT, false },
                /* a camera, a keyboard */
                { 0x04a9, 0x3100, ":060101:", AWAKE_NONE, false },
                { 0x046d, 0xc31c, ":030101:030000:", AWAKE_NONE, false },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                HotplugDevice d = {
                        .port = "1-2",
                        .vendor = cases[i].vendor,
                        .product = cases[i].product,
                        .interfaces = cases[i].interfaces,
                };
                const AwakePhone *phone;
                Awake a = { 0 };

                assert_int_equal(awake_seen(&a, &d), cases[i].mode != AWAKE_NONE);
                phone = awake_find(&a, "");
                assert_int_equal(phone ? phone->mode : AWAKE_NONE, cases[i].mode);
                if (phone)
                        assert_int_equal(phone->mediatek, cases[i].mediatek);
        }
}

/* One a port; certain ones first; more than there is room for are left out. */
static void test_list(void **state)
{
        HotplugDevice other = { .port = "1-1", .vendor = 0x18d1, .interfaces = ":ff4201:" };
        HotplugDevice phone = {
                .port = "1-2", .vendor = 0x0e8d, .product = 0x2008, .interfaces = ":060101:"
        };
        HotplugDevice mouse = { .port = "1-2", .vendor = 0x046d, .interfaces = ":030102:" };
        char port[16];
        Awake a = { 0 };

        assert_null(awake_find(&a, ""));
        assert_true(awake_seen(&a, &other));
        assert_true(awake_seen(&a, &phone));
        assert_string_equal(awake_find(&a, "")->port, "1-2");
        assert_string_equal(awake_find(&a, "1-1")->port, "1-1");
        assert_null(awake_find(&a, "1-3"));
        assert_true(awake_seen(&a, &mouse));
        assert_string_equal(awake_find(&a, "")->port, "1-1");
        assert_false(awake_gone(&a, "1-2"));
        assert_true(awake_gone(&a, "1-1"));
        assert_int_equal(a.n, 0);
        phone.port = port;
        for (unsigned i = 0; i <= AWAKE_MAX; i++) {
                snprintf(port, sizeof port, "2-%u", i);
                assert_int_equal(awake_seen(&a, &phone), i < AWAKE_MAX);
        }
}

TEST_MAIN(cmocka_unit_test(test_modes), cmocka_unit_test(test_list))
