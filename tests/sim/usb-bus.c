/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "usb-bus.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include "basic/fd.h"
#include "front-stream.h"
#include "usb-bus-private.h"

static const char *const fault_names[] = { "node-late", "no-node", "double-add", "lost-add",
        "claim-busy", "slow-remove", "no-access", "no-rule" };

unsigned port_fault_from_string(const char *name)
{
        for (size_t i = 0; i < ELEMENTS(fault_names); i++)
                if (!strcmp(fault_names[i], name))
                        return 1u << i;
        return 0;
}

void port_fault_help(FILE *f)
{
        for (size_t i = 0; i < ELEMENTS(fault_names); i++)
                fprintf(f, " %s", fault_names[i]);
}

_printf_(2, 3) static void port_log(UsbPort *p, const char *format, ...)
{
        uint64_t now = stream_now();
        va_list ap;
        va_start(ap, format);
        flockfile(p->log);
        fprintf(p->log, "port%u %llu.%06llu ", p->number, (unsigned long long)(now / 1000000),
                (unsigned long long)(now % 1000000));
        vfprintf(p->log, format, ap);
        fputc('\n', p->log);
        fflush(p->log);
        funlockfile(p->log);
        va_end(ap);
}

/* ---- showing a device ---- */

static char *syspath(const UsbPort *p)
{
        return g_strdup_printf("/sys/devices/usb1/%s", p->name);
}

static void hex(GString *s, const uint8_t *data, size_t size)
{
        for (size_t i = 0; i < size; i++)
                g_string_append_printf(s, "%02X", data[i]);
}

/* As udev's usb_id says it: each class, subclass and protocol once. */
static void show_classes(GString *s, const UsbIdentity *u)
{
        const uint8_t *c = u->config;
        g_autoptr(GString) list = g_string_new(":");
        for (size_t i = c[0]; i + 9 <= u->n_config && c[i]; i += c[i]) {
                g_autofree char *one =
                        g_strdup_printf(":%02x%02x%02x:", c[i + 5], c[i + 6], c[i + 7]);
                if (c[i + 1] == 4 && !strstr(list->str, one))
                        g_string_append(list, one + 1);
        }
        g_string_append_printf(s, "E: ID_USB_INTERFACES=%s\n", list->str);
}

/* Adding a device sends its event at once, so the node has to be there before. */
static void show_device(UsbBus *b, UsbPort *p, UsbNode *n)
{
        const UsbIdentity *u = &n->usb;
        g_autoptr(GString) s = g_string_new(NULL);
        g_autoptr(GError) error = NULL;
        g_string_append_printf(s,
                "P: /devices/usb1/%s\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nE: DEVNAME=%s\n"
                "E: BUSNUM=001\nE: DEVNUM=%03u\nE: MAJOR=189\nE: MINOR=%u\n"
                "E: PRODUCT=%x/%x/100\nE: ID_VENDOR_ID=%04x\nE: ID_MODEL_ID=%04x\n"
                "A: idVendor=%04x\\n\nA: idProduct=%04x\\n\nA: busnum=1\\n\nA: devnum=%u\\n\n"
                "A: devpath=%u\\n\nA: speed=%u\\n\nA: dev=189:%u\\n\nA: bConfigurationValue=1\\n\n"
                "A: bNumInterfaces= 2\\n\nA: bDeviceClass=02\\n\n",
                p->name, n->name, n->devnum, n->devnum - 1, u->vendor, u->product, u->vendor,
                u->product, u->vendor, u->product, n->devnum, p->number, u->speed, n->devnum - 1);
        show_classes(s, u);
        if (!(p->faults & PORT_NO_RULE))
                g_string_append(s, "E: ID_MM_DEVICE_IGNORE=1\n");
        if (*u->product_name)
                g_string_append_printf(s, "A: product=%s\\n\n", u->product_name);
        g_string_append(s, "H: descriptors=");
        hex(s, u->device, sizeof(u->device));
        hex(s, u->config, u->n_config);
        g_string_append(s, "\n");
        if (!umockdev_testbed_add_from_string(b->testbed, s->str, &error))
                fprintf(stderr, "usb bus: %s\n", error->message);
        n->paths[n->n_paths++] = syspath(p);
}

static void show_interfaces(UsbBus *b, UsbPort *p, UsbNode *n)
{
        const uint8_t *c = n->usb.config;
        const char *driver = p->cdc_acm_ms ? "cdc_acm" : "";
        for (size_t i = c[0]; i + 9 <= n->usb.n_config && c[i]; i += c[i]) {
                char name[32], number[8], class[8];
                if (c[i + 1] != 4 || n->n_paths > INTERFACES_MAX)
                        continue;
                snprintf(name, sizeof(name), "%s:1.%u", p->name, c[i + 2]);
                snprintf(number, sizeof(number), "%02x", c[i + 2]);
                snprintf(class, sizeof(class), "%02x", c[i + 5]);
                n->paths[n->n_paths++] = umockdev_testbed_add_device(b->testbed, "usb", name,
                        n->paths[0], "bInterfaceNumber", number, "bInterfaceClass", class, NULL,
                        "DEVTYPE", "usb_interface", "DRIVER", driver, NULL);
        }
        if (p->cdc_acm_ms && n->n_paths > 1) {
                char tty[32], minor[8], dev[32], node[32];
                snprintf(tty, sizeof(tty), "tty/ttyACM%u", p->number - 1);
                snprintf(minor, sizeof(minor), "%u", p->number - 1);
                snprintf(dev, sizeof(dev), "166:%s", minor);
                snprintf(node, sizeof(node), "/dev/ttyACM%s", minor);
                n->paths[n->n_paths++] =
                        umockdev_testbed_add_device(b->testbed, "tty", tty, n->paths[1], "dev", dev,
                                NULL, "DEVNAME", node, "MAJOR", "166", "MINOR", minor, NULL);
        }
}

/* A device that was configured by the kernel and has a node now. */
static UsbNode *node_make(UsbBus *b, UsbPort *p, const UsbIdentity *usb)
{
        g_autofree char *dir = g_strdup_printf("%s/dev/bus/usb/001", b->root);
        g_autofree char *path = NULL;
        UsbNode *n = calloc(1, sizeof(*n));
        if (!n)
                abort();
        n->port = p;
        n->usb = *usb;
        n->gate = -1;
        n->devnum = ++b->last_devnum;
        snprintf(n->name, sizeof(n->name), "/dev/bus/usb/001/%03u", n->devnum);
        path = g_strdup_printf("%s%s", b->root, n->name);
        g_mkdir_with_parents(dir, 0755);
        if (node_open_gate(n, path) < 0)
                fprintf(stderr, "usb bus: %s: %m\n", path);
        pthread_mutex_lock(&b->lock);
        n->next = b->nodes;
        b->nodes = n;
        pthread_mutex_unlock(&b->lock);
        return n;
}

UsbNode *bus_find_node(UsbBus *b, const char *name)
{
        pthread_mutex_lock(&b->lock);
        UsbNode *n = b->nodes;
        while (n && strcmp(n->name, name) != 0)
                n = n->next;
        pthread_mutex_unlock(&b->lock);
        return n;
}

static void node_move(UsbBus *b, const UsbNode *n, bool away)
{
        g_autofree char *path = g_strdup_printf("%s%s", b->root, n->name);
        g_autofree char *other = g_strdup_printf("%s/hidden-%u", b->root, n->devnum);
        if (rename(away ? path : other, away ? other : path) < 0)
                fprintf(stderr, "usb bus: %s: %m\n", path);
}

static void node_forbid(UsbBus *b, const UsbNode *n)
{
        g_autofree char *path = g_strdup_printf("%s%s", b->root, n->name);
        if (chmod(path, 0) < 0)
                fprintf(stderr, "usb bus: %s: %m\n", path);
}

/* An event that nobody hears: the monitors' sockets have other names meanwhile. */
static void hide_monitors(UsbBus *b, bool hide)
{
        const char *from = hide ? "event" : "hidden-event";
        g_autoptr(GDir) dir = g_dir_open(b->root, 0, NULL);
        const char *name;
        while (dir && (name = g_dir_read_name(dir))) {
                if (!g_str_has_prefix(name, from))
                        continue;
                g_autofree char *old = g_strdup_printf("%s/%s", b->root, name);
                g_autofree char *new = g_strdup_printf("%s/%s%s", b->root, hide ? "hidden-" : "",
                        hide ? name : name + strlen("hidden-"));
                if (rename(old, new) < 0)
                        fprintf(stderr, "usb bus: %s: %m\n", old);
        }
}

static void port_show(UsbPort *p)
{
        static const uint8_t configuration[8] = { 0x00, 0x09, 1 };
        UsbBus *b = p->bus;
        uint64_t when;
        pthread_mutex_lock(&p->lock);
        UsbIdentity usb = *p->device->ops->usb(p->device);
        pthread_mutex_unlock(&p->lock);
        UsbNode *n = node_make(b, p, &usb);
        /* root may open everything; here the shim says no to it, too */
        if (p->faults & PORT_NO_ACCESS)
                node_forbid(b, n);
        if (p->faults & (PORT_NODE_LATE | PORT_NO_NODE))
                node_move(b, n, true);
        pthread_mutex_lock(&p->lock);
        uint64_t now = stream_now();
        p->device->ops->run(p->device, now);
        p->device->ops->control(p->device, configuration, NULL, 0, &when);
        if (p->cdc_acm_ms)
                n->driver_at = now + p->cdc_acm_ms * MODEL_MS;
        n->added_at = now;
        p->node = n;
        pthread_mutex_unlock(&p->lock);
        port_log(p, "add %04x:%04x %s", usb.vendor, usb.product, n->name);
        if (p->faults & PORT_LOST_ADD)
                hide_monitors(b, true);
        show_device(b, p, n);
        show_interfaces(b, p, n);
        if (p->faults & PORT_LOST_ADD)
                hide_monitors(b, false);
        if (p->faults & PORT_DOUBLE_ADD)
                umockdev_testbed_uevent(b->testbed, n->paths[0], "add");
        if (p->faults & PORT_NODE_LATE) {
                g_usleep(50000);
                node_move(b, n, false);
        }
        pthread_mutex_lock(&p->lock);
        port_changed(p);
        pthread_mutex_unlock(&p->lock);
}

static void port_hide(UsbPort *p)
{
        UsbNode *n = p->node;
        UsbBus *b = p->bus;
        g_autofree char *path = g_strdup_printf("%s%s", b->root, n->name);
        pthread_mutex_lock(&p->lock);
        node_vanish(n);
        p->node = NULL;
        pthread_mutex_unlock(&p->lock);
        if (p->faults & PORT_SLOW_REMOVE)
                g_usleep(200000);
        unlink(path);
        for (size_t i = n->n_paths; i-- > 0;)
                umockdev_testbed_uevent(b->testbed, n->paths[i], "remove");
        for (size_t i = n->n_paths; i-- > 0;)
                umockdev_testbed_remove_device(b->testbed, n->paths[i]);
        port_log(p, "remove %s", n->name);
}

/* Brings what programs see in step with the device. */
static void port_sync(UsbPort *p)
{
        for (int i = 0; i < 4; i++) {
                pthread_mutex_lock(&p->lock);
                bool attached = p->device->ops->attached(p->device);
                unsigned now = p->device->ops->usb(p->device)->enumeration;
                bool stale =
                        p->node && (p->node->gone || !attached || p->node->usb.enumeration != now);
                bool show = !p->node && attached;
                pthread_mutex_unlock(&p->lock);
                if (stale)
                        port_hide(p);
                else if (show)
                        port_show(p);
                else
                        return;
        }
}

static gboolean on_sync(gpointer userdata)
{
        UsbPort *p = userdata;
        pthread_mutex_lock(&p->lock);
        p->sync = 0;
        pthread_mutex_unlock(&p->lock);
        port_sync(p);
        return G_SOURCE_REMOVE;
}

/* ---- time ---- */

enum { GATHER_US = 150 };

void port_changed(UsbPort *p)
{
        bool attached = p->device->ops->attached(p->device);
        unsigned enumeration = p->device->ops->usb(p->device)->enumeration;
        uint64_t one = 1;
        bool other = p->node && (!attached || p->node->usb.enumeration != enumeration);
        if (other && !p->node->gone)
                node_vanish(p->node);
        if ((other || (!p->node && attached)) && !p->sync)
                p->sync = g_idle_add(on_sync, p);
        uint64_t t = p->device->ops->deadline(p->device);
        if (p->node)
                t = MIN(t, node_deadline(p->node));
        bool other_fd = p->device->ops->fd(p->device) != p->polled;
        if ((t < p->armed || other_fd) && write(p->bus->wake, &one, sizeof(one)) < 0)
                return;
}

static void port_tick(UsbPort *p, uint64_t now)
{
        p->device->ops->run(p->device, now);
        if (p->node && !p->node->gone) {
                if (p->node->driver_at && p->node->driver_at <= now)
                        node_bind_driver(p->node, now);
                node_pump(p->node, now);
        }
        p->armed = 0; /* what changes here is seen below */
        p->polled = p->device->ops->fd(p->device);
        port_changed(p);
        p->armed = p->device->ops->deadline(p->device);
        if (p->node)
                p->armed = MIN(p->armed, node_deadline(p->node));
}

static void *time_thread(void *userdata)
{
        UsbBus *b = userdata;
        enum { PORTS_MAX = 32 };
        while (!__atomic_load_n(&b->stop, __ATOMIC_ACQUIRE)) {
                struct pollfd fds[1 + PORTS_MAX] = { { b->wake, POLLIN, 0 } };
                size_t n = 1;
                uint64_t t = MODEL_NEVER, unused;
                pthread_mutex_lock(&b->lock);
                for (UsbPort *p = b->ports; p; p = p->next) {
                        pthread_mutex_lock(&p->lock);
                        port_tick(p, stream_now());
                        t = MIN(t, p->armed);
                        p->polled = p->device->ops->fd(p->device);
                        if (p->polled >= 0 && n < ELEMENTS(fds))
                                fds[n++] = (struct pollfd){ p->polled, POLLIN, 0 };
                        pthread_mutex_unlock(&p->lock);
                }
                pthread_mutex_unlock(&b->lock);
                uint64_t now = stream_now();
                uint64_t us = t == MODEL_NEVER ? 10 * 1000 * MODEL_MS : t > now ? t - now : 0;
                struct timespec wait = { .tv_sec = (time_t)(us / 1000000),
                        .tv_nsec = (long)(us % 1000000) * 1000 };
                if (ppoll(fds, n, &wait, NULL) > 0 && fds[0].revents &&
                        read(b->wake, &unused, sizeof(unused)) < 0)
                        break;
                /* packets come by themselves; a little patience gets many at once */
                if (n > 1 && !fds[0].revents)
                        g_usleep(GATHER_US);
        }
        return NULL;
}

/* ---- bus ---- */

int bus_new(UsbBus **ret)
{
        UsbBus *b = calloc(1, sizeof(*b));
        if (!b)
                return -ENOMEM;
        b->testbed = umockdev_testbed_new();
        /* asked before the testbed exists it would answer no for ever */
        if (!umockdev_in_mock_environment()) {
                fprintf(stderr, "usb bus: the preloads are missing\n");
                g_clear_object(&b->testbed);
                free(b);
                return -ENOTSUP;
        }
        b->root = umockdev_testbed_get_root_dir(b->testbed);
        b->hub = umockdev_testbed_add_device(b->testbed, "usb", "usb1", NULL, "idVendor", "1d6b",
                "idProduct", "0002", "busnum", "1", "devnum", "1", "speed", "480", NULL, "DEVTYPE",
                "usb_device", NULL);
        b->last_devnum = 1;
        pthread_mutex_init(&b->lock, NULL);
        b->server = -1;
        b->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        b->has_time_thread =
                b->wake >= 0 && pthread_create(&b->time_thread, NULL, time_thread, b) == 0;
        int r = b->has_time_thread ? server_start(b) : -EAGAIN;
        if (r < 0) {
                fprintf(stderr, "usb bus: %s\n", strerror(-r));
                bus_free(b);
                return r;
        }
        *ret = b;
        return 0;
}

UsbBus *bus_free(UsbBus *b)
{
        uint64_t one = 1;
        if (!b)
                return NULL;
        __atomic_store_n(&b->stop, true, __ATOMIC_RELEASE);
        if (b->has_time_thread && write(b->wake, &one, sizeof(one)) > 0)
                pthread_join(b->time_thread, NULL);
        server_stop(b);
        for (UsbPort *p = b->ports; p; p = p->next) {
                if (p->sync)
                        g_source_remove(p->sync);
                p->sync = 0;
        }
        while (b->nodes) {
                UsbNode *n = b->nodes;
                b->nodes = n->next;
                node_free(n);
        }
        while (b->ports) {
                UsbPort *p = b->ports;
                b->ports = p->next;
                p->device->ops->free(p->device);
                pthread_mutex_destroy(&p->lock);
                free(p);
        }
        g_free(b->hub);
        g_free(b->root);
        g_clear_object(&b->testbed);
        fd_close(b->wake);
        free(b);
        return NULL;
}

int bus_add_port(
        UsbBus *b, unsigned number, Device *device, uint64_t cdc_acm_ms, FILE *log, UsbPort **ret)
{
        UsbPort *p = calloc(1, sizeof(*p));
        if (!p)
                return -ENOMEM;
        *p = (UsbPort){ .bus = b,
                .number = number,
                .device = device,
                .cdc_acm_ms = cdc_acm_ms,
                .log = log,
                .polled = -1,
                .armed = MODEL_NEVER };
        snprintf(p->name, sizeof(p->name), "1-%u", number);
        pthread_mutex_init(&p->lock, NULL);
        pthread_mutex_lock(&b->lock);
        p->next = b->ports;
        b->ports = p;
        pthread_mutex_unlock(&b->lock);
        *ret = p;
        return 0;
}

int port_plug(UsbPort *p, unsigned wait_ms)
{
        uint64_t end = stream_now() + wait_ms * MODEL_MS;
        bool attached;
        if (p->node)
                return -EALREADY;
        pthread_mutex_lock(&p->lock);
        p->device->ops->run(p->device, stream_now());
        if (!p->device->ops->attached(p->device))
                p->device->ops->plug(p->device);
        attached = p->device->ops->attached(p->device);
        pthread_mutex_unlock(&p->lock);
        while (!attached && stream_now() < end) {
                g_usleep(10000);
                pthread_mutex_lock(&p->lock);
                p->device->ops->run(p->device, stream_now());
                attached = p->device->ops->attached(p->device);
                pthread_mutex_unlock(&p->lock);
        }
        port_sync(p);
        return attached ? 0 : -ENODEV;
}

int port_unplug(UsbPort *p)
{
        bool was = p->node;
        pthread_mutex_lock(&p->lock);
        p->device->ops->unplug(p->device);
        if (p->node)
                node_vanish(p->node);
        pthread_mutex_unlock(&p->lock);
        port_sync(p);
        return was ? 0 : -EALREADY;
}

bool port_present(const UsbPort *p)
{
        return p->node;
}

void port_set_faults(UsbPort *p, unsigned faults)
{
        p->faults = faults;
}

void port_set_device(UsbPort *p, Device *device)
{
        Device *old;
        port_unplug(p);
        pthread_mutex_lock(&p->lock);
        old = p->device;
        p->device = device;
        p->armed = MODEL_NEVER;
        pthread_mutex_unlock(&p->lock);
        old->ops->free(old);
}

int port_change(UsbPort *p, const char *word)
{
        pthread_mutex_lock(&p->lock);
        Model *m = device_model(p->device);
        int r = m ? model_change(m, word) : -EINVAL;
        pthread_mutex_unlock(&p->lock);
        return r;
}

void port_go_on(UsbPort *p)
{
        uint64_t one = 1;
        pthread_mutex_lock(&p->lock);
        Model *m = device_model(p->device);
        if (m)
                model_go_on(m);
        pthread_mutex_unlock(&p->lock);
        if (write(p->bus->wake, &one, sizeof(one)) < 0)
                fprintf(stderr, "usb bus: %m\n");
}

unsigned port_breaches(UsbPort *p)
{
        pthread_mutex_lock(&p->lock);
        unsigned n = p->device->ops->breaches(p->device);
        pthread_mutex_unlock(&p->lock);
        return n;
}
