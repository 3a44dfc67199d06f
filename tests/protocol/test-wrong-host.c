/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "../unit/test.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "phone.h"

/* A host that does it wrong is caught by the simulated phone: without this the other tests would prove
 * little. Each mistake is one that works here and there and hangs a real phone somewhere else. */

enum { MS = 2000 };

/* a zero-length packet on the socket */
static const uint8_t zlp[] = { 0x00, 'Z', 'L', 'P', 0xff, 'Z', 'L', 'P' };

/* The phone may have ended because of what was sent before. */
static void send_bytes(Phone *p, const void *data, size_t size)
{
        int r = transport_write(p->transport, data, size, MS);

        assert_true(r == 0 || r == -ENODEV);
}

static void expect(Phone *p, const void *data, size_t size)
{
        uint8_t got[64];

        assert_true(size <= sizeof got);
        assert_int_equal(transport_read(p->transport, got, size, MS), 0);
        assert_memory_equal(got, data, size);
}

/* The phone has ended because of it, and says which rule it was. */
static void caught(Phone *p, const char *rule)
{
        bool breach = phone_ends_by_breach(p);
        _cleanup_free_ char *log = phone_log(p);

        if (!breach || !strstr(log, rule))
                fail_msg("%s: not caught: %s\n…%s", p->chip, rule,
                        log + (strlen(log) > 700 ? strlen(log) - 700 : 0));
}

static Phone *ready(const char *chip)
{
        Phone *p = phone_new(chip);

        p->user_size = "16M";
        p->boot_size = "1M";
        phone_ready(p);
        return p;
}

/* ---- legacy ---- */

/* Up to the data of a read of two packets. */
static void start_read(Phone *p)
{
        send_bytes(p, "\x60", 1);
        expect(p, "\x5a", 1);
        send_bytes(p, "\x08", 1);
        expect(p, "\x5a", 1);
        send_bytes(p, "\xd6\x0b\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\x20\0\0", 19);
        expect(p, "\x5a", 1);
        send_bytes(p, "\0\x10\0\0", 4);
}

static void test_legacy_early_answer(void **state)
{
        _cleanup_(phone_freep) Phone *p = ready("mt6735");
        uint8_t some[4096];

        start_read(p);
        assert_int_equal(transport_read(p->transport, some, sizeof some, MS), 0);
        send_bytes(p, "\x5a", 1);
        caught(p, "early:");
}

/* Data without the sum, then the answer. */
static void test_legacy_waits_for_too_little(void **state)
{
        _cleanup_(phone_freep) Phone *p = ready("mt6735");
        _cleanup_free_ uint8_t *data = malloc(MiB);

        start_read(p);
        assert_int_equal(transport_read(p->transport, data, MiB, MS), 0);
        send_bytes(p, "\x5a", 1); /* for the first packet; its sum lies unread */
        assert_int_equal(transport_read(p->transport, data, 2, MS), 0);
        send_bytes(p, "\x5a", 1);
        caught(p, "early:");
}

static void test_legacy_joined(void **state)
{
        _cleanup_(phone_freep) Phone *p = ready("mt6735");

        send_bytes(p, "\x60\x08", 2); /* the area before the command was answered */
        caught(p, "joined:");
}

static void test_legacy_empty_packet(void **state)
{
        _cleanup_(phone_freep) Phone *p = ready("mt6735");

        send_bytes(p, zlp, sizeof zlp);
        caught(p, "zlp:");
}

static void test_legacy_write(void **state)
{
        _cleanup_(phone_freep) Phone *p = ready("mt6735");

        send_bytes(p, "\x62", 1);
        caught(p, "command 62");
}

/* ---- XML and XFlash: frames ---- */

static void frame(uint8_t *out, uint32_t size)
{
        put_le32(out, 0xfeeeeeef);
        put_le32(out + 4, 1);
        put_le32(out + 8, size);
}

/* One transfer for header and payload. */
static void test_joined_frame(void **state)
{
        static const char *const chips[] = { "mt6765", "mt6781" };

        for (size_t i = 0; i < ELEMENTS(chips); i++) {
                _cleanup_(phone_freep) Phone *p = ready(chips[i]);
                uint8_t both[15];

                frame(both, 3);
                memcpy(both + 12, "OK", 3);
                send_bytes(p, both, sizeof both);
                caught(p, "joined:");
        }
}

static void test_empty_packet(void **state)
{
        static const char *const chips[] = { "mt6765", "mt6781" };

        for (size_t i = 0; i < ELEMENTS(chips); i++) {
                _cleanup_(phone_freep) Phone *p = ready(chips[i]);

                send_bytes(p, zlp, sizeof zlp);
                caught(p, "zlp:");
        }
}

static void test_no_magic(void **state)
{
        static const char *const chips[] = { "mt6765", "mt6781" };

        for (size_t i = 0; i < ELEMENTS(chips); i++) {
                _cleanup_(phone_freep) Phone *p = ready(chips[i]);

                send_bytes(p, "hello, phone", 12);
                caught(p, "magic:");
        }
}

static void send_text(Phone *p, const char *text)
{
        uint8_t head[12];

        frame(head, (uint32_t)strlen(text) + 1);
        send_bytes(p, head, sizeof head);
        send_bytes(p, text, strlen(text) + 1);
}

/* An answer to something that was not read yet. */
static void test_xml_early_answer(void **state)
{
        _cleanup_(phone_freep) Phone *p = ready("mt6781");

        send_text(p,
                "<?xml version=\"1.0\"?><da><version>1.0</version><command>CMD:GET-DA-INFO"
                "</command><arg><target_file>x</target_file></arg></da>");
        for (int i = 0; i < 4; i++)
                send_text(p, "OK");
        caught(p, "early:");
}

static void test_xml_write(void **state)
{
        _cleanup_(phone_freep) Phone *p = ready("mt6781");

        send_text(p,
                "<?xml version=\"1.0\"?><da><version>1.0</version><command>CMD:ERASE-FLASH"
                "</command><arg></arg></da>");
        caught(p, "command ERASE-FLASH");
}

TEST_MAIN(cmocka_unit_test(test_legacy_early_answer),
        cmocka_unit_test(test_legacy_waits_for_too_little), cmocka_unit_test(test_legacy_joined),
        cmocka_unit_test(test_legacy_empty_packet), cmocka_unit_test(test_legacy_write),
        cmocka_unit_test(test_joined_frame), cmocka_unit_test(test_empty_packet),
        cmocka_unit_test(test_no_magic), cmocka_unit_test(test_xml_early_answer),
        cmocka_unit_test(test_xml_write))
