/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/usb-id.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const UsbId ids[] = {
#include "daemon/usb-id-table.h"
};
static const char *const modes[] = { "brom", "preloader", "agent" };

static UsbId extra[USB_ID_EXTRA_MAX];
static size_t n_extra;

static UsbId *find_extra(uint16_t vendor, uint16_t product)
{
        for (size_t i = 0; i < n_extra; i++)
                if (extra[i].vendor == vendor && extra[i].product == product)
                        return extra + i;
        return NULL;
}

const UsbId *usb_id_find(uint16_t vendor, uint16_t product, const char *name)
{
        const UsbId *own = find_extra(vendor, product);

        if (own)
                return own;
        for (size_t i = 0; i < ELEMENTS(ids); i++) {
                if (ids[i].vendor != vendor || ids[i].product != product)
                        continue;
                if (!ids[i].name || (name && strcmp(ids[i].name, name) == 0))
                        return ids + i;
        }
        return NULL;
}

size_t usb_id_count(void)
{
        return ELEMENTS(ids);
}

const UsbId *usb_id_at(size_t i)
{
        assert(i < ELEMENTS(ids));
        return ids + i;
}

/* ---- by configuration ---- */

/* Four hexadecimal digits and the character behind them; other than strtoul no sign, no space. */
static int get_id(const char *text, char end, uint16_t *ret)
{
        if (strspn(text, "0123456789abcdefABCDEF") != 4 || text[4] != end)
                return -EINVAL;
        *ret = (uint16_t)strtoul(text, NULL, 16);
        return 0;
}

int usb_id_extra_parse(const char *text, UsbId *ret)
{
        UsbId id = { 0 };

        if (get_id(text, ':', &id.vendor) < 0 || get_id(text + 5, '=', &id.product) < 0)
                return -EINVAL;
        for (size_t i = 0; i < ELEMENTS(modes); i++)
                if (strcmp(text + 10, modes[i]) == 0)
                        id.mode = modes[i];
        if (!id.mode)
                return -ENOENT;
        *ret = id;
        return 0;
}

int usb_id_extra_add(const char *text)
{
        UsbId id, *place;
        int r = usb_id_extra_parse(text, &id);

        if (r < 0)
                return r;
        place = find_extra(id.vendor, id.product);
        if (!place && n_extra == USB_ID_EXTRA_MAX)
                return -ENOSPC;
        if (!place)
                place = extra + n_extra++;
        *place = id;
        return 0;
}

void usb_id_extra_clear(void)
{
        n_extra = 0;
}

bool usb_id_has_rule(uint16_t vendor, uint16_t product)
{
        for (size_t i = 0; i < ELEMENTS(ids); i++)
                if (ids[i].vendor == vendor && ids[i].product == product && !ids[i].name)
                        return true;
        return false;
}

void usb_id_rule(uint16_t vendor, uint16_t product, char out[static USB_ID_RULE_SIZE])
{
        snprintf(out, USB_ID_RULE_SIZE,
                "SUBSYSTEM==\"usb\", ATTR{idVendor}==\"%04x\", ATTR{idProduct}==\"%04x\", "
                "GROUP=\"mtkbackup\", MODE=\"0660\", ENV{ID_MM_DEVICE_IGNORE}=\"1\", "
                "ENV{MTP_NO_PROBE}=\"1\"",
                vendor, product);
}
