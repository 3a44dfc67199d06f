/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "peer.h"

#include "protocol/legacy-read.h"

/* A phone that only reads: it checks the head of the command and serves a pattern. */
typedef struct Device {
        Peer peer;
        LegacyReader reader;
        uint8_t command[64];
        size_t n_command;
        bool host_byte;
        uint64_t address, left;
        uint32_t packet;
        unsigned commands, packets;
        int wrong_packet, wrong_times; /* number of a packet whose sum is wrong, how often */
        bool refuse;
} Device;

static uint8_t pattern(uint64_t at)
{
        return (uint8_t)(at * 7 + (at >> 13));
}

static void next_packet(Device *d)
{
        size_t n = (size_t)MIN(d->left, (uint64_t)d->packet);
        uint8_t *data = malloc(n + 2);
        uint16_t sum = 0;

        assert_non_null(data);
        for (size_t i = 0; i < n; i++) {
                data[i] = pattern(d->address + i);
                sum = (uint16_t)(sum + data[i]);
        }
        if ((uint64_t)d->wrong_packet * d->packet == d->address && d->wrong_times > 0) {
                d->wrong_times--;
                data[n / 2] ^= 1;
        }
        put_be16(data + n, sum);
        peer_say(&d->peer, data, n + 2);
        free(data);
        d->packets++;
}

static void hear(Peer *p, const uint8_t *data, size_t size)
{
        Device *d = p->model;
        size_t head = d->host_byte ? 19 : 18, at = d->host_byte ? 3 : 2;

        if (d->left > 0 && d->packet) { /* the answer to a packet */
                size_t n = (size_t)MIN(d->left, (uint64_t)d->packet);

                assert_int_equal(size, 1);
                assert_int_equal(data[0], 0x5a);
                d->address += n;
                d->left -= n;
                if (d->left > 0)
                        next_packet(d);
                return;
        }
        if (d->left > 0) {
                assert_int_equal(size, 4);
                d->packet = get_be32(data);
                next_packet(d);
                return;
        }
        memcpy(d->command + d->n_command, data, size);
        d->n_command += size;
        if (d->n_command < head)
                return;
        d->n_command = 0;
        d->commands++;
        d->packet = 0;
        assert_int_equal(d->command[0], 0xd6);
        if (d->host_byte)
                assert_int_equal(d->command[1], 0x0b);
        assert_int_equal(d->command[at - 1], 2);
        d->address = get_be64(d->command + at);
        d->left = get_be64(d->command + at + 8);
        if (d->refuse) {
                d->left = 0;
                peer_say(p, "\xa5\0\0\x0b\xdc", 5);
        } else
                peer_say(p, "\x5a", 1);
}

static Device *device_new(bool host_byte)
{
        Device *d = calloc(1, sizeof *d);

        assert_non_null(d);
        d->host_byte = host_byte;
        d->wrong_packet = -1;
        peer_init(&d->peer, hear);
        d->peer.model = d;
        assert_int_equal(
                legacy_reader_init(&d->reader, &d->peer.transport, host_byte, LEGACY_STORE_EMMC),
                0);
        return d;
}

static void device_free(Device *d)
{
        legacy_reader_done(&d->reader);
        assert_int_equal(d->n_command, 0);
        peer_done(&d->peer);
        free(d);
}

typedef struct Check {
        uint64_t start, at;
        uint64_t stop_at; /* cancels there; 0 never */
} Check;

static int check(void *userdata, const uint8_t *data, size_t size)
{
        Check *c = userdata;

        for (size_t i = 0; i < size; i += 509)
                assert_int_equal(data[i], pattern(c->at + i));
        assert_int_equal(data[size - 1], pattern(c->at + size - 1));
        c->at += size;
        return c->stop_at && c->at >= c->stop_at ? -ECANCELED : 0;
}

/* A read of 20 MiB and a bit: commands of 2 MiB, packets of 1 MiB, everything in order, once. */
static void test_long_read(void **state)
{
        for (int host_byte = 0; host_byte < 2; host_byte++) {
                Device *d = device_new(host_byte);
                Check c = { .start = 0x200, .at = 0x200 };

                assert_int_equal(
                        legacy_read(&d->reader, 0x200, 20 * MiB + 512, check, &c, NULL), 0);
                assert_true(c.at == 20 * MiB + 1024);
                assert_int_equal(d->commands, 11);
                assert_int_equal(d->packets, 21);
                device_free(d);
        }
}

/* A damaged packet is read again; what was good before it and after it reaches the sink once. */
static void test_wrong_sum(void **state)
{
        Device *d = device_new(true);
        Check c = {};

        d->wrong_packet = 2;
        d->wrong_times = 2;
        assert_int_equal(legacy_read(&d->reader, 0, 4 * MiB, check, &c, NULL), 0);
        assert_true(c.at == 4 * MiB);
        assert_int_equal(d->reader.reread, 2);
        device_free(d);
}

/* One that stays damaged ends the read with the right name, and the session stays in step. */
static void test_sum_stays_wrong(void **state)
{
        Device *d = device_new(true);
        Failure f = {};
        Check c = {};

        d->wrong_packet = 1;
        d->wrong_times = LEGACY_TRIES;
        assert_int_equal(legacy_read(&d->reader, 0, 4 * MiB, check, &c, &f), -EBADMSG);
        assert_int_equal(f.id, ERROR_CHECKSUM_MISMATCH);
        assert_true(c.at == MiB);
        assert_int_equal(legacy_read(&d->reader, MiB, 3 * MiB, check, &c, NULL), 0);
        assert_true(c.at == 4 * MiB);
        device_free(d);
}

/* The sink says stop: the command is received to its end, which is never far, then nothing more is
 * asked for. */
static void test_cancel(void **state)
{
        Device *d = device_new(true);
        Check c = { .stop_at = MiB };

        assert_int_equal(legacy_read(&d->reader, 0, 100 * MiB, check, &c, NULL), -ECANCELED);
        assert_true(c.at == MiB);
        assert_int_equal(d->commands, 1);
        assert_int_equal(d->packets, 2);
        assert_true(d->left == 0);
        c.stop_at = 0;
        assert_int_equal(legacy_read(&d->reader, MiB, 512, check, &c, NULL), 0);
        device_free(d);
}

/* The status is named where its meaning is known: agents of 2012 number otherwise. */
static void test_refused(void **state)
{
        for (int host_byte = 0; host_byte < 2; host_byte++) {
                Device *d = device_new(host_byte);
                Failure f = {};
                Check c = {};

                d->refuse = true;
                assert_int_equal(legacy_read(&d->reader, 0, 512, check, &c, &f), -EREMOTEIO);
                assert_int_equal(f.status, 0xbdc);
                assert_non_null(strstr(f.text, "0xbdc"));
                assert_int_equal(strstr(f.text, "out of range") != NULL, host_byte);
                device_free(d);
        }
}

/* Unplugged in the middle of a packet. */
static void test_unplug(void **state)
{
        Device *d = device_new(true);
        Failure f = {};
        Check c = {};

        d->peer.hang_up = 3 * MiB / 2;
        assert_int_equal(legacy_read(&d->reader, 0, 4 * MiB, check, &c, &f), -ENODEV);
        assert_int_equal(f.id, ERROR_DEVICE_GONE);
        assert_true(c.at == MiB);
        legacy_reader_done(&d->reader);
        peer_free(&d->peer.transport);
        free(d);
}

static int keep(void *userdata, const uint8_t *data, size_t size)
{
        *(size_t *)userdata += size;
        return 0;
}

/* NAND: two pages of 2 KiB; the second sum is wrong once and the packet is asked for again. */
static void test_nand(void **state)
{
        Peer p;
        Transport *t = peer_script(&p,
                "> df\n> 0b\n> 01\n> 01\n> 00 00 10 00\n> 00 00 10 00\n> 00 00 00 00\n< 5a\n"
                "< 00 00 08 00\n< 00 00 00 40\n< 00 00 08 00\n> 00 00 00 01\n< 00 00 10 00\n"
                "< *2048 01\n< 08 00\n> 5a\n"
                "< *2048 02\n< 10 01\n> 69\n"
                "< *2048 02\n< 10 00\n> 5a\n");
        LegacyReader r;
        size_t got = 0;

        assert_int_equal(legacy_reader_init(&r, t, true, LEGACY_STORE_NAND), 0);
        assert_int_equal(legacy_read_nand(&r, 0x1000, 0x1000, keep, &got, NULL), 0);
        assert_int_equal(got, 0x1000);
        assert_int_equal(r.reread, 1);
        legacy_reader_done(&r);
        peer_done(&p);
}

static void test_nand_that_cannot_be(void **state)
{
        static const char *const scripts[] = {
                /* spare bytes between the pages */
                "> df\n> *1\n> *1\n> *1\n> *4\n> *4\n> *4\n< 5a 00 00 08 00 00 00 00 40 00 00 08 "
                "40\n",
                /* another total than asked for */
                "> df\n> *1\n> *1\n> *1\n> *4\n> *4\n> *4\n< 5a 00 00 08 00 00 00 00 40 00 00 08 "
                "00\n"
                "> *4\n< 00 00 08 00\n",
                /* pages of nothing */
                "> df\n> *1\n> *1\n> *1\n> *4\n> *4\n> *4\n< 5a 00 00 00 00 00 00 00 40 00 00 00 "
                "00\n",
        };

        for (size_t i = 0; i < ELEMENTS(scripts); i++) {
                Peer p;
                Transport *t = peer_script(&p, scripts[i]);
                LegacyReader r;
                size_t got = 0;
                Failure f = {};

                assert_int_equal(legacy_reader_init(&r, t, true, LEGACY_STORE_NAND), 0);
                assert_int_equal(legacy_read_nand(&r, 0, 0x1000, keep, &got, &f), -EPROTO);
                assert_int_equal(f.id, ERROR_PROTOCOL_VIOLATION);
                legacy_reader_done(&r);
                peer_done(&p);
        }
        /* beyond 32 bits */
        {
                LegacyReader r = {};
                Failure f = {};

                assert_int_equal(legacy_read_nand(&r, UINT32_MAX, 4096, keep, NULL, &f), -ERANGE);
                assert_int_equal(f.id, ERROR_OUT_OF_RANGE);
        }
}

static void test_select(void **state)
{
        Peer p;
        Transport *t =
                peer_script(&p, "> 60\n< 5a\n> 08\n< 5a\n> 60\n< 5a\n> 03\n< a5 00 00 04 10\n");
        LegacyReader r;

        assert_int_equal(legacy_reader_init(&r, t, true, LEGACY_STORE_EMMC), 0);
        assert_int_equal(legacy_select(&r, LEGACY_PART_USER, NULL), 0);
        assert_int_equal(legacy_select(&r, LEGACY_PART_RPMB, NULL), -EREMOTEIO);
        legacy_reader_done(&r);
        peer_done(&p);
}

TEST_MAIN(cmocka_unit_test(test_long_read), cmocka_unit_test(test_wrong_sum),
        cmocka_unit_test(test_sum_stays_wrong), cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_unplug), cmocka_unit_test(test_nand),
        cmocka_unit_test(test_nand_that_cannot_be), cmocka_unit_test(test_select))
