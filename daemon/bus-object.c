/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/bus-object.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

Bus *bus_of(sd_bus_message *m)
{
        return sd_bus_slot_get_userdata(sd_bus_get_current_slot(sd_bus_message_get_bus(m)));
}

char *bus_job_path(const Job *j)
{
        char *path;

        return asprintf(&path, PATH_JOBS "/_%u", j->id) < 0 ? NULL : path;
}

char *bus_device_path(const Device *d)
{
        char *path;

        return sd_bus_path_encode(PATH_DEVICES, d->port, &path) < 0 ? NULL : path;
}

char *bus_backup_path(const Backup *b)
{
        char *path;

        return sd_bus_path_encode(PATH_BACKUPS, b->id, &path) < 0 ? NULL : path;
}

int bus_nodes(const Bus *b, size_t n, char *(*path)(const Bus *b, size_t i), char ***ret)
{
        char **nodes = calloc(n + 1, sizeof *nodes);

        if (!nodes)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                nodes[i] = path(b, i);
                if (!nodes[i]) {
                        while (i > 0)
                                free(nodes[--i]);
                        free(nodes);
                        return -ENOMEM;
                }
        }
        *ret = nodes;
        return 0;
}

int bus_read_no_options(sd_bus_message *m, sd_bus_error *e)
{
        const char *key;
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(m, 'e', "sv");
        if (r < 0)
                return r;
        if (r == 0)
                return sd_bus_message_exit_container(m);
        r = sd_bus_message_read(m, "s", &key);
        if (r < 0)
                return r;
        return bus_error_setf(
                e, ERROR_INVALID_OPTION, "There is no option \"%.64s\" for this call.", key);
}

int bus_append_text(sd_bus_message *reply, const char *property, const BusText *texts, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(texts[i].property, property) == 0)
                        return sd_bus_message_append(reply, "s", texts[i].text);
        return -ENOENT;
}

int bus_authorize(Bus *b, sd_bus_message *m, const char *action, uid_t *ret_uid, bool *ret_go_on,
        sd_bus_error *e)
{
        int r = authorize_caller(b->authorize, m, ret_uid, e);

        if (r > 0)
                r = authorize_action(b->authorize, m, *ret_uid, action, e);
        *ret_go_on = r > 0;
        return r == 0 ? 1 : r;
}

void bus_counts_changed(Bus *b)
{
        if (b->bus)
                (void)sd_bus_emit_properties_changed(b->bus, PATH_MANAGER, IFACE_MANAGER,
                        "JobCount", "DeviceCount", "BackupCount", NULL);
}
