/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "front-redir.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <usbredirparser.h>

#include "basic/bytes.h"
#include "basic/fd.h"
#include "front-stream.h"
#include "usb-queue.h"

struct RedirFront {
        Device *device;
        UsbQueue queue;
        UsbIdentity usb; /* as it was shown */
        bool hello;      /* the machine has said what it can do */
        bool shown, failed;
        uint64_t configured_at;
        int fd;
        FILE *log;
        struct usbredirparser *parser;
};

_printf_(2, 3) static void say(RedirFront *f, const char *format, ...)
{
        uint64_t now = stream_now();
        va_list ap;
        va_start(ap, format);
        fprintf(f->log, "redir %llu.%06llu ", (unsigned long long)(now / 1000000),
                (unsigned long long)(now % 1000000));
        vfprintf(f->log, format, ap);
        fputc('\n', f->log);
        fflush(f->log);
        va_end(ap);
}

/* ---- coming and going ---- */

/* Endpoints count as 0 to 15 OUT, 16 to 31 IN. */
static unsigned endpoint_index(unsigned address)
{
        return (address & 0x80) >> 3 | (address & 0x0f);
}

static void send_interfaces(RedirFront *f)
{
        struct usb_redir_interface_info_header interfaces = {};
        struct usb_redir_ep_info_header endpoints = {};
        const uint8_t *c = f->usb.config;
        unsigned number = 0;
        memset(endpoints.type, usb_redir_type_invalid, sizeof(endpoints.type));
        for (unsigned i = 0; i < 32; i += 16) {
                endpoints.type[i] = usb_redir_type_control;
                endpoints.max_packet_size[i] = f->usb.device[7];
        }
        for (size_t i = 0; i + 7 <= f->usb.n_config && c[i]; i += c[i]) {
                if (c[i + 1] == 4) {
                        unsigned n = interfaces.interface_count++;
                        interfaces.interface[n] = c[i + 2];
                        interfaces.interface_class[n] = c[i + 5];
                        interfaces.interface_subclass[n] = c[i + 6];
                        interfaces.interface_protocol[n] = c[i + 7];
                        number = c[i + 2];
                } else if (c[i + 1] == 5) {
                        unsigned e = endpoint_index(c[i + 2]);
                        endpoints.type[e] = c[i + 3] & 3;
                        endpoints.max_packet_size[e] = get_le16(c + i + 4);
                        endpoints.interval[e] = c[i + 6];
                        endpoints.interface[e] = (uint8_t)number;
                }
        }
        usbredirparser_send_interface_info(f->parser, &interfaces);
        usbredirparser_send_ep_info(f->parser, &endpoints);
}

static void show(RedirFront *f)
{
        f->usb = *f->device->ops->usb(f->device);
        struct usb_redir_device_connect_header connect = {
                .speed = f->usb.speed == 12 ? usb_redir_speed_full : usb_redir_speed_high,
                .device_class = f->usb.device[4],
                .device_subclass = f->usb.device[5],
                .device_protocol = f->usb.device[6],
                .vendor_id = f->usb.vendor,
                .product_id = f->usb.product,
                .device_version_bcd = get_le16(f->usb.device + 12),
        };
        send_interfaces(f);
        usbredirparser_send_device_connect(f->parser, &connect);
        f->shown = true;
        f->configured_at = f->queue.first_out = 0;
        say(f, "add %04x:%04x", f->usb.vendor, f->usb.product);
}

static void hide(RedirFront *f)
{
        usbredirparser_send_device_disconnect(f->parser);
        queue_drop(&f->queue, NULL);
        f->queue.in_halted = false;
        f->shown = false;
        say(f, "remove");
}

/* Brings what the machine sees in step with the device. */
static void sync_port(RedirFront *f)
{
        Device *d = f->device;
        bool attached = d->ops->attached(d);
        if (f->shown && (!attached || d->ops->usb(d)->enumeration != f->usb.enumeration))
                hide(f);
        if (!f->shown && attached && f->hello)
                show(f);
}

/* ---- transfers ---- */

static uint8_t status_of(int status)
{
        switch (status) {
        case 0: return usb_redir_success;
        case -ENOENT: return usb_redir_cancelled;
        case -EPIPE: return usb_redir_stall;
        case -EOVERFLOW: return usb_redir_babble;
        default: return usb_redir_ioerror;
        }
}

static void answer(RedirFront *f, const Urb *u)
{
        uint8_t status = status_of(u->status), *data = NULL;
        size_t n = u->done;
        if (u->kind == URB_CONTROL) {
                struct usb_redir_control_packet_header h = {
                        .endpoint = u->endpoint,
                        .request = u->data[1],
                        .requesttype = u->data[0],
                        .status = status,
                        .value = get_le16(u->data + 2),
                        .index = get_le16(u->data + 4),
                        .length = (uint16_t)n,
                };
                if (u->data[0] & 0x80 && n)
                        data = u->data + 8;
                usbredirparser_send_control_packet(f->parser, u->id, &h, data, data ? (int)n : 0);
                return;
        }
        /* of a cancelled one the protocol has no data */
        if (u->status == -ENOENT)
                n = 0;
        struct usb_redir_bulk_packet_header h = {
                .endpoint = u->endpoint,
                .status = status,
                .length = (uint16_t)n,
                .length_high = (uint16_t)(n >> 16),
        };
        if (u->endpoint & 0x80 && n)
                data = u->data;
        usbredirparser_send_bulk_packet(f->parser, u->id, &h, data, data ? (int)n : 0);
}

static void pump(RedirFront *f, uint64_t now)
{
        bool spoken = f->queue.first_out;
        Urb *u;
        if (f->shown)
                queue_pump(&f->queue, f->device, now);
        if (!spoken && f->queue.first_out)
                say(f, "first-out %llu us after configuration",
                        (unsigned long long)(f->configured_at ? now - f->configured_at : 0));
        while ((u = queue_take(&f->queue, NULL))) {
                answer(f, u);
                urb_free(&f->queue, u);
        }
}

static void on_control(
        void *priv, uint64_t id, struct usb_redir_control_packet_header *h, uint8_t *data, int size)
{
        RedirFront *f = priv;
        Urb *u = queue_add(&f->queue, URB_CONTROL, 8 + (size_t)h->length);
        u->id = id;
        u->endpoint = h->endpoint;
        u->data[0] = h->requesttype;
        u->data[1] = h->request;
        put_le16(u->data + 2, h->value);
        put_le16(u->data + 4, h->index);
        put_le16(u->data + 6, h->length);
        memset(u->data + 8, 0, h->length);
        if (data)
                memcpy(u->data + 8, data, MIN((size_t)size, (size_t)h->length));
        usbredirparser_free_packet_data(f->parser, data);
        /* CLEAR_FEATURE(ENDPOINT_HALT) goes on to the device, which has to hear of it, too */
        if (h->requesttype == 0x02 && h->request == 1 && f->shown)
                queue_clear_halt(&f->queue, f->device);
        pump(f, stream_now());
}

static void on_bulk(
        void *priv, uint64_t id, struct usb_redir_bulk_packet_header *h, uint8_t *data, int size)
{
        RedirFront *f = priv;
        size_t n = (size_t)h->length | (size_t)h->length_high << 16;
        if (!(h->endpoint & 0x80))
                n = (size_t)size;
        Urb *u = queue_add(&f->queue, URB_BULK, n);
        u->id = id;
        u->endpoint = h->endpoint;
        if (data)
                memcpy(u->data, data, (size_t)size);
        usbredirparser_free_packet_data(f->parser, data);
        pump(f, stream_now());
}

static void on_cancel(void *priv, uint64_t id)
{
        RedirFront *f = priv;
        if (queue_cancel(&f->queue, NULL, id))
                pump(f, stream_now());
}

/* ---- what the host controller does with the device ---- */

static void on_hello(void *priv, struct usb_redir_hello_header *h)
{
        RedirFront *f = priv;
        f->hello = true;
}

static void on_reset(void *priv)
{
        RedirFront *f = priv;
        if (f->shown)
                queue_clear_halt(&f->queue, f->device);
}

static void on_set_configuration(
        void *priv, uint64_t id, struct usb_redir_set_configuration_header *h)
{
        RedirFront *f = priv;
        const uint8_t setup[8] = { 0x00, 0x09, h->configuration };
        struct usb_redir_configuration_status_header s = { usb_redir_success, h->configuration };
        uint64_t when;
        if (f->shown && h->configuration)
                f->device->ops->control(f->device, setup, NULL, 0, &when);
        f->configured_at = stream_now();
        send_interfaces(f);
        usbredirparser_send_configuration_status(f->parser, id, &s);
}

static void on_get_configuration(void *priv, uint64_t id)
{
        RedirFront *f = priv;
        struct usb_redir_configuration_status_header s = { usb_redir_success, 1 };
        usbredirparser_send_configuration_status(f->parser, id, &s);
}

static void on_set_setting(void *priv, uint64_t id, struct usb_redir_set_alt_setting_header *h)
{
        RedirFront *f = priv;
        struct usb_redir_alt_setting_status_header s = { usb_redir_success, h->interface, h->alt };
        usbredirparser_send_alt_setting_status(f->parser, id, &s);
}

static void on_get_setting(void *priv, uint64_t id, struct usb_redir_get_alt_setting_header *h)
{
        RedirFront *f = priv;
        struct usb_redir_alt_setting_status_header s = { usb_redir_success, h->interface, 0 };
        usbredirparser_send_alt_setting_status(f->parser, id, &s);
}

/* The interrupt pipe of a preloader is silent. */
static void on_start_interrupt(
        void *priv, uint64_t id, struct usb_redir_start_interrupt_receiving_header *h)
{
        RedirFront *f = priv;
        struct usb_redir_interrupt_receiving_status_header s = { usb_redir_success, h->endpoint };
        usbredirparser_send_interrupt_receiving_status(f->parser, id, &s);
}

static void on_stop_interrupt(
        void *priv, uint64_t id, struct usb_redir_stop_interrupt_receiving_header *h)
{
        RedirFront *f = priv;
        struct usb_redir_interrupt_receiving_status_header s = { usb_redir_success, h->endpoint };
        usbredirparser_send_interrupt_receiving_status(f->parser, id, &s);
}

/* ---- the line ---- */

static void on_log(void *priv, int level, const char *message)
{
        if (level <= usbredirparser_warning)
                say(priv, "%s", message);
}

static int on_read(void *priv, uint8_t *data, int size)
{
        RedirFront *f = priv;
        ssize_t n = read(f->fd, data, (size_t)size);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        f->failed |= n <= 0;
        return n > 0 ? (int)n : -1;
}

static int on_write(void *priv, uint8_t *data, int size)
{
        RedirFront *f = priv;
        ssize_t n = send(f->fd, data, (size_t)size, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        f->failed |= n < 0;
        return (int)n;
}

static int make_parser(RedirFront *f)
{
        static const int can[] = { usb_redir_cap_connect_device_version,
                usb_redir_cap_ep_info_max_packet_size, usb_redir_cap_64bits_ids,
                usb_redir_cap_32bits_bulk_length };
        uint32_t caps[USB_REDIR_CAPS_SIZE] = {};
        struct usbredirparser *p = usbredirparser_create();
        if (!p)
                return -ENOMEM;
        p->priv = f;
        p->log_func = on_log;
        p->read_func = on_read;
        p->write_func = on_write;
        p->hello_func = on_hello;
        p->reset_func = on_reset;
        p->set_configuration_func = on_set_configuration;
        p->get_configuration_func = on_get_configuration;
        p->set_alt_setting_func = on_set_setting;
        p->get_alt_setting_func = on_get_setting;
        p->start_interrupt_receiving_func = on_start_interrupt;
        p->stop_interrupt_receiving_func = on_stop_interrupt;
        p->cancel_data_packet_func = on_cancel;
        p->control_packet_func = on_control;
        p->bulk_packet_func = on_bulk;
        for (size_t i = 0; i < ELEMENTS(can); i++)
                usbredirparser_caps_set_cap(caps, can[i]);
        usbredirparser_init(
                p, "mtkbackup phone", caps, USB_REDIR_CAPS_SIZE, usbredirparser_fl_usb_host);
        f->parser = p;
        return 0;
}

/* ---- the owner's side ---- */

int redir_new(const char *path, Device *device, FILE *log, RedirFront **ret)
{
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        _cleanup_(redir_freep) RedirFront *f = calloc(1, sizeof(*f));
        if (!f) {
                device->ops->free(device);
                return -ENOMEM;
        }
        f->device = device;
        f->log = log;
        f->fd = -1;
        queue_init(&f->queue);
        if (strlen(path) >= sizeof(a.sun_path))
                return -ENAMETOOLONG;
        strcpy(a.sun_path, path);
        f->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (f->fd < 0 || connect(f->fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
                fcntl(f->fd, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        int r = make_parser(f);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(f);
        return 0;
}

RedirFront *redir_free(RedirFront *f)
{
        if (!f)
                return NULL;
        if (f->parser)
                usbredirparser_destroy(f->parser);
        queue_done(&f->queue);
        f->device->ops->free(f->device);
        fd_close(f->fd);
        free(f);
        return NULL;
}

int redir_plug(RedirFront *f)
{
        Device *d = f->device;
        d->ops->run(d, stream_now());
        if (d->ops->attached(d))
                return -EALREADY;
        d->ops->plug(d);
        sync_port(f);
        return 0;
}

int redir_unplug(RedirFront *f)
{
        Device *d = f->device;
        bool was = f->shown;
        d->ops->run(d, stream_now());
        d->ops->unplug(d);
        sync_port(f);
        return was ? 0 : -EALREADY;
}

void redir_set_device(RedirFront *f, Device *device)
{
        redir_unplug(f);
        f->device->ops->free(f->device);
        f->device = device;
}

Device *redir_device(RedirFront *f)
{
        return f->device;
}

int redir_fd(const RedirFront *f)
{
        return f->fd;
}

short redir_events(const RedirFront *f)
{
        return usbredirparser_has_data_to_write(f->parser) ? POLLIN | POLLOUT : POLLIN;
}

uint64_t redir_deadline(const RedirFront *f)
{
        return MIN(f->device->ops->deadline(f->device), queue_deadline(&f->queue));
}

int redir_run(RedirFront *f, uint64_t now)
{
        f->device->ops->run(f->device, now);
        sync_port(f);
        usbredirparser_do_read(f->parser);
        pump(f, stream_now());
        sync_port(f);
        if (usbredirparser_has_data_to_write(f->parser))
                usbredirparser_do_write(f->parser);
        return f->failed ? -ECONNRESET : 0;
}
