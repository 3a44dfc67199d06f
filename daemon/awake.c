/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/awake.h"

#include <string.h>

enum {
        VENDOR_MEDIATEK = 0x0e8d,
        /* MediaTek's ids for phones; others of its ids are modems, disc drives, radio adapters */
        PHONES_FIRST = 0x2000,
        PHONES_LAST = 0x20ff,
};

/* class, subclass and protocol of an interface, as udev's usb_id lists them */
static const struct {
        const char *class;
        AwakeMode mode;
        bool only_phones; /* nothing but Android phones has it */
} classes[] = {
        { ":ff4203:", AWAKE_FASTBOOT, true }, { ":ff4201:", AWAKE_ANDROID, true }, /* adb */
        { ":060101:", AWAKE_ANDROID, false }, /* still image: files, as cameras have it */
        { ":ffff00:", AWAKE_ANDROID, false }, /* the other form of that */
};

static AwakeMode mode_of(const HotplugDevice *d, bool mediatek)
{
        for (size_t i = 0; i < ELEMENTS(classes); i++)
                if ((mediatek || classes[i].only_phones) && strstr(d->interfaces, classes[i].class))
                        return classes[i].mode;
        return mediatek ? AWAKE_OTHER : AWAKE_NONE;
}

bool awake_gone(Awake *a, const char *port)
{
        for (size_t i = 0; i < a->n; i++) {
                if (strcmp(a->list[i].port, port) != 0)
                        continue;
                a->list[i] = a->list[--a->n];
                return true;
        }
        return false;
}

bool awake_seen(Awake *a, const HotplugDevice *d)
{
        bool gone = awake_gone(a, d->port);
        AwakePhone phone = {
                .vendor = d->vendor,
                .product = d->product,
                .mediatek = d->vendor == VENDOR_MEDIATEK && d->product >= PHONES_FIRST &&
                        d->product <= PHONES_LAST,
        };

        phone.mode = mode_of(d, phone.mediatek);
        if (phone.mode == AWAKE_NONE || a->n == AWAKE_MAX || strlen(d->port) >= sizeof phone.port)
                return gone;
        snprintf(phone.port, sizeof phone.port, "%s", d->port);
        a->list[a->n++] = phone;
        return true;
}

const AwakePhone *awake_find(const Awake *a, const char *port)
{
        const AwakePhone *other = NULL;

        for (size_t i = 0; i < a->n; i++) {
                if (*port && strcmp(a->list[i].port, port) != 0)
                        continue;
                if (a->list[i].mediatek)
                        return a->list + i;
                if (!other)
                        other = a->list + i;
        }
        return other;
}
