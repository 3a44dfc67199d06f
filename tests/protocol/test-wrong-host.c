/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "../unit/test.h"

#include <errno.h>
#include <fcntl.h>
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

/* Nobody knows what an agent makes of anything but 5A there. */
static void test_legacy_wrong_answer(void **state)
{
        _cleanup_(phone_freep) Phone *p = ready("mt6735");
        _cleanup_free_ uint8_t *data = malloc(MiB + 2);

        start_read(p);
        assert_int_equal(transport_read(p->transport, data, MiB + 2, MS), 0);
        send_bytes(p, "\x69", 1);
        caught(p, "order:");
}

static void test_legacy_odd_range(void **state)
{
        _cleanup_(phone_freep) Phone *p = ready("mt6735");

        send_bytes(p, "\xd6\x0b\x02\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\x02\0", 19);
        caught(p, "range:");
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

/* The memory settings of another board: the only entry there is, so that nothing can be chosen. */
static void test_legacy_other_settings(void **state)
{
        _cleanup_(phone_freep) Phone *p = phone_new("mt6580-brom");
        Failure f = {};

        p->preloader_words[0] = "--entries=1";
        p->preloader_words[1] = "--fits=1";
        phone_power_on(p);
        assert_int_equal(phone_identify(p, &f), 0);
        assert_true(phone_start(p, &f) < 0);
        caught(p, "settings of another memory");
}

/* ---- loaders ---- */

static Phone *listening(const char *chip, bool ufs)
{
        Phone *p = phone_new(chip);

        p->ufs = ufs;
        phone_power_on(p);
        assert_int_equal(phone_identify(p, NULL), 0);
        return p;
}

/* Its agent, started so far away from where it belongs. */
static int start_at(Phone *p, uint32_t away)
{
        char path[128];
        _cleanup_close_ int fd = -1;
        const DaImage *stage;
        Failure f = {};
        int r;

        snprintf(path, sizeof path, "%s/agent", p->dir);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_int_equal(da_agent_load(fd, p->chip_row, p->identity.hw_code, p->identity.hw_ver,
                                 p->identity.sw_ver, &p->agent, &f),
                0);
        stage = &p->agent->stage1;
        r = boot_send_da(p->transport, &p->identity, stage->address + away, stage->data,
                stage->size, stage->sig_size, &f);
        return r < 0 ? r : boot_jump_da(p->transport, stage->address + away, &f);
}

/* Boot ROM obeys the address, so that it has to be the agent's own. */
static void test_agent_elsewhere(void **state)
{
        _cleanup_(phone_freep) Phone *p = listening("mt6580-brom", false);

        start_at(p, 0x1000);
        caught(p, "range:");
}

static void test_jump_of_another_kind(void **state)
{
        _cleanup_(phone_freep) Phone *p = listening("mt6886-brom", true);

        assert_true(start_at(p, 0) < 0);
        caught(p, "JUMP_DA on a 64-bit chip");
}

static void test_destroyed_keys(void **state)
{
        _cleanup_(phone_freep) Phone *p = listening("mt6765", false);

        send_bytes(p, "\xf0", 1);
        caught(p, "write:");
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
        cmocka_unit_test(test_legacy_waits_for_too_little),
        cmocka_unit_test(test_legacy_wrong_answer), cmocka_unit_test(test_legacy_odd_range),
        cmocka_unit_test(test_legacy_other_settings), cmocka_unit_test(test_agent_elsewhere),
        cmocka_unit_test(test_jump_of_another_kind), cmocka_unit_test(test_destroyed_keys),
        cmocka_unit_test(test_legacy_joined), cmocka_unit_test(test_legacy_empty_packet),
        cmocka_unit_test(test_legacy_write), cmocka_unit_test(test_joined_frame),
        cmocka_unit_test(test_empty_packet), cmocka_unit_test(test_no_magic),
        cmocka_unit_test(test_xml_early_answer), cmocka_unit_test(test_xml_write))
