/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "daemon/device.h"
#include "daemon/usb-id.h"

#define SECOND UINT64_C(1000000)

/* A phone was let go at 1-2: what appears there next within a minute is left alone, once. */
static void test_left_alone_once(void **state)
{
        uint32_t next;
        Devices d = { 0 };

        devices_released(&d, "1-2", 10 * SECOND, 60 * SECOND, 7);
        assert_int_equal(devices_alone_until(&d, "1-3", 11 * SECOND, &next), 0);
        assert_int_equal(devices_alone_until(&d, "1-2", 11 * SECOND, &next), 70 * SECOND);
        assert_int_equal(next, 7);
        assert_int_equal(devices_alone_until(&d, "1-2", 12 * SECOND, &next), 0);
}

static void test_after_a_minute(void **state)
{
        uint32_t next;
        Devices d = { 0 };

        devices_released(&d, "1-2", 10 * SECOND, 60 * SECOND, 7);
        assert_int_equal(devices_alone_until(&d, "1-2", 70 * SECOND, &next), 0);
        /* let go twice: the later time counts, and only once */
        devices_released(&d, "1-2", 100 * SECOND, 60 * SECOND, 7);
        devices_released(&d, "1-2", 110 * SECOND, 60 * SECOND, 7);
        assert_int_equal(devices_alone_until(&d, "1-2", 165 * SECOND, &next), 170 * SECOND);
        assert_int_equal(devices_alone_until(&d, "1-2", 165 * SECOND, &next), 0);
}

/* More ports than places: the oldest memory goes, none is written beyond the end. */
static void test_many_ports(void **state)
{
        uint32_t next;
        Devices d = { 0 };
        char port[16];

        for (unsigned i = 0; i <= DEVICES_MAX; i++) {
                snprintf(port, sizeof port, "1-%u", i);
                devices_released(&d, port, i * SECOND, 600 * SECOND, 7);
        }
        assert_int_equal(devices_alone_until(&d, "1-0", 100 * SECOND, &next), 0);
        assert_int_equal(devices_alone_until(&d, "1-1", 100 * SECOND, &next), 601 * SECOND);
        assert_int_equal(devices_alone_until(&d, port, 100 * SECOND, &next), 664 * SECOND);
}

static void test_list(void **state)
{
        HotplugDevice plug = { .port = "1-2", .node = "/dev/bus/usb/001/002" };
        char port[100];
        Devices d = { 0 };
        Device *first = devices_add(&d, &plug);

        assert_ptr_equal(devices_find(&d, "1-2"), first);
        assert_null(devices_find(&d, "1-3"));
        for (unsigned i = 1; i < DEVICES_MAX; i++) {
                snprintf(port, sizeof port, "2-%u", i);
                plug.port = port;
                assert_non_null(devices_add(&d, &plug));
        }
        assert_null(devices_add(&d, &plug));
        devices_remove(&d, first);
        assert_null(devices_find(&d, "1-2"));
        memset(port, '1', sizeof port - 1);
        port[sizeof port - 1] = 0;
        assert_null(devices_add(&d, &plug));
        devices_done(&d);
}

static void on_added(void *userdata, Device *d)
{
        strcat(userdata, "+");
        strcat(userdata, d->port);
}

static void on_changed(void *userdata, Device *d)
{
        strcat(userdata, "~");
}

static void on_removed(void *userdata, Device *d)
{
        strcat(userdata, "-");
}

static void on_counted(void *userdata)
{
        strcat(userdata, "#");
}

/* A device is news when somebody says so, and is gone from the count after it was said to go. */
static void test_listener(void **state)
{
        static const DeviceEvents events = { .added = on_added,
                .changed = on_changed,
                .removed = on_removed,
                .counted = on_counted };
        HotplugDevice plug = { .port = "1-2", .node = "/dev/bus/usb/001/002" };
        char heard[64] = "";
        Devices d = { 0 };
        Device *device = devices_add(&d, &plug);

        devices_changed(&d, device); /* to nobody */
        devices_listen(&d, &events, heard);
        devices_changed(&d, device);
        assert_string_equal(heard, "+1-2#");
        devices_changed(&d, device);
        assert_string_equal(heard, "+1-2#~");
        devices_remove(&d, device);
        assert_string_equal(heard, "+1-2#~-#");
        devices_remove(&d, devices_add(&d, &plug));
        assert_string_equal(heard, "+1-2#~-#");
}

/* Only download mode, and the one identity that other modes share only with its name. */
static void test_identities(void **state)
{
        assert_string_equal(usb_id_find(0x0e8d, 0x0003, NULL)->mode, "brom");
        assert_string_equal(usb_id_find(0x0e8d, 0x2000, "anything")->mode, "preloader");
        assert_null(usb_id_find(0x0e8d, 0x201c, NULL)); /* MTP */
        assert_null(usb_id_find(0x1004, 0x6000, NULL));
        assert_null(usb_id_find(0x1004, 0x6000, "LG modem"));
        assert_non_null(usb_id_find(0x1004, 0x6000, "MT65xx Preloader"));
        assert_null(usb_id_find(0x10c4, 0xea60, NULL)); /* a serial adapter */
        for (size_t i = 0; i < usb_id_count(); i++)
                assert_ptr_equal(usb_id_find(usb_id_at(i)->vendor, usb_id_at(i)->product,
                                         usb_id_at(i)->name),
                        usb_id_at(i));
}

/* What the configuration adds, and how little it takes to be refused. */
static void test_identities_by_configuration(void **state)
{
        static const struct {
                const char *text;
                int error;
        } wrong[] = {
                { "", -EINVAL },
                { "1234", -EINVAL },
                { "1234:5678", -EINVAL },
                { "0x12:5678=preloader", -EINVAL },
                { "12345:678=preloader", -EINVAL },
                { "1234:567=preloader", -EINVAL },
                { "1234:5678 =preloader", -EINVAL },
                { "-123:5678=preloader", -EINVAL },
                { "1234:5678=", -ENOENT },
                { "1234:5678=Preloader", -ENOENT },
                { "1234:5678=preloaders", -ENOENT },
        };
        char text[USB_ID_TEXT_MAX], rule[USB_ID_RULE_SIZE];

        for (size_t i = 0; i < ELEMENTS(wrong); i++)
                assert_int_equal(usb_id_extra_add(wrong[i].text), wrong[i].error);
        assert_int_equal(usb_id_extra_add("12aB:5678=preloader"), 0);
        assert_string_equal(usb_id_find(0x12ab, 0x5678, "anything")->mode, "preloader");
        assert_null(usb_id_find(0x12ab, 0x5679, NULL));
        /* the last word counts, also about one of the table */
        assert_int_equal(usb_id_extra_add("12ab:5678=brom"), 0);
        assert_string_equal(usb_id_find(0x12ab, 0x5678, NULL)->mode, "brom");
        assert_int_equal(usb_id_extra_add("1004:6000=preloader"), 0);
        assert_non_null(usb_id_find(0x1004, 0x6000, "LG modem"));
        /* those the shipped rule leaves out get one of their own */
        assert_true(usb_id_has_rule(0x0e8d, 0x2000));
        assert_false(usb_id_has_rule(0x1004, 0x6000));
        assert_false(usb_id_has_rule(0x12ab, 0x5678));
        usb_id_rule(0x12ab, 0x5678, rule);
        assert_non_null(strstr(rule, "ATTR{idVendor}==\"12ab\", ATTR{idProduct}==\"5678\", "));
        for (unsigned i = 2; i < USB_ID_EXTRA_MAX; i++) {
                snprintf(text, sizeof text, "ff00:%04x=agent", i);
                assert_int_equal(usb_id_extra_add(text), 0);
        }
        assert_int_equal(usb_id_extra_add("ff01:0000=agent"), -ENOSPC);
        assert_int_equal(usb_id_extra_add("ff00:0002=brom"), 0);
        usb_id_extra_clear();
        assert_null(usb_id_find(0x12ab, 0x5678, NULL));
        assert_null(usb_id_find(0x1004, 0x6000, "LG modem"));
}

static void test_why(void **state)
{
        uint32_t next;
        static Devices d;

        assert_string_equal(devices_why(&d, "1-2"), "");
        devices_explain(&d, "1-2", "nobody listens");
        devices_released(&d, "1-2", 10 * SECOND, 60 * SECOND, 7);
        assert_string_equal(devices_why(&d, "1-2"), "");
        devices_explain(&d, "1-2", "not due");
        assert_string_equal(devices_why(&d, "1-2"), "not due");
        assert_string_equal(devices_why(&d, "1-3"), "");
        assert_true(devices_alone_until(&d, "1-2", 11 * SECOND, &next) > 0);
        assert_string_equal(devices_why(&d, "1-2"), "");
}

TEST_MAIN(cmocka_unit_test(test_left_alone_once), cmocka_unit_test(test_after_a_minute),
        cmocka_unit_test(test_many_ports), cmocka_unit_test(test_list),
        cmocka_unit_test(test_listener), cmocka_unit_test(test_identities),
        cmocka_unit_test(test_identities_by_configuration), cmocka_unit_test(test_why))
