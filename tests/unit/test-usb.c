/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake-libusb.h"

#include "transport/usb.h"

/* ---- the rest of libusb: opening, descriptors, interfaces ---- */

static struct libusb_device_descriptor device = { .idVendor = 0x0e8d, .idProduct = 0x2000 };

int LIBUSB_CALL libusb_set_option(libusb_context *c, enum libusb_option option, ...)
{
        assert_int_equal(option, LIBUSB_OPTION_NO_DEVICE_DISCOVERY);
        return 0;
}

int LIBUSB_CALL libusb_init(libusb_context **c)
{
        return 0;
}

void LIBUSB_CALL libusb_exit(libusb_context *c)
{
}

int LIBUSB_CALL libusb_wrap_sys_device(libusb_context *c, intptr_t fd, libusb_device_handle **ret)
{
        *ret = fake.wrap == 0 ? (libusb_device_handle *)&fake : NULL;
        return fake.wrap;
}

libusb_device *LIBUSB_CALL libusb_get_device(libusb_device_handle *h)
{
        return NULL;
}

int LIBUSB_CALL libusb_get_device_descriptor(libusb_device *d, struct libusb_device_descriptor *ret)
{
        *ret = device;
        return 0;
}

int LIBUSB_CALL libusb_get_config_descriptor(
        libusb_device *d, uint8_t i, struct libusb_config_descriptor **ret)
{
        *ret = fake.config;
        return fake.config ? 0 : LIBUSB_ERROR_NOT_FOUND;
}

void LIBUSB_CALL libusb_free_config_descriptor(struct libusb_config_descriptor *c)
{
}

int LIBUSB_CALL libusb_set_auto_detach_kernel_driver(libusb_device_handle *h, int enable)
{
        fake.auto_detach = enable;
        return 0;
}

int LIBUSB_CALL libusb_claim_interface(libusb_device_handle *h, int i)
{
        assert_true(fake.auto_detach);
        fake.claimed += fake.claim[i] == 0;
        return fake.claim[i];
}

int LIBUSB_CALL libusb_release_interface(libusb_device_handle *h, int i)
{
        assert_false(fake.auto_detach); /* nothing is put back */
        fake.released[fake.n_released++] = i;
        return 0;
}

void LIBUSB_CALL libusb_close(libusb_device_handle *h)
{
        fake.closed = true;
}

/* ---- descriptors of phones ---- */

#define BULK(a)                                                                                    \
        {                                                                                          \
                .bEndpointAddress = (a), .bmAttributes = 2, .wMaxPacketSize = FAKE_MPS             \
        }
#define FACE(number, class, n, ends)                                                               \
        {                                                                                          \
                .altsetting =                                                                      \
                        &(const struct libusb_interface_descriptor){ .bInterfaceNumber = (number), \
                                .bInterfaceClass = (class),                                        \
                                .bNumEndpoints = (n),                                              \
                                .endpoint = (ends) },                                              \
                .num_altsetting = 1                                                                \
        }

static const struct libusb_endpoint_descriptor out_in[] = { BULK(0x01), BULK(0x81) };
static const struct libusb_endpoint_descriptor in_out[] = { BULK(0x82), BULK(0x02) };
static const struct libusb_endpoint_descriptor event_end[] = {
        { .bEndpointAddress = 0x83, .bmAttributes = 3, .wMaxPacketSize = 64 }
};
static const struct libusb_interface new_numbers[] = { FACE(1, 0x0A, 2, out_in),
        FACE(0, 0x02, 1, event_end) };
static const struct libusb_interface old_numbers[] = { FACE(0, 0x02, 1, event_end),
        FACE(1, 0x0A, 2, in_out) };
static const struct libusb_interface vendor_only[] = { FACE(2, 0xFF, 2, in_out) };
static const struct libusb_interface composite[] = { FACE(0, 0x08, 2, out_in),
        FACE(2, 0x0A, 2, in_out), FACE(1, 0x02, 1, event_end) };
static const struct libusb_interface several[] = { FACE(0, 0x0A, 2, out_in),
        FACE(2, 0x0A, 2, in_out), FACE(4, 0x0A, 2, out_in) };
static const struct libusb_interface first_of_two[] = { FACE(1, 0x0A, 2, out_in),
        FACE(4, 0x0A, 2, in_out) };
static const struct libusb_interface nothing[] = { FACE(0, 0x02, 1, event_end) };

static struct libusb_config_descriptor config;

static void phone_with(const struct libusb_interface *faces, size_t n)
{
        config = (struct libusb_config_descriptor){ .bNumInterfaces = (uint8_t)n,
                .interface = faces };
        fake.config = &config;
}

static UsbContext *context;
static Transport *phone_open(void)
{
        Transport *t = NULL;

        if (!fake.config)
                phone_with(new_numbers, ELEMENTS(new_numbers));
        assert_int_equal(usb_context_new(&context), 0);
        assert_int_equal(usb_new(context, -1, &t), 0);
        return t;
}

static void phone_close(Transport *t)
{
        assert_null(transport_free(t));
        assert_null(usb_context_free(context));
        assert_true(fake.closed);
}

/* A preloader is opened; IN transfers wait for its READY, and the request that makes it talk has
 * left without being waited for. Then bytes go both ways. */
static void test_open_and_talk(void **state)
{
        Transport *t = phone_open();
        char in[8] = { 0 };
        struct iovec frame[] = { { (char[]){ "head" }, 4 }, { (char[]){ "body" }, 4 } };

        assert_true(fake.n_in > 0);
        assert_int_equal(fake.requests[0][0], 0x21);
        assert_int_equal(fake.requests[0][1], 0x20); /* SET_LINE_CODING */
        assert_int_equal(fake.requests[1][1], 0x22); /* SET_CONTROL_LINE_STATE */
        assert_int_equal(usb_identity(t)->product, 0x2000);

        fake_packet(FAKE_DATA, "READY", 5);
        assert_int_equal(transport_read(t, in, 5, 1000), 0);
        assert_string_equal(in, "READY");
        assert_int_equal(transport_write(t, "\xa0", 1, 1000), 0);
        assert_int_equal(transport_write_pieces(t, frame, 2, 1000), 0);
        assert_int_equal(fake.n_out_transfers, 3);
        assert_memory_equal(fake.log, "\xa0headbody", 9);

        phone_close(t);
        assert_int_equal(fake.released[0], 1); /* data, then control */
        assert_int_equal(fake.released[1], 0);
}

static void check_interfaces(
        const struct libusb_interface *faces, size_t n, int data, int control, int in, int out)
{
        Transport *t;

        fake_teardown(NULL);
        fake_setup(NULL);
        phone_with(faces, n);
        t = phone_open();
        assert_int_equal(usb_identity(t)->data_interface, data);
        assert_int_equal(usb_identity(t)->control_interface, control);
        assert_int_equal(usb_identity(t)->in, in);
        assert_int_equal(usb_identity(t)->out, out);
        assert_int_equal(fake.claimed, control == 0xFF ? 1 : 2);
        phone_close(t);
}

static void test_interfaces_are_found_by_class(void **state)
{
        check_interfaces(new_numbers, 2, 1, 0, 0x81, 0x01);
        check_interfaces(old_numbers, 2, 1, 0, 0x82, 0x02);
        check_interfaces(vendor_only, 1, 2, 0xFF, 0x82, 0x02);
        check_interfaces(composite, 3, 2, 1, 0x82, 0x02);
        check_interfaces(several, 3, 2, 0xFF, 0x82, 0x02);
        check_interfaces(first_of_two, 2, 1, 0xFF, 0x81, 0x01);
}

static void check_refused(int expected)
{
        Transport *t = NULL;

        assert_int_equal(usb_context_new(&context), 0);
        assert_int_equal(usb_new(context, -1, &t), expected);
        assert_null(t);
        usb_context_free(context);
}

static void test_descriptors_without_sense(void **state)
{
        static struct libusb_endpoint_descriptor odd[] = { BULK(0x01), BULK(0x81) };
        const struct libusb_interface odd_faces[] = { FACE(1, 0x0A, 2, odd) };
        static const uint16_t sizes[] = { 0, 4, 100, 513, 2047 };

        check_refused(-EPROTO); /* no configuration at all */
        phone_with(nothing, 1);
        check_refused(-EPROTO);
        phone_with(nothing, 0);
        check_refused(-EPROTO);
        for (size_t i = 0; i < ELEMENTS(sizes); i++) {
                odd[1].wMaxPacketSize = sizes[i];
                phone_with(odd_faces, 1);
                check_refused(-EPROTO);
        }
}

static void test_open_fails(void **state)
{
        phone_with(new_numbers, 2);
        fake.wrap = LIBUSB_ERROR_NO_DEVICE;
        check_refused(-ENODEV);
        fake.wrap = 0;
        fake.claim[1] = LIBUSB_ERROR_BUSY;
        check_refused(-EBUSY);
        fake.claim[1] = LIBUSB_ERROR_ACCESS;
        check_refused(-EACCES);
        fake.claim[1] = 0;
        fake.submit = LIBUSB_ERROR_NO_DEVICE;
        check_refused(-ENODEV);
}

/* The control interface is wanted, but nothing depends on it. */
static void test_control_interface_busy(void **state)
{
        Transport *t;

        fake.claim[0] = LIBUSB_ERROR_BUSY;
        t = phone_open();
        phone_close(t);
        assert_int_equal(fake.n_released, 1);
}

static void test_deaf_phone(void **state)
{
        Transport *t;

        t = phone_open();
        fake.out_hangs = true;
        assert_int_equal(transport_write(t, "x", 1, 10), -ETIMEDOUT);
        fake.out_hangs = false;
        assert_int_equal(transport_write(t, "x", 1, 1000), 0);
        assert_int_equal(transport_read(t, (char[1]){ 0 }, 1, 10), -ETIMEDOUT);
        phone_close(t);
}

static void test_stalled_out(void **state)
{
        Transport *t = phone_open();

        fake.out_status = LIBUSB_TRANSFER_STALL;
        assert_int_equal(transport_write(t, "x", 1, 1000), -EPIPE);
        assert_int_equal(fake.halts, 1);
        fake.out_status = LIBUSB_TRANSFER_COMPLETED;
        assert_int_equal(transport_write(t, "x", 1, 1000), 0);
        phone_close(t);
}

/* Every form in which an unplug shows is the same error, and stays. */
static void test_unplug(void **state)
{
        static const enum libusb_transfer_status forms[] = { LIBUSB_TRANSFER_NO_DEVICE,
                LIBUSB_TRANSFER_ERROR };
        Transport *t;

        for (size_t i = 0; i < ELEMENTS(forms); i++) {
                t = phone_open();
                fake.out_status = forms[i];
                assert_int_equal(transport_write(t, "x", 1, 1000), -ENODEV);
                fake.out_status = LIBUSB_TRANSFER_COMPLETED;
                assert_int_equal(transport_write(t, "x", 1, 1000), -ENODEV);
                assert_int_equal(transport_read(t, (char[1]){ 0 }, 1, 1000), -ENODEV);
                phone_close(t);
                fake_teardown(NULL);
                fake_setup(NULL);
        }

        t = phone_open();
        fake_packet(FAKE_DATA, "last", 4);
        fake_packet(FAKE_GONE, NULL, 0);
        assert_int_equal(transport_read(t, (char[4]){ 0 }, 4, 1000), 0);
        assert_int_equal(transport_read(t, (char[1]){ 0 }, 1, 1000), -ENODEV);
        assert_int_equal(transport_write(t, "x", 1, 1000), -ENODEV);
        phone_close(t);
}

static int refuse(void *userdata)
{
        return -ECANCELED;
}

static void test_tick_ends_a_wait(void **state)
{
        Transport *t = phone_open();

        fake.out_hangs = true;
        t->tick = refuse;
        assert_int_equal(transport_write(t, "x", 1, 1000), -ECANCELED);
        t->next_tick = 0;
        assert_int_equal(transport_fill(t, 1000), -ECANCELED);
        phone_close(t);
}

static void test_bulk_run(void **state)
{
        Transport *t = phone_open();
        _cleanup_free_ uint8_t *out = malloc(MiB);

        assert_non_null(out);
        transport_expect(t, MiB);
        fake_run(MiB, FAKE_MPS);
        assert_int_equal(transport_read(t, out, MiB, 1000), 0);
        for (size_t i = 0; i < MiB; i++)
                if (out[i] != (uint8_t)(i * 7 >> 3))
                        fail_msg("byte %zu differs", i);
        assert_int_equal(t->bytes_in, MiB);
        phone_close(t);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fake_setup, fake_teardown)
static void test_library(void **state)
{
        char version[32];

        assert_string_equal(usb_library(version), "1.0.99");
}

TEST_MAIN(cmocka_unit_test(test_library), T(test_open_and_talk),
        T(test_interfaces_are_found_by_class), T(test_descriptors_without_sense),
        T(test_open_fails), T(test_control_interface_busy), T(test_deaf_phone), T(test_stalled_out),
        T(test_unplug), T(test_tick_ends_a_wait), T(test_bulk_run))
