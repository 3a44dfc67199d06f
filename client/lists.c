/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/lists.h"

#include "client/bus.h"
#include "client/error.h"
#include "client/output.h"

int list_finish(const char *name, json_t *list, int (*print)(json_t *list))
{
        if (arg_json)
                return out_json(json_pack("{s:o}", name, list));
        int r = print(list);
        json_decref(list);
        return r < 0 ? error_errno(r, "cannot print the table") : EXIT_OK;
}

int list_show(const char *name, const char *interface, int (*print)(json_t *list))
{
        _cleanup_bus_ sd_bus *bus = NULL;
        json_t *list;

        int r = bus_open(&bus);
        if (r)
                return r;
        r = bus_objects(bus, interface, &list);
        return r ? r : list_finish(name, list, print);
}
