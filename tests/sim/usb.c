/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "usb.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"

typedef struct UsbForm {
        uint16_t vendor, product, max_packet, speed;
        uint8_t device[18];
        const uint8_t *config;
        size_t n_config;
        const char *strings[6];
} UsbForm;

static const uint8_t config_preloader[] = {
        9, 2, 70, 0, 2, 1, 3, 0xc0, 250, /* */
        9, 4, 1, 0, 2, 0x0a, 0, 0, 4,    /* data, number 1 */
        8, 5, 0x01, 2, 0x00, 0x02, 0, 0, /* */
        8, 5, 0x81, 2, 0x00, 0x02, 0, 0, /* */
        9, 4, 0, 0, 1, 2, 2, 1, 5,       /* communication, number 0 */
        5, 0x24, 0, 0x10, 1,             /* */
        4, 0x24, 2, 0x0f,                /* */
        5, 0x24, 6, 1, 0,                /* union with the old numbers */
        5, 0x24, 1, 3, 0,                /* */
        8, 5, 0x83, 3, 0x40, 0, 0x10, 0, /* */
};
static const uint8_t config_captured[] = {
        9, 2, 67, 0, 2, 1, 3, 0xc0, 250, /* */
        9, 4, 0, 0, 2, 0x0a, 0, 0, 4,    /* */
        7, 5, 0x01, 2, 0x00, 0x02, 0,    /* */
        7, 5, 0x81, 2, 0x00, 0x02, 0,    /* */
        9, 4, 1, 0, 1, 2, 2, 1, 5,       /* */
        5, 0x24, 0, 0x10, 1,             /* */
        4, 0x24, 2, 0x0f,                /* */
        5, 0x24, 6, 1, 0,                /* */
        5, 0x24, 1, 3, 0,                /* */
        7, 5, 0x83, 3, 0x40, 0, 0x10,    /* */
};
static const uint8_t config_agent[] = {
        9, 2, 67, 0, 2, 1, 0, 0x80, 0, /* */
        9, 4, 0, 0, 2, 0x0a, 0, 0, 1,  /* */
        7, 5, 0x81, 2, 0x00, 0x02, 0,  /* IN first */
        7, 5, 0x01, 2, 0x00, 0x02, 0,  /* */
        9, 4, 1, 0, 1, 2, 2, 1, 2,     /* */
        5, 0x24, 0, 0x10, 1,           /* */
        4, 0x24, 2, 0x0f,              /* */
        5, 0x24, 6, 1, 0,              /* */
        5, 0x24, 1, 3, 0,              /* */
        7, 5, 0x84, 3, 8, 0, 1,        /* */
};
static const uint8_t config_brom[] = {
        9, 2, 67, 0, 2, 1, 0, 0x80, 0, /* */
        9, 4, 0, 0, 1, 2, 2, 1, 0,     /* communication first */
        5, 0x24, 0, 0x10, 1,           /* */
        4, 0x24, 2, 0x0f,              /* */
        5, 0x24, 6, 0, 1,              /* */
        5, 0x24, 1, 3, 1,              /* */
        7, 5, 0x84, 3, 8, 0, 1,        /* */
        9, 4, 1, 0, 2, 0x0a, 0, 0, 0,  /* */
        7, 5, 0x81, 2, 0x40, 0, 0,     /* */
        7, 5, 0x01, 2, 0x40, 0, 0,     /* */
};
static const uint8_t config_android[] = {
        9, 2, 39, 0, 1, 1, 0, 0x80, 250, /* */
        9, 4, 0, 0, 3, 6, 1, 1, 0,       /* still image: file transfer */
        7, 5, 0x81, 2, 0x00, 0x02, 0,    /* */
        7, 5, 0x01, 2, 0x00, 0x02, 0,    /* */
        7, 5, 0x82, 3, 0x1c, 0, 6,       /* */
};

/* one_product: idProduct low, high */
static const UsbForm forms[] = {
        [USB_PRELOADER] = { 0x0e8d, 0x2000, 512, 480,
                { 18, 1, 0, 2, 2, 0, 0, 64, 0x8d, 0x0e, 0, 0x20, 0, 1, 1, 2, 0, 1 },
                config_preloader, sizeof(config_preloader),
                { NULL, "MediaTek", "MT65xx Preloader", "USB CDC ACM for preloader",
                        "CDC ACM Data Interface", "CDC ACM Communication Interface" } },
        [USB_PRELOADER_CAPTURED] = { 0x0e8d, 0x2000, 512, 480,
                { 18, 1, 0, 2, 2, 0, 0, 64, 0x8d, 0x0e, 0, 0x20, 0, 1, 1, 2, 0, 1 },
                config_captured, sizeof(config_captured),
                { NULL, "MediaTek", "MT65xx Preloader", "USB CDC ACM for preloader",
                        "CDC ACM Data Interface", "CDC ACM Communication Interface" } },
        [USB_AGENT] = { 0x0e8d, 0x2001, 512, 480,
                { 18, 1, 0x10, 1, 2, 0, 0, 64, 0x8d, 0x0e, 1, 0x20, 0, 1, 0, 0, 0, 1 },
                config_agent, sizeof(config_agent), {} },
        [USB_BROM] = { 0x0e8d, 0x0003, 64, 12,
                { 18, 1, 0x10, 1, 2, 0, 0, 64, 0x8d, 0x0e, 3, 0, 0, 1, 0, 0, 0, 1 }, config_brom,
                sizeof(config_brom), {} },
        [USB_ANDROID] = { 0x0e8d, 0x2008, 512, 480,
                { 18, 1, 0, 2, 0, 0, 0, 64, 0x8d, 0x0e, 8, 0x20, 0, 1, 1, 2, 0, 1 }, config_android,
                sizeof(config_android), { NULL, "MediaTek", "Phone" } },
};

void usb_identity(UsbKind kind, UsbIdentity *ret)
{
        const UsbForm *f = &forms[kind];
        *ret = (UsbIdentity){
                .vendor = f->vendor,
                .product = f->product,
                .max_packet = f->max_packet,
                .speed = f->speed,
                .product_name = f->strings[2] ?: "",
                .n_config = f->n_config,
        };
        memcpy(ret->device, f->device, sizeof(ret->device));
        memcpy(ret->config, f->config, f->n_config);
}

void usb_set_packets(UsbIdentity *u, uint16_t max_packet)
{
        u->max_packet = max_packet;
        u->speed = max_packet == 64 ? 12 : max_packet == 512 ? 480 : 5000;
        put_le16(u->device + 2, max_packet > 512 ? 0x300 : 0x200);
        for (size_t i = 0; i + 7 <= u->n_config && u->config[i]; i += u->config[i])
                if (u->config[i + 1] == 5 && (u->config[i + 3] & 3) == 2) /* a bulk endpoint */
                        put_le16(u->config + i + 4, max_packet);
}

static ssize_t get_string(const UsbForm *f, unsigned i, uint8_t *data, size_t size)
{
        static const uint8_t language[] = { 4, 3, 9, 4 };
        uint8_t s[128];
        size_t n = 2;
        if (i == 0) {
                n = sizeof(language);
                memcpy(s, language, n);
        } else {
                if (i >= ELEMENTS(f->strings) || !f->strings[i])
                        return -EPIPE;
                for (const char *c = f->strings[i]; *c; c++) {
                        s[n++] = (uint8_t)*c;
                        s[n++] = 0;
                }
                s[0] = (uint8_t)n;
                s[1] = 3;
        }
        n = MIN(n, size);
        memcpy(data, s, n);
        return (ssize_t)n;
}

ssize_t usb_get_descriptor(
        const UsbIdentity *u, UsbKind kind, unsigned value, uint8_t *data, size_t size)
{
        const uint8_t *from;
        size_t n;
        switch (value >> 8) {
        case 1:
                from = u->device;
                n = sizeof(u->device);
                break;
        case 2:
                from = u->config;
                n = u->n_config;
                break;
        case 3: return get_string(&forms[kind], value & 0xff, data, size);
        default: return -EPIPE; /* no qualifier: it cannot do another speed */
        }
        n = MIN(n, size);
        memcpy(data, from, n);
        return (ssize_t)n;
}
