/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/usb-id.h"

#include <assert.h>
#include <string.h>

static const UsbId ids[] = {
#include "daemon/usb-id-table.h"
};

const UsbId *usb_id_find(uint16_t vendor, uint16_t product, const char *name)
{
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
