/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake-libusb.h"

#include "transport/usb-queue.h"

static UsbQueue queue;

static UsbQueue *queue_open(void)
{
        assert_int_equal(usb_queue_open(&queue, NULL, 0x81, FAKE_MPS), 0);
        usb_queue_refill(&queue);
        return &queue;
}

static void queue_close(UsbQueue *q)
{
        usb_queue_cancel(q);
        libusb_handle_events_timeout_completed(NULL, NULL, NULL);
        assert_false(usb_queue_busy(q));
        usb_queue_close(q);
}

static void events(UsbQueue *q)
{
        libusb_handle_events_timeout_completed(NULL, NULL, NULL);
        usb_queue_refill(q);
}

/* Reads at most n bytes, as long as anything moves. */
static size_t take(UsbQueue *q, uint8_t *out, size_t n)
{
        size_t got = 0;
        UsbSlot *slot;

        for (int idle = 0; got < n && idle < 3;) {
                events(q);
                slot = usb_queue_head(q);
                if (!slot) {
                        idle++;
                        continue;
                }
                size_t part = MIN(n - got, slot->size - slot->pos);
                memcpy(out + got, slot->buffer + slot->pos, part);
                usb_queue_consume(q, part);
                got += part;
                idle = 0;
        }
        return got;
}

/* An answer of unknown length: one-packet transfers are always queued, so every packet shows, also
 * one of exactly the maximum size that nothing follows. */
static void test_any_packet_completes_a_transfer(void **state)
{
        UsbQueue *q = queue_open();
        uint8_t out[2 * FAKE_MPS];

        assert_int_equal(fake.n_in, USB_SHORT_SLOTS);
        fake_packet(FAKE_DATA, "\x5f", 1);
        assert_int_equal(take(q, out, sizeof(out)), 1);
        assert_int_equal(out[0], 0x5f);
        fake_run(FAKE_MPS, FAKE_MPS);
        assert_int_equal(take(q, out, sizeof(out)), FAKE_MPS);
        assert_int_equal(fake.n_in, USB_SHORT_SLOTS);
        queue_close(q);
}

/* A run of whole packets that the phone ends with silence: it waits for the host's answer, so its
 * last byte must not stay in a transfer that waits for more. */
static void test_a_run_of_whole_packets_ends(void **state)
{
        static const size_t sizes[] = { 1, FAKE_MPS, 17408, 65536, 64512, 1 << 20, 2 << 20 };
        _cleanup_free_ uint8_t *out = malloc(2 << 20);

        assert_non_null(out);
        for (size_t i = 0; i < ELEMENTS(sizes); i++) {
                UsbQueue *q = queue_open();

                fake_packet(FAKE_DATA, "header", 6);
                assert_int_equal(take(q, out, 6), 6);
                usb_queue_expect(q, sizes[i]);
                fake_run(sizes[i], FAKE_MPS);
                assert_int_equal(take(q, out, 2 << 20), sizes[i]);
                for (size_t k = 0; k < sizes[i]; k++)
                        if (out[k] != (uint8_t)(k * 7 >> 3))
                                fail_msg("byte %zu of %zu differs", k, sizes[i]);
                /* and the next answer shows again, whatever its form */
                fake_run(FAKE_MPS, FAKE_MPS);
                assert_int_equal(take(q, out, FAKE_MPS + 1), FAKE_MPS);
                queue_close(q);
        }
}

static void test_long_transfers_for_a_run(void **state)
{
        UsbQueue *q = queue_open();

        usb_queue_expect(q, 2 << 20);
        assert_in_range(fake_queued(), 2 << 20, (2 << 20) + USB_SHORT_SLOTS * FAKE_MPS);
        assert_true(fake.n_in <= USB_SLOTS);
        queue_close(q);
}

/* Wherever short and empty packets fall, and however much is read when. */
static void test_any_packets(void **state)
{
        _cleanup_free_ uint8_t *out = malloc(300000), *data = malloc(300000);
        unsigned seed = 1;

        assert_non_null(out);
        assert_non_null(data);
        for (int round = 0; round < 200; round++) {
                UsbQueue *q = queue_open();
                size_t n = 1 + (size_t)rand_r(&seed) % (round % 10 ? 9000 : 300000);
                size_t early = (size_t)rand_r(&seed) % 600; /* comes before the run is known */
                size_t at = 0, got = 0;

                for (size_t i = 0; i < n; i++)
                        data[i] = (uint8_t)rand_r(&seed);
                while (at < n) {
                        size_t part = (size_t)rand_r(&seed) % 4 == 0
                                ? (size_t)rand_r(&seed) % (FAKE_MPS + 1)
                                : FAKE_MPS;

                        part = MIN(part, n - at);
                        fake_packet(FAKE_DATA, data + at, part);
                        at += part;
                        if (at >= early && early) {
                                early = 0;
                                events(q);
                                usb_queue_expect(q, n);
                        }
                }
                if (early)
                        usb_queue_expect(q, n);
                while (got < n) {
                        size_t part = take(q, out + got, 1 + (size_t)rand_r(&seed) % 70000);

                        if (part == 0)
                                fail_msg("round %d: stuck after %zu of %zu", round, got, n);
                        got += part;
                }
                assert_int_equal(got, n);
                assert_memory_equal(out, data, n);
                queue_close(q);
        }
}

static void test_back_pressure(void **state)
{
        UsbQueue *q = queue_open();
        _cleanup_free_ uint8_t *out = malloc(8 << 20);

        assert_non_null(out);
        usb_queue_expect(q, 8 << 20);
        fake_run(8 << 20, FAKE_MPS);
        for (int i = 0; i < 50; i++)
                events(q);
        /* nobody reads: no more is taken than the slots hold */
        assert_int_equal(fake.n_in, 0);
        assert_true(q->bytes <= USB_LONG_SLOTS * USB_LONG_SIZE + USB_SHORT_SLOTS * FAKE_MPS);
        assert_int_equal(take(q, out, 8 << 20), 8 << 20);
        queue_close(q);
}

static void fault_test(FakeKind kind, int fault)
{
        UsbQueue *q = queue_open();
        uint8_t out[64];

        fake_packet(FAKE_DATA, "before", 6);
        fake_packet(kind, NULL, 0);
        if (kind != FAKE_GONE)
                fake_packet(FAKE_DATA, "behind", 6);
        assert_int_equal(take(q, out, sizeof(out)), 6);
        assert_memory_equal(out, "before", 6);
        assert_int_equal(q->fault, fault);
        usb_queue_expect(q, 100000); /* nothing is submitted after a fault */
        assert_int_equal(q->fault, fault);
        queue_close(q);
}

/* What came before a fault is there, what the wire still brings after it does not count. */
static void test_faults(void **state)
{
        fault_test(FAKE_OVERFLOW, -EIO);
        fake_teardown(NULL);
        fake_setup(NULL);
        fault_test(FAKE_ERROR, -ENODEV);
        fake_teardown(NULL);
        fake_setup(NULL);
        fault_test(FAKE_GONE, -ENODEV);
}

static void test_unplug_keeps_partial_data(void **state)
{
        UsbQueue *q = queue_open();
        uint8_t out[64 * 1024];

        usb_queue_expect(q, 60000);
        fake_run(50 * FAKE_MPS, FAKE_MPS);
        fake_packet(FAKE_GONE, NULL, 0);
        assert_int_equal(take(q, out, sizeof(out)), 50 * FAKE_MPS);
        assert_int_equal(q->fault, -ENODEV);
        queue_close(q);
}

static void test_a_stall_is_cleared_but_not_for_ever(void **state)
{
        UsbQueue *q = queue_open();
        uint8_t out[64];

        for (int i = 1; i <= USB_STALLS_MAX; i++) {
                fake_packet(FAKE_STALL, NULL, 0);
                fake_packet(FAKE_DATA, "on", 2);
                assert_int_equal(take(q, out, sizeof(out)), 2);
                assert_int_equal(q->fault, 0);
                assert_int_equal(fake.halts, i);
        }
        fake_packet(FAKE_STALL, NULL, 0);
        assert_int_equal(take(q, out, sizeof(out)), 0);
        assert_int_equal(q->fault, -EIO);
        queue_close(q);
}

static void test_little_usbfs_memory(void **state)
{
        _cleanup_free_ uint8_t *out = malloc(1 << 20);
        UsbQueue *q;

        assert_non_null(out);
        fake.memory = 100 * 1024;
        q = queue_open();
        usb_queue_expect(q, 1 << 20);
        fake_run(1 << 20, FAKE_MPS);
        assert_int_equal(take(q, out, 1 << 20), 1 << 20);
        assert_true(fake.in_max <= fake.memory);
        queue_close(q);
        fake.memory = FAKE_MPS - 1;
        q = queue_open();
        assert_int_equal(q->fault, -ENOMEM);
        queue_close(q);
}

static void test_gone_at_submit(void **state)
{
        UsbQueue *q;

        fake.submit = LIBUSB_ERROR_IO;
        q = queue_open();
        assert_int_equal(q->fault, -ENODEV);
        queue_close(q);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fake_setup, fake_teardown)
TEST_MAIN(T(test_any_packet_completes_a_transfer), T(test_a_run_of_whole_packets_ends),
        T(test_long_transfers_for_a_run), T(test_any_packets), T(test_back_pressure),
        T(test_faults), T(test_unplug_keeps_partial_data),
        T(test_a_stall_is_cleared_but_not_for_ever), T(test_little_usbfs_memory),
        T(test_gone_at_submit))
